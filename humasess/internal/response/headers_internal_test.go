package response

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// rulesOf returns the rules of a response with a session.
func rulesOf(cookie, active bool) Rules {
	return Rules{Vary: []string{"Cookie"}, Private: cookie || active, Cookie: cookie}
}

func TestHeldHeaders(t *testing.T) {
	set := func(name, value string) Header { return Header{Name: name, Value: value} }
	add := func(name, value string) Header { return Header{Name: name, Value: value, Add: true} }
	tests := []struct {
		name           string
		held           []Header
		cookie, active bool
		vary, cache    []string
	}{
		{"H2 nothing held", nil, false, false, []string{"Cookie"}, nil},
		{"H2 merged with another", []Header{set("Vary", "Accept")}, false, false, []string{"Accept", "Cookie"}, nil},
		{"H2 not doubled", []Header{set("Vary", "Cookie")}, false, false, []string{"Cookie"}, nil},
		{"H2 not doubled in a list", []Header{set("Vary", "Accept, Cookie")}, false, false, []string{"Accept, Cookie"}, nil},
		{"H2 not doubled in another case", []Header{set("vary", "accept,\tcookie ")}, false, false, []string{"accept,\tcookie "}, nil},
		{"H2 everything", []Header{set("Vary", "*")}, false, false, []string{"*"}, nil},
		{"H2 a name that begins alike", []Header{set("Vary", "Cookie2")}, false, false, []string{"Cookie2", "Cookie"}, nil},
		{"H2 added", []Header{add("Vary", "Accept"), add("Vary", "Cookie")}, false, false, []string{"Accept", "Cookie"}, nil},
		{"H2 replaced by the handler", []Header{set("Vary", "Cookie"), set("Vary", "Accept")}, false, false, []string{"Accept", "Cookie"}, nil},
		{"H1 active", nil, false, true, []string{"Cookie"}, []string{"no-store"}},
		{"H1 cookie", nil, true, false, []string{"Cookie"}, []string{"no-store"}},
		{"H1 neither", []Header{set("Cache-Control", "public, max-age=60")}, false, false, []string{"Cookie"}, []string{"public, max-age=60"}},
		{"H1 the handler's own", []Header{set("Cache-Control", "private, max-age=60")}, false, true, []string{"Cookie"}, []string{"private, max-age=60"}},
		{"H1 public", []Header{set("Cache-Control", "public, max-age=60")}, false, true, []string{"Cookie"}, []string{"no-store"}},
		{"H1 public in another case", []Header{set("cache-control", "Public")}, false, true, []string{"Cookie"}, []string{"no-store"}},
		{"H1 shared lifetime", []Header{set("Cache-Control", "S-MaxAge=60")}, false, true, []string{"Cookie"}, []string{"no-store"}},
		{"H1 the handler's own with a cookie", []Header{set("Cache-Control", "private")}, true, true, []string{"Cookie"}, []string{"no-store"}},
		{"H1 lines that contradict each other", []Header{set("Cache-Control", "private"), add("Cache-Control", "public")}, false, true, []string{"Cookie"}, []string{"no-store"}},
		{"H1 lines that agree", []Header{set("Cache-Control", "private"), add("Cache-Control", "max-age=60")}, false, true, []string{"Cookie"}, []string{"private", "max-age=60"}},
		{"H1 stored, and asked for each time", []Header{set("Cache-Control", "no-cache")}, false, true, []string{"Cookie"}, []string{"no-store"}},
		{"H1 one field is private", []Header{set("Cache-Control", `private="X-User"`)}, false, true, []string{"Cookie"}, []string{"no-store"}},
		{"H1 public replaced by the handler", []Header{set("Cache-Control", "public"), set("Cache-Control", "private")}, false, true, []string{"Cookie"}, []string{"private"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			ctx := humago.NewContext(&huma.Operation{}, httptest.NewRequest(http.MethodGet, "/", nil), w)
			var h Headers
			for _, header := range tt.held {
				h.Hold(header)
			}
			if len(w.Header()) != 0 {
				t.Fatalf("sent before the commit: %v", w.Header())
			}
			h.Release(ctx, StandardHeader(ctx), rulesOf(tt.cookie, tt.active), false)
			if got := w.Header().Values("Vary"); !slices.Equal(got, tt.vary) {
				t.Errorf("Vary: got %q, want %q", got, tt.vary)
			}
			if got := w.Header().Values("Cache-Control"); !slices.Equal(got, tt.cache) {
				t.Errorf("Cache-Control: got %q, want %q", got, tt.cache)
			}
		})
	}
}

func TestForbidsSharedCaches(t *testing.T) {
	for _, tt := range []struct {
		lines []string
		want  bool
	}{
		{[]string{"private"}, true},
		{[]string{"Private, max-age=60"}, true},
		{[]string{"max-age=60 ,\tPRIVATE "}, true},
		{[]string{"no-store"}, true},
		{[]string{"no-store, no-cache, must-revalidate"}, true},
		{[]string{"max-age=60", "private"}, true},
		{[]string{"private", "no-store"}, true},
		{[]string{"must-understand, private"}, true},
		{[]string{`private, ext="a, public"`}, true},
		{nil, false},
		{[]string{""}, false},
		{[]string{"max-age=60"}, false},
		{[]string{"no-cache"}, false},
		{[]string{"no-cache, must-revalidate"}, false},
		{[]string{`no-cache="Set-Cookie"`}, false},
		{[]string{`no-cache="Set-Cookie, private"`}, false},
		{[]string{`no-cache="a, \"b, private, c"`}, false},
		{[]string{`ext="private`}, false},
		{[]string{`private="Set-Cookie"`}, false},
		{[]string{`private = "Set-Cookie"`}, false},
		{[]string{"private="}, false},
		{[]string{`private, private="X-User"`}, false},
		{[]string{"public"}, false},
		{[]string{"s-maxage=60"}, false},
		{[]string{"private, S-MaxAge=60"}, false},
		{[]string{"no-store, s-maxage=60"}, false},
		{[]string{"public, private"}, false},
		{[]string{"private", "public, max-age=60"}, false},
		{[]string{"public, no-store"}, false},
		{[]string{"must-understand, no-store"}, false},
		{[]string{"no-store, must-understand"}, false},
		{[]string{"privately"}, false},
		{[]string{"private; max-age=60"}, false},
		{[]string{"!no-store"}, false},
		{[]string{"no-store=1"}, false},
	} {
		t.Run(fmt.Sprintf("H1 %q", tt.lines), func(t *testing.T) {
			var c caching
			for _, line := range tt.lines {
				c.add(line)
			}
			if got := c.forbidsShared(); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// targeted are the fields that override Cache-Control for some caches.
var targeted = []string{
	"CDN-Cache-Control", "Cloudflare-CDN-Cache-Control", "Vercel-CDN-Cache-Control", "netlify-cdn-cache-control", "Akamai-Cache-Control",
	"X-LiteSpeed-Cache-Control", "Surrogate-Control", "Edge-Control", "X-Accel-Expires",
}

func TestTargetedCacheFields(t *testing.T) {
	for _, name := range targeted {
		for _, tt := range []struct {
			name           string
			outer, held    string
			cookie, active bool
			want           string
		}{
			{"held", "", "max-age=600", false, true, ""},
			{"held with a cookie", "", "private", true, true, ""},
			{"held and private", "", "private, max-age=600", false, true, "private, max-age=600"},
			{"held and not stored", "", "no-store", false, true, "no-store"},
			{"held without a session", "", "max-age=600", false, false, "max-age=600"},
			{"outer", "max-age=600", "", false, true, ""},
			{"outer with a cookie", "private", "", true, false, ""},
			{"outer and not stored", "no-store", "", false, true, "no-store"},
			{"outer without a session", "max-age=600", "", false, false, "max-age=600"},
			{"outer public, held private", "max-age=600", "private", false, true, "private"},
		} {
			t.Run("H1 "+name+" "+tt.name, func(t *testing.T) {
				w := httptest.NewRecorder()
				if tt.outer != "" {
					w.Header()[name] = []string{tt.outer}
				}
				ctx := humago.NewContext(&huma.Operation{}, httptest.NewRequest(http.MethodGet, "/", nil), w)
				var h Headers
				if tt.held != "" {
					h.Hold(Header{Name: name, Value: tt.held, Add: true})
				}
				h.Release(unwrapOnly{ctx}, StandardHeader(unwrapOnly{ctx}), rulesOf(tt.cookie, tt.active), false)
				var got []string
				for have, lines := range w.Header() {
					if SameName(have, name) {
						got = append(got, lines...)
					}
				}
				if want := tt.want; want == "" && len(got) != 0 || want != "" && !slices.Equal(got, []string{want}) {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		}
	}
}

func TestHeldHeadersKeepOrder(t *testing.T) {
	w := httptest.NewRecorder()
	ctx := humago.NewContext(&huma.Operation{}, httptest.NewRequest(http.MethodGet, "/", nil), w)
	var h Headers
	want := []string{"a", "b", "c", "d", "e", "f", "g"} // more than fit inline
	h.Hold(Header{Name: "X-Set", Value: "old"})
	for _, v := range want {
		h.Hold(Header{Name: "X-Add", Value: v, Add: true})
	}
	h.Hold(Header{Name: "X-Set", Value: "new"})
	h.Release(ctx, StandardHeader(ctx), rulesOf(false, false), false)
	if got := w.Header().Values("X-Add"); !slices.Equal(got, want) {
		t.Errorf("added: got %q, want %q", got, want)
	}
	if got := w.Header().Values("X-Set"); !slices.Equal(got, []string{"new"}) {
		t.Errorf("set twice: got %q, want %q", got, "new")
	}
	t.Run("and none is left", func(t *testing.T) {
		n := 0
		h.Each(func(Header) { n++ })
		if n != 0 {
			t.Errorf("held after the release: got %d, want 0", n)
		}
	})
}

// joiningContext changes headers as huma's fiber adapters do.
type joiningContext struct{ humaContext }

func (joiningContext) StreamBody(func(io.Writer)) {}

func (c joiningContext) AppendHeader(name, value string) {
	if old := c.lines()[name]; len(old) > 0 {
		value = old[0] + ", " + value
	}
	c.SetHeader(name, value)
}

func (c joiningContext) SetHeader(name, value string) {
	if name == "Set-Cookie" {
		c.humaContext.AppendHeader(name, value)
		return
	}
	c.humaContext.SetHeader(name, value)
}

func (c joiningContext) lines() http.Header {
	_, w := humago.Unwrap(c.humaContext)
	return w.Header()
}

func TestHeldCookiesAreNeverJoined(t *testing.T) {
	plain := humago.NewContext(&huma.Operation{}, httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder())
	for _, tt := range []struct {
		name string
		ctx  huma.Context
	}{
		{"C15 net/http", plain},
		{"C15 fasthttp", joiningContext{plain}},
		{"C15 fasthttp below a middleware", unwrapOnly{joiningContext{plain}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, w := humago.Unwrap(plain)
			clear(w.Header())
			var h Headers
			for _, line := range []string{"a=1", "b=2", "c=3"} {
				h.Hold(Header{Name: "Set-Cookie", Value: line, Add: true})
			}
			h.Release(tt.ctx, StandardHeader(tt.ctx), rulesOf(true, true), false)
			if got, want := w.Header().Values("Set-Cookie"), []string{"a=1", "b=2", "c=3"}; !slices.Equal(got, want) {
				t.Errorf("lines: got %q, want %q", got, want)
			}
		})
	}
}

// humaContext lets a struct embed the interface and implement it, although one of
// its methods is called Context.
type humaContext huma.Context

// unwrapOnly is a middleware's context that hides the capabilities of its inner
// context.
type unwrapOnly struct{ humaContext }

func (u unwrapOnly) Unwrap() huma.Context { return u.humaContext }

// Headers that are held arrive as if they had not been, in whatever form they are kept.
func TestHeldAsIfSent(t *testing.T) {
	steps := []Header{
		{Name: "Content-Type", Value: "text/plain"}, {Name: "Content-Type", Value: "text/html"},
		{Name: "Content-Type", Value: "text/csv", Add: true}, {Name: "Content-Type"},
		{Name: "Link", Value: "</a>", Add: true}, {Name: "Link", Value: "</b>", Add: true},
		{Name: "Link", Value: "</c>"}, {Name: "Link", Add: true},
		{Name: "content-type", Value: "text/css"}, {Name: "link", Value: "</d>", Add: true},
		{Name: "X-Other", Value: "x", Add: true},
	}
	n := len(steps)
	for i := range n * n * n {
		held, sent := httptest.NewRecorder(), httptest.NewRecorder()
		sent.Header().Add("Vary", "Cookie")
		var h Headers
		for _, step := range []Header{steps[i%n], steps[i/n%n], steps[i/n/n]} {
			h.Hold(step)
			if step.Add {
				sent.Header().Add(step.Name, step.Value)
			} else {
				sent.Header().Set(step.Name, step.Value)
			}
		}
		ctx := humago.NewContext(&huma.Operation{}, httptest.NewRequest(http.MethodGet, "/", nil), held)
		h.Release(ctx, StandardHeader(ctx), rulesOf(false, false), false)
		if got, want := fmt.Sprint(held.Header()), fmt.Sprint(sent.Header()); got != want {
			t.Fatalf("%v: got %s, want %s", []Header{steps[i%n], steps[i/n%n], steps[i/n/n]}, got, want)
		}
	}
}

// watchedContext is a context of middleware that watches the headers.
type watchedContext struct {
	humaContext
	seen http.Header
}

func (c *watchedContext) SetHeader(name, value string) { c.seen.Set(name, value) }

func (c *watchedContext) AppendHeader(name, value string) { c.seen.Add(name, value) }

// Middleware that caches answers learns from its context that it must not.
func TestContextOfMiddlewareSeesHeaders(t *testing.T) {
	t.Run("H1 the context of middleware gets the headers", func(t *testing.T) {
		w := httptest.NewRecorder()
		ctx := &watchedContext{humago.NewContext(&huma.Operation{}, httptest.NewRequest(http.MethodGet, "/", nil), w), http.Header{}}
		var h Headers
		h.Hold(Header{Name: "Content-Type", Value: "text/plain"})
		h.Hold(Header{Name: "Link", Value: "</a>", Add: true})
		h.Release(ctx, StandardHeader(ctx), rulesOf(false, true), false)
		want := http.Header{"Content-Type": {"text/plain"}, "Link": {"</a>"}, "Vary": {"Cookie"}, "Cache-Control": {"no-store"}}
		if got := fmt.Sprint(ctx.seen); got != fmt.Sprint(want) {
			t.Errorf("got %s, want %v", got, want)
		}
	})
}
