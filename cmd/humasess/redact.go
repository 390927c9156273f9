package main

import (
	"net/url"
	"slices"
	"strings"
)

const hidden = "xxxxx"

// hide remembers what must never be shown, in the forms that messages may have
// it in.
func (c *call) hide(secret string) {
	if secret == "" {
		return
	}
	c.secrets = append(c.secrets, secret, url.QueryEscape(secret), url.PathEscape(secret), url.UserPassword("", secret).String()[1:])
	slices.SortFunc(c.secrets, func(a, b string) int { return len(b) - len(a) })
}

// redact returns text that may be shown: without secrets, and without what
// changes the state of a terminal.
func (c *call) redact(text string) string {
	pairs := make([]string, 0, 2*len(c.secrets)) // longest first, and that counts
	for _, secret := range c.secrets {
		pairs = append(pairs, secret, hidden)
	}
	text = strings.NewReplacer(pairs...).Replace(text)
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && !printable(r) {
			return '?'
		}
		return r
	}, text)
}
