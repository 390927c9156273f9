package cookies

import (
	"fmt"
	"slices"
	"strings"
)

// maxFormer bounds Options.Former: each entry is a line in every answer that
// sets the cookie.
const maxFormer = 4

// Scope holds the attributes by which a browser distinguishes the cookies of a host.
type Scope struct {
	Name   string // "" is the present name
	Domain string // "" is the host that set the cookie
	Path   string // "" is "/"

	Partitioned bool // keyed by the top-level site
}

func (c Options) scope() Scope {
	return Scope{Name: c.Name, Domain: c.Domain, Path: c.Path, Partitioned: c.Partitioned}
}

// in returns the options of the cookie in another scope.
func (c Options) in(s Scope) Options {
	c.Name, c.Domain, c.Path, c.Partitioned = s.Name, s.Domain, s.Path, s.Partitioned
	return c
}

// same compares as browsers do (RFC 6265bis § 5.7).
func (s Scope) same(other Scope) bool {
	equal := strings.EqualFold(s.Domain, other.Domain)
	s.Domain, other.Domain = "", ""
	return equal && s == other
}

// formerScopes returns Former with its defaults. An expiry that browsers would
// drop is an error: the former cookie would stay.
func (c Options) formerScopes() ([]Scope, error) {
	if len(c.Former) > maxFormer {
		return nil, fmt.Errorf("Cookie.Former has %d entries, at most %d are allowed", len(c.Former), maxFormer)
	}
	former := slices.Clone(c.Former)
	for i := range former {
		s := &former[i]
		if s.Name == "" {
			s.Name = c.Name
		}
		if s.Path == "" {
			s.Path = "/"
		}
		if err := c.in(*s).check(); err != nil {
			return nil, fmt.Errorf("Cookie.Former[%d]: %w", i, err)
		}
		if s.same(c.scope()) {
			return nil, fmt.Errorf("Cookie.Former[%d] is the present cookie %q, which it would expire", i, c.Name)
		}
		if slices.ContainsFunc(former[:i], s.same) {
			return nil, fmt.Errorf("Cookie.Former[%d] repeats an earlier entry", i)
		}
	}
	return former, nil
}

// Names returns the names under which requests bring tokens, the present one first.
func (c Options) Names() []string {
	names := []string{c.Name}
	for _, s := range c.Former {
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}

// Rescoped reports whether a former scope has the present name. A request does not
// show the scope of a cookie, so each write of a session then sets the cookie.
func (c Options) Rescoped() bool {
	return slices.ContainsFunc(c.Former, func(s Scope) bool { return s.Name == c.Name })
}
