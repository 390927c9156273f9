package humasess

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// cacheRules are the headers that a response must have for caches. The handler can
// make them stricter, and not weaker. Answers with a user are not stored (OWASP,
// ASVS 14.3.2), whether a session or a scheme of the program has brought the user.
// Caches learn which request headers the answers depend on (RFC 9111 § 4.1).
type cacheRules struct {
	vary    []string
	private bool // shared caches must not store the response
	cookie  bool // it sets a cookie of ours, so that no cache may
}

// rulesNow returns the rules of a response that begins now. cookie says whether it
// sets a cookie of a session.
func (r *request) rulesNow(cookie bool) cacheRules {
	return cacheRules{r.entry.vary, cookie || r.proved || r.anyActive() || r.admitted && r.presents(), cookie}
}

// presents reports whether the client has sent a credential of the program's own.
// An operation that takes one as an option has no check called, so that the
// handler may look at it by itself.
func (r *request) presents() bool {
	for _, name := range r.entry.vary {
		if name != "Cookie" && r.scope.humaContext.Header(name) != "" {
			return true
		}
	}
	return false
}

// missing returns the members that Vary needs besides those that are held.
func (c *cacheRules) missing(held *heldHeaders, before bool) string {
	line := ""
	for _, name := range c.vary {
		if !held.varies(name, before) {
			line = member(line, name)
		}
	}
	return line
}

// member appends to a list with commas.
func member(list, name string) string {
	if list == "" {
		return name
	}
	return list + ", " + name
}

// complete adds Vary to a response, for its part that is not there yet.
func (c *cacheRules) complete(ctx huma.Context) {
	line, h := "", standardHeader(ctx)
	for _, name := range c.vary {
		if !listsToken(h["Vary"], name) && !listsToken(h["Vary"], "*") {
			line = member(line, name)
		}
	}
	if line != "" {
		ctx.AppendHeader("Vary", line)
	}
}

// send sends a header that the handler sets after the commit, when the headers
// of the rules are in the response. It drops lines that would let caches store
// it, and keeps the members of Vary.
func (c *cacheRules) send(ctx huma.Context, h heldHeader) {
	if c.private && isCacheField(h.name) {
		var line caching
		line.add(h.value)
		if c.cookie || !line.forbidsShared() {
			return
		}
	}
	h.send(ctx)
	if h.add || !is(h.name, "Vary") {
		return
	}
	var held heldHeaders
	held.hold(h)
	if line := c.missing(&held, false); line != "" {
		ctx.AppendHeader("Vary", line)
	}
}

// enforce mends a header of net/http that the handler had in its hands.
func (c *cacheRules) enforce(h http.Header) {
	for _, name := range c.vary {
		if !listsToken(h["Vary"], name) && !listsToken(h["Vary"], "*") {
			h.Add("Vary", name)
		}
	}
	if !c.private {
		return
	}
	for name, lines := range h {
		if isCacheField(name) && !c.allows(lines) {
			delete(h, name)
		}
	}
	if len(h["Cache-Control"]) == 0 {
		h.Set("Cache-Control", "no-store")
	}
}

// allows reports whether a cache field may stand in the response.
func (c *cacheRules) allows(lines []string) bool {
	var all caching
	for _, line := range lines {
		all.add(line)
	}
	return all.forbidsShared() && (!c.cookie || all.noStore)
}

// vary names the request headers that may bring a user to an operation: Cookie
// for sessions, and those of the schemes that Options.Schemes check.
func (g *gate) vary(e *entry) []string {
	var names []string
	add := func(name string) {
		if !containsToken(strings.Join(names, ","), name) {
			names = append(names, name)
		}
	}
	if len(e.sessions) > 0 {
		add("Cookie")
	}
	for _, key := range g.checkedSchemes(e.policy.Requirements) {
		switch s := g.api.OpenAPI().Components.SecuritySchemes[key]; {
		case s == nil:
		case s.Type == "apiKey" && s.In == "header":
			add(http.CanonicalHeaderKey(s.Name))
		case s.Type == "apiKey" && s.In == "cookie":
			add("Cookie")
		case s.Type == typeHTTP, s.Type == "oauth2", s.Type == "openIdConnect":
			add("Authorization")
		}
	}
	return names
}
