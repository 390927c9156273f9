package main

import (
	"net/url"
	"slices"
	"strings"
)

var errURL = usageError("the store is not a URL; in its user, password and parameters, " +
	"write @ as %40, # as %23, / as %2F, ? as %3F, & as %26, : as %3A, ; as %3B and % as %25")

// parseURL parses the URL of a store, and hides its passwords. A character that is
// not escaped may move a part of a password to another part of the URL, which
// messages show. So parseURL refuses an ambiguous URL, and its error shows no part
// of the URL.
func (c *call) parseURL() (*url.URL, error) {
	_, rest, ok := strings.Cut(c.store, "://")
	authority := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority = rest[:end]
	}
	// Of several @, url.Parse takes the last and pgx the first.
	if !ok || strings.Count(authority, "@") > 1 || strings.ContainsAny(rest[len(authority):], "@#") {
		return nil, errURL
	}
	u, err := url.Parse(c.store)
	if err != nil {
		return nil, errURL
	}
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		_, raw, _ := strings.Cut(authority[:at], ":")
		c.hide(raw)
	}
	if password, ok := u.User.Password(); ok {
		c.hide(password)
	}
	return u, c.hideParameters(u.RawQuery)
}

// hideParameters hides the values of parameters that are secrets. It also hides all
// text after them, because a password may contain &.
func (c *call) hideParameters(query string) error {
	if _, err := url.ParseQuery(query); err != nil {
		return errURL
	}
	secret := false
	for part := range strings.SplitSeq(query, "&") {
		name, value, ok := strings.Cut(part, "=")
		if !ok && part != "" && part != "skip_verify" {
			return errURL
		}
		if secret {
			c.hideQuery(name)
			c.hideQuery(value)
			continue
		}
		if name, _ = url.QueryUnescape(name); strings.Contains(strings.ToLower(name), "pass") {
			c.hideQuery(value)
			secret = true
		}
	}
	return nil
}

// hideQuery hides a part of a query, escaped and not.
func (c *call) hideQuery(raw string) {
	c.hide(raw)
	if text, err := url.QueryUnescape(raw); err == nil {
		c.hide(text)
	}
}

// quotable reports whether messages may quote arguments. They may not if one is a
// store. A shell splits a store that is not in quotes, so any argument may be a part
// of a password.
func quotable(args []string) bool {
	return !slices.ContainsFunc(args, func(arg string) bool {
		arg = strings.ToLower(arg)
		return strings.HasPrefix(strings.TrimLeft(arg, "-"), "store") || strings.Contains(arg, "://") || strings.Contains(arg, "pass")
	})
}
