package humasesstest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/humasess/sessions/internal/policy"
)

// CheckScheme adds credentials of a security scheme of the program to requests of
// [CheckDocument]. The manager checks such a scheme with a function of Options.Schemes.
type CheckScheme struct {
	// Live adds a credential that works, for every scope that the document requires.
	// If its user lacks a role, the answer may be a 403 that the document lists. Live
	// is required.
	Live func(r *http.Request)

	// Dead adds a credential of the same kind that does not work. The default sends
	// none.
	Dead func(r *http.Request)
}

// credentials returns the clients with credentials of the program's schemes. The
// dead ones come alone, and beside the cookies of the first session that has some.
func (c *checker) credentials() ([]bearer, error) {
	var all []bearer
	for _, key := range slices.Sorted(maps.Keys(c.opts.Schemes)) {
		use := c.opts.Schemes[key]
		switch {
		case c.oapi.Components.SecuritySchemes[key] == nil:
			return nil, fmt.Errorf("Schemes[%q] names no security scheme of the document", key)
		case c.ours(key):
			return nil, fmt.Errorf("Schemes[%q] is the scheme of a session; use Sessions", key)
		case use.Live == nil:
			return nil, fmt.Errorf("Schemes[%q] has no Live", key)
		}
		all = append(all, bearer{name: "live credential of " + key, key: key, add: use.Live, schemes: map[string]bool{key: true}})
		if use.Dead == nil {
			continue
		}
		dead := bearer{name: "dead credential of " + key, key: key, add: use.Dead}
		all = append(all, dead)
		for _, b := range c.bearers {
			if len(b.schemes) > 0 && len(b.cookies) > 0 {
				dead.name += " beside a cookie"
				dead.cookies, dead.schemes, dead.roles = b.cookies, b.schemes, b.roles
				all = append(all, dead)
				break
			}
		}
	}
	return all, nil
}

// isLive reports whether a client has a credential of a program's scheme that works.
func (b bearer) isLive() bool { return b.schemes[b.key] }

// wantOf returns the result of want for any client. It reports false if the document
// does not tell whether the cookie beside a dead credential counts.
func (c *checker) wantOf(op operation, b bearer) (status int, known bool) {
	if b.key == "" || b.isLive() || len(b.cookies) == 0 {
		return c.want(op, b), true
	}
	alone, together := false, false
	for _, alternative := range op.security {
		if _, has := alternative[b.key]; has {
			beside := slices.ContainsFunc(slices.Collect(maps.Keys(alternative)), c.ours)
			alone, together = alone || !beside, together || beside
		}
	}
	switch {
	case together && c.hasHeader(b.key):
		return 0, false
	case alone && c.hasHeader(b.key):
		return c.want(op, bearer{}), true // the credential decides alone
	}
	return c.want(op, b), true
}

// hasHeader reports whether the scheme decides alone where its header is present.
func (c *checker) hasHeader(key string) bool {
	s := c.oapi.Components.SecuritySchemes[key]
	return s.Type == "apiKey" && s.In == "header" || s.Type == "http" && strings.EqualFold(s.Scheme, "bearer")
}

// onlySchemes reports whether an operation accepts schemes of the program, and the check
// has credentials of all of them.
func (c *checker) onlySchemes(op operation) bool {
	for _, alternative := range op.security {
		for key := range alternative {
			if _, given := c.opts.Schemes[key]; !given {
				return false
			}
		}
	}
	return len(op.security) > 0
}

// untried logs the program's schemes that operations accept beside a session, and that
// the caller gives no credentials of.
func (c *checker) untried(ops []operation) {
	c.tb.Helper()
	tokens := map[string]bool{} // keys of CSRF tokens
	for _, key := range c.cookies {
		tokens[(policy.Scheme{Key: key}).CSRFKey()] = true
	}
	keys := map[string]bool{}
	for _, op := range ops {
		for _, alternative := range op.security {
			for key := range alternative {
				if _, given := c.opts.Schemes[key]; !given && !c.ours(key) && !tokens[key] && c.mentionsOurs(op) {
					keys[key] = true
				}
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		c.tb.Logf("humasesstest: operations accept scheme %q, which is not tried; see CheckOptions.Schemes", key)
	}
}
