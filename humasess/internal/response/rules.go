package response

import (
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Rules are the headers that a response must have for caches. The handler can
// make them stricter, and not weaker. Answers with a user are not stored (OWASP,
// ASVS 14.3.2), whether a session or a scheme of the program has brought the user.
// Caches learn which request headers the answers depend on (RFC 9111 § 4.1).
type Rules struct {
	Vary    []string
	Line    string // Vary in one line, made once; "" if Vary has at most one member
	Private bool   // shared caches must not store the response
	Cookie  bool   // the response sets a session cookie, so no cache may store it
}

// missing returns the members that Vary needs besides those that are held.
func (c *Rules) missing(held *Headers, before bool) string {
	if c.Line != "" && !slices.ContainsFunc(c.Vary, func(name string) bool { return held.varies(name, before) }) {
		return c.Line
	}
	line := ""
	for _, name := range c.Vary {
		if !held.varies(name, before) {
			line = member(line, name)
		}
	}
	return line
}

// whole returns all members, or "" if that takes an allocation.
func (c *Rules) whole() string {
	if c.Line == "" && len(c.Vary) == 1 {
		return c.Vary[0]
	}
	return c.Line
}

// LineOf returns the value of Rules.Line.
func LineOf(vary []string) string {
	if len(vary) < 2 {
		return ""
	}
	return strings.Join(vary, ", ")
}

// member appends to a list with commas.
func member(list, name string) string {
	if list == "" {
		return name
	}
	return list + ", " + name
}

// Complete adds the missing members of Vary to a response.
func (c *Rules) Complete(ctx huma.Context) {
	line, h := "", StandardHeader(ctx)
	for _, name := range c.Vary {
		if !ListsToken(h["Vary"], name) && !ListsToken(h["Vary"], "*") {
			line = member(line, name)
		}
	}
	if line != "" {
		ctx.AppendHeader("Vary", line)
	}
}

// Send sends a header that the handler sets after the commit, when the headers
// of the rules are in the response. It drops lines that would let caches store
// it, and keeps the members of Vary.
func (c *Rules) Send(ctx huma.Context, h Header) {
	if c.Private && IsCacheField(h.Name) {
		var line caching
		line.add(h.Value)
		if c.Cookie || !line.forbidsShared() {
			return
		}
	}
	h.Send(ctx)
	if h.Add || !SameName(h.Name, "Vary") {
		return
	}
	var held Headers
	held.Hold(h)
	if line := c.missing(&held, false); line != "" {
		ctx.AppendHeader("Vary", line)
	}
}

// Enforce applies the rules to a header of net/http that the handler could change.
func (c *Rules) Enforce(h http.Header) {
	for _, name := range c.Vary {
		if !ListsToken(h["Vary"], name) && !ListsToken(h["Vary"], "*") {
			h.Add("Vary", name)
		}
	}
	if !c.Private {
		return
	}
	for name, lines := range h {
		if IsCacheField(name) && !c.allows(lines) {
			delete(h, name)
		}
	}
	if len(h["Cache-Control"]) == 0 {
		h.Set("Cache-Control", "no-store")
	}
}

// allows reports whether the response may have a cache field.
func (c *Rules) allows(lines []string) bool {
	var all caching
	for _, line := range lines {
		all.add(line)
	}
	return all.forbidsShared() && (!c.Cookie || all.noStore)
}
