package main

import (
	"net/url"
	"slices"
	"strings"
)

const hidden = "xxxxx"

// hide adds a secret to the texts that the output must not contain, in each form
// that a message may use.
func (c *call) hide(secret string) {
	if secret == "" {
		return
	}
	c.secrets = append(c.secrets, secret, url.QueryEscape(secret), url.PathEscape(secret), url.UserPassword("", secret).String()[1:])
	slices.SortFunc(c.secrets, func(a, b string) int { return len(b) - len(a) })
}

// redact returns text without secrets and without characters that change the state
// of a terminal.
func (c *call) redact(text string) string {
	pairs := make([]string, 0, 2*len(c.secrets)) // longest first, because the first match wins
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
