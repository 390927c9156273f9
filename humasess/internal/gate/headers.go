package gate

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// heldHeaders are the headers that the handler has set before the commit. They are
// sent if the commit succeeds, and dropped if it fails.
type heldHeaders struct {
	inline [4]heldHeader
	n      int
	more   []heldHeader
	lines  [2]string // of Vary and Cache-Control, see grow
}

type heldHeader struct {
	name, value string
	add         bool
}

// send sets or adds the header. huma's fiber adapters join added lines with
// commas, which no cookie survives (RFC 6265 § 3), whereas fasthttp adds a
// line for each cookie that is set.
func (h heldHeader) send(ctx huma.Context) {
	if h.add && (!is(h.name, "Set-Cookie") || !onFasthttp(ctx)) {
		ctx.AppendHeader(h.name, h.value)
		return
	}
	ctx.SetHeader(h.name, h.value)
}

// onFasthttp knows adapters for fasthttp by the way in which they stream,
// also inside the wrappers of earlier middleware.
func onFasthttp(ctx huma.Context) bool {
	for {
		if _, ok := ctx.(bodyStreamer); ok {
			return true
		}
		w, ok := ctx.(interface{ Unwrap() huma.Context })
		if !ok {
			return false
		}
		ctx = w.Unwrap()
	}
}

func (h *heldHeaders) hold(header heldHeader) {
	if h.n < len(h.inline) {
		h.inline[h.n] = header
		h.n++
		return
	}
	h.more = append(h.more, header)
}

func (h *heldHeaders) each(f func(heldHeader)) {
	for _, header := range h.inline[:h.n] {
		f(header)
	}
	for _, header := range h.more {
		f(header)
	}
}

func (h *heldHeaders) reset() { h.n, h.more = 0, h.more[:0] }

// release sends the handler's headers and those of the rules. vary says that the
// response has their Vary already.
func (h *heldHeaders) release(ctx huma.Context, rules cacheRules, vary bool) {
	private, cached := rules.private, false
	if private {
		scrub(ctx, rules.cookie)
	}
	to := standardHeader(ctx)
	missing := rules.missing(h, vary)
	h.each(func(header heldHeader) {
		if private && isCacheField(header.name) {
			if rules.cookie || !h.forbidsShared(header.name) {
				return
			}
			cached = cached || is(header.name, "Cache-Control")
		}
		header.send(ctx)
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
	h.reset()
}

// varies reports whether the response will say at the end that it depends on a
// request header. before says whether it does without the held ones.
func (h *heldHeaders) varies(name string, before bool) bool {
	h.each(func(header heldHeader) {
		if is(header.name, "Vary") {
			before = header.add && before || containsToken(header.value, name) || containsToken(header.value, "*")
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
func (h *heldHeaders) forbidsShared(name string) bool {
	var c caching
	h.each(func(header heldHeader) {
		if !is(header.name, name) {
			return
		}
		if !header.add {
			c = caching{}
		}
		c.add(header.value)
	})
	return c.forbidsShared()
}

func is(name, want string) bool {
	return len(name) == len(want) && strings.EqualFold(name, want)
}
