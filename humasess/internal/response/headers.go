package response

import (
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"
)

// Headers are the headers that the handler has set before the commit. They are
// sent if the commit succeeds, and dropped if it fails.
//
// Each request has one, so it is small. Most responses set the Content-Type, and a Link
// to its schema, which huma adds, and no other header: both are strings.
type Headers struct {
	contentType string
	link        string
	more        *overflow
	lines       [2]string // of Vary and Cache-Control, see grow
}

// overflow holds all other headers, and those that come after one of them.
type overflow struct {
	list []Header
	room [1]Header
}

// Header is one header that the handler has set.
type Header struct {
	Name, Value string
	Add         bool
}

// Send sets or adds the header. huma's fiber adapters join added lines with
// commas, which no cookie survives (RFC 6265 § 3), whereas fasthttp adds a
// line for each cookie that is set.
func (h Header) Send(ctx huma.Context) {
	if h.Add && (!SameName(h.Name, "Set-Cookie") || !onFasthttp(ctx)) {
		ctx.AppendHeader(h.Name, h.Value)
		return
	}
	ctx.SetHeader(h.Name, h.Value)
}

// BodyStreamer is a context of an adapter that streams after the handler returns.
type BodyStreamer interface{ StreamBody(func(io.Writer)) }

// onFasthttp knows adapters for fasthttp by the way in which they stream,
// also inside the wrappers of earlier middleware.
func onFasthttp(ctx huma.Context) bool {
	for {
		if _, ok := ctx.(BodyStreamer); ok {
			return true
		}
		w, ok := ctx.(interface{ Unwrap() huma.Context })
		if !ok {
			return false
		}
		ctx = w.Unwrap()
	}
}

const (
	fieldContentType = "Content-Type"
	fieldLink        = "Link"
)

// Hold adds a header to those that are held.
func (h *Headers) Hold(header Header) {
	if h.more == nil {
		switch {
		case header.Value == "":
		case header.Name == fieldContentType && !header.Add:
			h.contentType = header.Value
			return
		case header.Name == fieldLink && header.Add && h.link == "":
			h.link = header.Value
			return
		}
		h.more = &overflow{}
		h.more.list = h.more.room[:0]
	}
	h.more.list = append(h.more.list, header)
}

// Each calls f with each held header, in order.
func (h *Headers) Each(f func(Header)) {
	if h.contentType != "" {
		f(Header{Name: fieldContentType, Value: h.contentType})
	}
	if h.link != "" {
		f(Header{Name: fieldLink, Value: h.link, Add: true})
	}
	if h.more == nil {
		return
	}
	for _, header := range h.more.list {
		f(header)
	}
}

// Reset drops the held headers.
func (h *Headers) Reset() { h.contentType, h.link, h.more = "", "", nil }

// Release sends the handler's headers and those of the rules. vary says that the
// response has their Vary already. to is the result of [StandardHeader].
func (h *Headers) Release(ctx huma.Context, to http.Header, rules Rules, vary bool) {
	private, cached := rules.Private, false
	if private {
		scrub(ctx, to, rules.Cookie)
	}
	if line := rules.whole(); to != nil && h.more == nil && !vary && line != "" && ofAdapter(ctx) {
		h.write(to, rules, line)
		return
	}
	missing := rules.missing(h, vary)
	h.Each(func(header Header) {
		if private && IsCacheField(header.Name) {
			if rules.Cookie || !h.forbidsShared(header.Name) {
				return
			}
			cached = cached || SameName(header.Name, "Cache-Control")
		}
		header.Send(ctx)
	})
	if missing != "" {
		grow(to, "Vary", h.lines[0:0:1])
		ctx.AppendHeader("Vary", missing)
	}
	if private && !cached {
		if grow(to, "Cache-Control", h.lines[1:1:2]) {
			ctx.AppendHeader("Cache-Control", "no-store")
		} else {
			ctx.SetHeader("Cache-Control", "no-store")
		}
	}
	h.Reset()
}

// write is the rest of Release for a usual response: the handler has held no other
// header than the Content-Type and a Link, and the context passes headers on as they are.
func (h *Headers) write(to http.Header, rules Rules, vary string) {
	if h.contentType != "" {
		to[fieldContentType] = []string{h.contentType}
	}
	if h.link != "" {
		to[fieldLink] = append(to[fieldLink], h.link)
	}
	if lines := to["Vary"]; len(lines) > 0 {
		to["Vary"] = append(lines, vary)
	} else {
		h.lines[0] = vary
		to["Vary"] = h.lines[0:1:1]
	}
	if rules.Private {
		h.lines[1] = "no-store"
		to["Cache-Control"] = h.lines[1:2:2]
	}
	h.Reset()
}

// usualContext is the first type of a context of one of huma's adapters that ofAdapter
// has seen. Most programs have only one.
var usualContext atomic.Pointer[reflect.Type]

// ofAdapter reports whether a context is that of one of huma's adapters. The context of
// middleware may do something else with a header than to pass it on.
func ofAdapter(ctx huma.Context) bool {
	t := reflect.TypeOf(ctx)
	if usual := usualContext.Load(); usual != nil && *usual == t {
		return true
	}
	own := t.Kind() == reflect.Pointer && strings.HasPrefix(t.Elem().PkgPath(), "github.com/danielgtaylor/huma/v2/adapters/")
	if own && usualContext.Load() == nil {
		first := t // t itself stays on the stack
		usualContext.Store(&first)
	}
	return own
}

// varies reports whether the response will say at the end that it depends on a
// request header. before says whether it does without the held ones.
func (h *Headers) varies(name string, before bool) bool {
	h.Each(func(header Header) {
		if SameName(header.Name, "Vary") {
			before = header.Add && before || ContainsToken(header.Value, name) || ContainsToken(header.Value, "*")
		}
	})
	return before
}

// grow makes space the place of the first line of a header field that has none,
// so that [http.Header.Add] need not allocate it.
func grow(h http.Header, name string, space []string) bool {
	if h == nil || len(h[name]) > 0 {
		return false
	}
	h[name] = space
	return true
}

// forbidsShared judges all lines of a held field that will be there at the end.
func (h *Headers) forbidsShared(name string) bool {
	var c caching
	h.Each(func(header Header) {
		if !SameName(header.Name, name) {
			return
		}
		if !header.Add {
			c = caching{}
		}
		c.add(header.Value)
	})
	return c.forbidsShared()
}
