package humasess

import (
	"fmt"
	"slices"
	"strings"
)

// maxFormer bounds CookieOptions.Former: each entry is a line in every answer that
// sets the cookie.
const maxFormer = 4

// CookieScope is what browsers tell cookies of one host apart by. A change of any
// field of [CookieOptions] with the same name makes another cookie, beside the
// former one.
type CookieScope struct {
	// Name of the cookie. The default is the present name.
	Name string

	// Domain of the cookie. The default, "", is the host that set it.
	Domain string

	// Path of the cookie. The default is "/".
	Path string

	// Partitioned says that the cookie was keyed by the top-level site. The
	// default is false.
	Partitioned bool
}

func (c CookieOptions) scope() CookieScope {
	return CookieScope{Name: c.Name, Domain: c.Domain, Path: c.Path, Partitioned: c.Partitioned}
}

// in returns the options of the cookie in another scope.
func (c CookieOptions) in(s CookieScope) CookieOptions {
	c.Name, c.Domain, c.Path, c.Partitioned = s.Name, s.Domain, s.Path, s.Partitioned
	return c
}

// same compares as browsers do (RFC 6265bis § 5.7).
func (s CookieScope) same(other CookieScope) bool {
	equal := strings.EqualFold(s.Domain, other.Domain)
	s.Domain, other.Domain = "", ""
	return equal && s == other
}

// formerScopes returns Former with its defaults. An expiry that browsers would
// drop is an error: the former cookie would stay.
func (c CookieOptions) formerScopes() ([]CookieScope, error) {
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

// names returns the names under which requests bring tokens, the present one first.
func (c CookieOptions) names() []string {
	names := []string{c.Name}
	for _, s := range c.Former {
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}

// rescoped reports whether a former scope has the present name. A request does not
// show the scope of a cookie, so each write of a session then sets the cookie.
func (c CookieOptions) rescoped() bool {
	return slices.ContainsFunc(c.Former, func(s CookieScope) bool { return s.Name == c.Name })
}
