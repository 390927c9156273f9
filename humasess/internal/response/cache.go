package response

import (
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// caching collects the lines of one header field with instructions for caches.
// Lines count together, and a contradiction is read as permission to store.
type caching struct{ private, noStore, shared, override bool }

// add reads one line: a list of directives, of which some have a value.
func (c *caching) add(line string) {
	for line != "" {
		directive, rest := cutDirective(line)
		line = rest
		name, _, valued := strings.Cut(directive, "=")
		switch name = strings.ToLower(strings.Trim(name, " \t")); {
		case name == "no-store" && !valued:
			c.noStore = true
		case name == "private" && !valued:
			c.private = true
		case name == "public", name == "s-maxage", name == "private":
			c.shared = true // private="field" is about one header only (RFC 9111 § 5.2.2.7)
		case name == "must-understand":
			c.override = true
		}
	}
}

// cutDirective cuts at the first comma outside of quotes.
func cutDirective(line string) (directive, rest string) {
	quoted := false
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '"':
			quoted = !quoted
		case line[i] == '\\' && quoted:
			i++
		case line[i] == ',' && !quoted:
			return line[:i], line[i+1:]
		}
	}
	return line, ""
}

// forbidsShared reports whether shared caches must not store the response. A
// response that says nothing may be stored, and so may one with no-cache.
// must-understand overrides no-store (RFC 9111 § 5.2.2.3).
func (c *caching) forbidsShared() bool { return (c.private || c.noStore && !c.override) && !c.shared }

// IsCacheField reports whether a header is Cache-Control, a targeted field of
// RFC 9213, which overrides it for the caches that it is meant for, or a field
// that was there before that RFC and does the same.
func IsCacheField(name string) bool {
	const suffix = "-Cache-Control"
	return SameName(name, suffix[1:]) || len(name) > len(suffix) && strings.EqualFold(name[len(name)-len(suffix):], suffix) ||
		SameName(name, "Surrogate-Control") || SameName(name, "Edge-Control") || SameName(name, "X-Accel-Expires")
}

// Scrub removes the fields from a response that would let shared caches store it.
// Middleware of the router, or before the gate, may have set them. With strict, it
// removes all cache fields.
func Scrub(ctx huma.Context, strict bool) { scrub(ctx, StandardHeader(ctx), strict) }

// scrub is Scrub with the result of [StandardHeader].
func scrub(ctx huma.Context, standard http.Header, strict bool) {
	if h := standard; len(h) == 0 && h != nil {
		return
	} else if h != nil {
		for name, lines := range h {
			if !IsCacheField(name) {
				continue
			}
			var c caching
			for _, line := range lines {
				c.add(line)
			}
			if strict || !c.forbidsShared() {
				delete(h, name)
			}
		}
	} else if h := headerOfFasthttp(ctx); h != nil {
		found := map[string]caching{}
		h.VisitAll(func(name, line []byte) {
			if IsCacheField(string(name)) {
				c := found[string(name)]
				c.add(string(line))
				found[string(name)] = c
			}
		})
		for name, c := range found {
			if strict || !c.forbidsShared() {
				h.Del(name)
			}
		}
	}
}

// RouterWriter returns the router's writer of the body. huma's contexts can set
// headers but not read them. Their writers are those of net/http or of fasthttp.
func RouterWriter(ctx huma.Context) io.Writer {
	for {
		w, ok := ctx.(interface{ Unwrap() huma.Context })
		if !ok {
			return ctx.BodyWriter()
		}
		ctx = w.Unwrap()
	}
}

// StandardHeader returns the header of a response on a router of net/http, and
// nil on any other.
func StandardHeader(ctx huma.Context) http.Header {
	if w, ok := RouterWriter(ctx).(http.ResponseWriter); ok {
		return w.Header()
	}
	return nil
}

// fasthttpHeader is a fasthttp.ResponseHeader.
type fasthttpHeader interface {
	VisitAll(visit func(name, value []byte))
	Del(name string)
}

// headerOfFasthttp returns the header of a response on a router of fasthttp, and
// nil on any other.
func headerOfFasthttp(ctx huma.Context) fasthttpHeader {
	v := reflect.ValueOf(RouterWriter(ctx))
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return nil
	}
	if v = v.Elem().FieldByName("Response"); v.Kind() != reflect.Struct {
		return nil
	}
	if v = v.FieldByName("Header"); !v.IsValid() || !v.CanAddr() || !v.CanInterface() {
		return nil
	}
	h, ok := reflect.TypeAssert[fasthttpHeader](v.Addr())
	if !ok {
		return nil
	}
	return h
}
