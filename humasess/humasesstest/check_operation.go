package humasesstest

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

// crossOriginText is the description of a 403 if only the cross-origin check can
// refuse the request.
const crossOriginText = "Sent by a page of another origin."

func (c *checker) check(op operation) {
	c.tb.Helper()
	switch {
	case op.security == nil:
		report := c.tb.Errorf
		if c.opts.AllowUnmarked {
			report = c.tb.Logf
		}
		report("humasesstest: %v has neither a session nor a public mark; embed a session type, or set `Security: []map[string][]string{}`", op)
	case len(op.security) > 0 && !c.mentionsOurs(op) && !c.onlySchemes(op):
		c.tb.Logf("humasesstest: %v has only schemes of the program, so it is not checked; see CheckOptions.Schemes", op)
		return
	}
	called, lacking := false, map[bool]bool{} // sessions with a token, and others, that lack a role
	for _, b := range c.bearers {
		want, known := c.wantOf(op, b)
		if !known {
			continue
		}
		lacking[b.token != ""] = lacking[b.token != ""] || want == http.StatusForbidden
		if want == 0 && !c.opts.CallUnsafe && !stopsBeforeHandler(op) {
			continue
		}
		called = true
		got := c.send(op, b, nil)
		switch {
		case got.panicked != nil:
			c.tb.Errorf("humasesstest: %v, %s: the handler panicked: %v", op, b.name, got.panicked)
		case want == 0:
			c.letIn(op, b, got)
		case got.status != want:
			c.tb.Errorf("humasesstest: %v, %s: got %v, want %d: %s", op, b.name, got, want, c.reason(op, got.status, want))
		case !lists(op, want):
			c.tb.Errorf("humasesstest: %v, %s: got the right status %d, but the document does not list it", op, b.name, want)
		}
	}
	if !called {
		c.tb.Logf("humasesstest: %v is not called; see CheckOptions.CallUnsafe", op)
	}
	if roles := c.requiredRoles(op, false); len(roles) > 0 && !lacking[false] {
		c.tb.Errorf("humasesstest: %v requires roles %q, but each of CheckOptions.Sessions has them; add a session that lacks one", op, roles)
	}
	if roles := c.requiredRoles(op, true); len(roles) > 0 && !lacking[true] {
		c.tb.Errorf("humasesstest: %v requires roles %q of sessions with a bearer token, but none of CheckOptions.Sessions has a Token and lacks one; add such a session", op, roles)
	}
	c.checkOrigin(op)
	if safe(op.method) && sendsToken(op) {
		c.tb.Logf("humasesstest: %v gives the session a token; browsers repeat and prefetch requests of %s, so use POST unless another site redirects there", op, op.method)
	}
}

// safe reports whether requests of a method should change nothing (RFC 9110 § 9.2.1).
func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions || method == http.MethodTrace
}

// sendsToken reports whether the document says that a successful answer has a new cookie
// or token. Then the operation starts a session or gives it a new token.
func sendsToken(op operation) bool {
	for status, r := range op.Responses {
		if r != nil && (status < "4" || status == "default") && (r.Headers["Set-Cookie"] != nil || r.Headers["Session-Token"] != nil) {
			return true
		}
	}
	return false
}

func (c *checker) mentionsOurs(op operation) bool {
	return slices.ContainsFunc(op.security, func(alternative map[string][]string) bool {
		for key := range alternative {
			if c.ours(key) {
				return true
			}
		}
		return false
	})
}

func (c *checker) ours(key string) bool {
	if _, token := c.prefixes[key]; token {
		return true
	}
	for _, k := range c.cookies {
		if k == key {
			return true
		}
	}
	return false
}

// want returns the status of the refusal that the document promises a bearer, 0 for
// none. The status is 403 if the bearer lacks only roles.
func (c *checker) want(op operation, b bearer) int {
	refusal := 0
	for _, alternative := range op.security {
		this := 0
		for key, roles := range alternative {
			switch {
			case !b.schemes[key]:
				this = http.StatusUnauthorized
			case this == 0 && c.ours(key) && slices.ContainsFunc(roles, func(r string) bool { return !slices.Contains(b.roles, r) }):
				this = http.StatusForbidden
			}
		}
		if this == 0 {
			return 0
		}
		refusal = max(this, refusal)
	}
	return refusal
}

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

// stopsBeforeHandler reports whether a request that is let in changes no data. Its
// method is safe, or the invalid body stops it.
func stopsBeforeHandler(op operation) bool {
	switch op.method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return readsJSON(op)
}

func readsJSON(op operation) bool {
	return op.RequestBody != nil && op.RequestBody.Content["application/json"] != nil
}

// letIn judges the answer to a request that the document lets in.
func (c *checker) letIn(op operation, b bearer, got answer) {
	c.tb.Helper()
	wrong := ""
	switch status := got.status; {
	case status == http.StatusUnauthorized:
		if got.ours || requires(op) || !lists(op, status) {
			wrong = undocumented
		}
	case status == http.StatusForbidden:
		if entry := op.Responses["403"]; !lists(op, status) || entry != nil && entry.Description == crossOriginText {
			wrong = undocumented
		}
	case status == http.StatusBadRequest && readsJSON(op): // the answer to the invalid body
	case strings.Contains(got.detail, "humasess: "):
		wrong = "the program uses sessions in a way that is an error"
	case lists(op, status), status >= 300 && status < 500 && op.Responses["default"] != nil:
	default:
		wrong = "the document does not list it"
	}
	if wrong == undocumented && b.isLive() {
		wrong = "the operation does not accept the credential, or it is not live"
	}
	if wrong != "" {
		c.tb.Errorf("humasesstest: %v, %s: got %v, but the document lets it in: %s", op, b.name, got, wrong)
	}
}

const undocumented = "the document omits a protection of the operation, or the cookie or token belongs to no active session"

// reason explains a status that is not the expected refusal.
func (c *checker) reason(op operation, got, want int) string {
	switch {
	case got == http.StatusNotFound:
		return "if the API is served below a path, set CheckOptions.Prefix"
	case got == http.StatusUnauthorized:
		return "the cookie or token belongs to no active session, or the document omits a protection of the operation"
	case want == http.StatusForbidden:
		return "the document requires roles " + strings.Join(append(c.requiredRoles(op, false), c.requiredRoles(op, true)...), ", ")
	}
	return "the document requires a session"
}

// lists reports whether the document has an entry for the status.
func lists(op operation, status int) bool {
	text := strconv.Itoa(status)
	return op.Responses[text] != nil || op.Responses[text[:1]+"XX"] != nil
}

// requires reports whether the document refuses all requests without a session.
func requires(op operation) bool {
	return len(op.security) > 0 && !slices.ContainsFunc(op.security, func(a map[string][]string) bool { return len(a) == 0 })
}

// requiredRoles returns the roles that the document requires of sessions with a bearer
// token, or of others.
func (c *checker) requiredRoles(op operation, token bool) []string {
	var roles []string
	for _, alternative := range op.security {
		for key, names := range alternative {
			if _, of := c.prefixes[key]; of == token && c.ours(key) {
				roles = append(roles, names...)
			}
		}
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}

// checkOrigin sends the request that a page of another origin could make a browser
// send, and requires a 403. A browser adds no bearer token by itself, so a request with
// one gets the same answer as from elsewhere. A browser may add other credentials.
func (c *checker) checkOrigin(op operation) {
	c.tb.Helper()
	concerned := c.mentionsOurs(op) || c.startsSession(op.Operation) || c.onlySchemes(op) && lists(op, http.StatusForbidden)
	if policy.SafeMethod(op.method) || policy.CrossSiteAllowed(op.Operation) || !concerned {
		return
	}
	elsewhere := http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://humasesstest.invalid"}}
	if got := c.send(op, bearer{}, elsewhere); got.status != http.StatusForbidden {
		c.tb.Errorf("humasesstest: %v, from a page of another origin: got %v, want 403", op, got)
	}
	for _, b := range c.bearers {
		if b.isLive() {
			if got := c.send(op, b, elsewhere); got.status != http.StatusForbidden {
				c.tb.Errorf("humasesstest: %v, %s, from a page of another origin: got %v, want 403", op, b.name, got)
			}
		}
		if b.token == "" || c.want(op, b) != http.StatusUnauthorized {
			continue
		}
		if got := c.send(op, b, elsewhere); got.status != http.StatusUnauthorized {
			c.tb.Errorf("humasesstest: %v, %s, from a page of another origin: got %v, want 401", op, b.name, got)
		}
	}
}

// startsSession reports whether the operation is a login.
func (c *checker) startsSession(op *huma.Operation) bool {
	for _, response := range op.Responses {
		if response.Headers["Set-Cookie"] != nil {
			return true
		}
	}
	return policy.AnswersToken(op, c.oapi.Components.Schemas)
}
