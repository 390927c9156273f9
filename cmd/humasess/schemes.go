package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// schemeSample is the number of sessions that are read to find the schemes of a store.
const schemeSample = 10_000

// others returns a sentence about the schemes of the store if it has sessions, and none
// of the scheme of the call, which is perhaps a mistake. It returns "" if the store has
// no session at all: then any scheme may be right. The call has found no session, of
// the whole scheme or of a user. It knows nothing about other users, so a sample without
// the scheme says nothing then.
func (c *call) others(ctx context.Context, p *patience, s *sessions, whole bool) string {
	o, err := readOrigins(ctx, p, s.store, schemeSample)
	if err != nil {
		return "" // the answer of the store stands; programs do not need the right to list all
	}
	if len(o.schemes) == 0 || o.schemes[c.scheme] != nil || o.partial && !whole {
		return ""
	}
	var names []string
	for _, scheme := range slices.Sorted(maps.Keys(o.schemes)) {
		names = append(names, cell(scheme))
	}
	return fmt.Sprintf("the store has no session of scheme %s; it has sessions of %s, which --scheme chooses", c.scheme, strings.Join(names, ", "))
}

// expected returns an error if an empty answer is perhaps due to a wrong scheme. A scheme
// that was not given is only worth a message: scripts of programs with the default scheme
// list and count after the last session has ended, too.
func (c *call) expected(ctx context.Context, p *patience, s *sessions, whole bool) error {
	text := c.others(ctx, p, s, whole)
	if text == "" {
		return nil
	}
	err := missingError(fmt.Sprintf("%v: %s", c.target, text))
	if !c.given("scheme") && c.name != "revoke" {
		c.sayf("humasess %s: %s", c.name, c.redact(err.Error()))
		return nil
	}
	return err
}
