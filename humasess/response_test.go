package humasess_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/sse"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

type sessionInput struct{ humasess.Session[account] }

// output is one whose every part the test chooses.
type output struct {
	Status       int
	CacheControl string   `header:"Cache-Control"`
	Vary         []string `header:"Vary"`
	ETag         string   `header:"ETag"`
	Location     string   `header:"Location"`
	SetCookie    string   `header:"Set-Cookie"`
	Body         []byte
}

// outputRig has an operation whose handler the test sets.
type outputRig struct {
	*rig[account]
	do  handler[account]
	out *output
	err error
}

func (o *output) orOK() *output {
	if o.Status == 0 {
		o.Status = http.StatusOK
	}
	return o
}

func newOutputRig(t *testing.T) *outputRig {
	o := &outputRig{rig: newRig(t, accountOptions()), do: nothing[account]}
	huma.Get(o.api, "/out", func(ctx context.Context, in *sessionInput) (*output, error) {
		if err := o.do(ctx, &in.Session); err != nil {
			return nil, err
		}
		return o.out.orOK(), o.err
	})
	return o
}

func TestOneCookie(t *testing.T) {
	r := newRig(t, accountOptions())
	start1 := start(account{ID: "u1"})
	remember := func(_ context.Context, s *humasess.Session[account]) error { return s.Remember(true) }
	others := func(ctx context.Context, s *humasess.Session[account]) error {
		_, err := s.RevokeOthers(ctx)
		return err
	}
	commit := func(ctx context.Context, s *humasess.Session[account]) error { return s.Commit(ctx) }
	tests := []struct {
		name   string
		signed bool
		steps  []handler[account]
		want   int
		active bool
	}{
		{"nothing", true, nil, 0, true},
		{"nothing, no session", false, nil, 0, false},
		{"change", true, []handler[account]{increment, increment}, 0, true},
		{"start", false, []handler[account]{start1}, 1, true},
		{"start twice", true, []handler[account]{start1, start1}, 1, true},
		{"start, change, remember, renew", false, []handler[account]{start1, increment, remember, renew[account]}, 1, true},
		{"renew twice, remember, change", true, []handler[account]{renew[account], increment, remember, renew[account]}, 1, true},
		{"destroy", true, []handler[account]{destroy[account]}, 1, false},
		{"renew, destroy", true, []handler[account]{renew[account], destroy[account]}, 1, false},
		{"destroy, start", true, []handler[account]{destroy[account], start1}, 1, true},
		{"start, destroy", true, []handler[account]{start1, destroy[account]}, 1, false},
		{"commits between", true, []handler[account]{start1, commit, renew[account], commit, increment, commit, start1, commit, remember}, 1, true},
		{"committed, then destroyed", false, []handler[account]{start1, commit, destroy[account]}, 0, false},
		{"revoke others", true, []handler[account]{others, increment}, 1, true},
	}
	for _, tt := range tests {
		t.Run("C15 "+tt.name, func(t *testing.T) {
			c := r.client()
			if tt.signed {
				c = r.signedIn(account{ID: "u1"})
			}
			w := r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
				for i, step := range tt.steps {
					if err := step(ctx, s); err != nil {
						t.Errorf("step %d: %v", i, err)
					}
				}
				return nil
			})
			if tt.name == "committed, then destroyed" {
				if n := len(setCookies(w)); n > 1 {
					t.Errorf("Set-Cookie lines: got %d, want at most one", n)
				}
			} else {
				wantCookies(t, w, tt.want)
			}
			r.wantActive(c, tt.active)
		})
	}
}

func TestCookieAttributes(t *testing.T) {
	r := newRig(t, accountOptions())
	w := r.loginCall(r.client(), start(account{ID: "u1"}))
	lines := setCookies(w)
	if len(lines) != 1 {
		t.Fatalf("Set-Cookie: got %q, want one", lines)
	}
	name, rest, _ := strings.Cut(lines[0], "=")
	value, attributes, _ := strings.Cut(rest, "; ")
	for id, part := range map[string]string{"C1": "Secure", "C2": "Path=/", "C4": "HttpOnly", "C5": "SameSite=Lax"} {
		t.Run(id+" the default is "+part, func(t *testing.T) {
			if !strings.Contains("; "+attributes+";", "; "+part+";") {
				t.Errorf("attributes: got %q, want %s", attributes, part)
			}
		})
	}
	t.Run("C2 no Domain by default", func(t *testing.T) {
		if strings.Contains(attributes, "Domain") {
			t.Errorf("attributes: got %q", attributes)
		}
	})
	t.Run("C12 no age by default", func(t *testing.T) {
		if strings.Contains(attributes, "Max-Age") || strings.Contains(attributes, "Expires") {
			t.Errorf("attributes: got %q", attributes)
		}
	})
	t.Run("T10 the name says nothing about the server", func(t *testing.T) {
		if name != "__Host-id" {
			t.Errorf("name: got %q, want %q", name, "__Host-id")
		}
		o := accountOptions()
		o.Cookie.Name = "__Host-other"
		named := newRig(t, o)
		w := named.loginCall(named.client(), start(account{ID: "u1"}))
		if got := w.Header().Get("Set-Cookie"); !strings.HasPrefix(got, "__Host-other=") {
			t.Errorf("configured name: got %q", got)
		}
	})
	t.Run("C4 the token leaves by Set-Cookie only", func(t *testing.T) {
		o := newOutputRig(t)
		c := o.client()
		responses := []*httptest.ResponseRecorder{o.loginCall(c, start(account{ID: "u1"}))}
		var list string
		o.do = func(ctx context.Context, s *humasess.Session[account]) error {
			infos, err := s.List(ctx)
			list = strings.Join([]string{s.String(), infos[0].ID}, " ")
			return err
		}
		secret := token(c)
		o.out = &output{Body: []byte("x")}
		responses = append(responses, c.Do(http.MethodGet, "/out", nil), o.call(c, nothing[account]),
			o.call(c, func(context.Context, *humasess.Session[account]) error { return errors.New("x") }),
			c.Do(http.MethodGet, "/openapi.json", nil), c.Do(http.MethodGet, "/none", nil), o.call(c, destroy[account]))
		for i, w := range responses {
			w.Header().Del("Set-Cookie")
			var all bytes.Buffer
			_ = w.Header().Write(&all)
			all.Write(w.Body.Bytes())
			if strings.Contains(all.String(), secret[22:]) {
				t.Errorf("response %d carries the token", i)
			}
		}
		if list == "" || strings.Contains(list, secret[22:]) {
			t.Errorf("texts of the session: got %q", list)
		}
	})
	if len(value) != 64 {
		t.Errorf("value: got %d characters, want 64", len(value))
	}
}

func TestCacheHeaders(t *testing.T) {
	o := newOutputRig(t)
	tests := []struct {
		name   string
		signed bool
		do     handler[account]
		out    *output
		vary   []string
		cache  []string
	}{
		{"H1 H2 active", true, nothing[account], &output{}, []string{"Cookie"}, []string{"no-store"}},
		{"H2 looked at, none active", false, nothing[account], &output{}, []string{"Cookie"}, nil},
		{"H1 set", false, start(account{ID: "u1"}), &output{}, []string{"Cookie"}, []string{"no-store"}},
		{"H1 expired", true, destroy[account], &output{}, []string{"Cookie"}, []string{"no-store"}},
		{"the handler's own, private", true, nothing[account], &output{CacheControl: "private, max-age=60"}, []string{"Cookie"}, []string{"private, max-age=60"}},
		{"H1 set wins over the handler's private", false, start(account{ID: "u1"}), &output{CacheControl: "private, max-age=60"}, []string{"Cookie"}, []string{"no-store"}},
		{"H1 active wins over public", true, nothing[account], &output{CacheControl: "public, max-age=60"}, []string{"Cookie"}, []string{"no-store"}},
		{"public without a session", false, nothing[account], &output{CacheControl: "public, max-age=60"}, []string{"Cookie"}, []string{"public, max-age=60"}},
		{"H2 merged with another field", true, nothing[account], &output{Vary: []string{"Accept"}}, []string{"Accept", "Cookie"}, []string{"no-store"}},
		{"H2 not doubled", true, nothing[account], &output{Vary: []string{"Accept, cookie"}}, []string{"Accept, cookie"}, []string{"no-store"}},
		{"H2 not doubled by a second line", true, nothing[account], &output{Vary: []string{"Accept", "Cookie"}}, []string{"Accept", "Cookie"}, []string{"no-store"}},
		{"H2 everything", true, nothing[account], &output{Vary: []string{"*"}}, []string{"*"}, []string{"no-store"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := o.client()
			if tt.signed {
				c = o.signedIn(account{ID: "u1"})
			}
			o.do, o.out = tt.do, tt.out
			o.out.Body = []byte("x")
			w := c.Do(http.MethodGet, "/out", nil)
			wantStatus(t, w, http.StatusOK)
			wantHeader(t, w, "Vary", tt.vary...)
			wantHeader(t, w, "Cache-Control", tt.cache...)
		})
	}
	t.Run("X3 H2 an operation without a session is left alone", func(t *testing.T) {
		r := newRig(t, accountOptions())
		huma.Get(r.api, "/plain", func(context.Context, *struct{}) (*output, error) {
			return &output{Status: 200, CacheControl: "public", Body: []byte("x")}, nil
		})
		c := r.signedIn(account{ID: "u1"})
		r.store.Reset()
		w := c.Do(http.MethodGet, "/plain", nil)
		wantStatus(t, w, http.StatusOK)
		wantHeader(t, w, "Vary")
		wantHeader(t, w, "Cache-Control", "public")
		wantHeader(t, w, "Set-Cookie")
		r.wantCalls(map[humasesstest.Op]int{})
	})
	t.Run("a cookie of the handler's own stays", func(t *testing.T) {
		o.do, o.out = start(account{ID: "u1"}), &output{SetCookie: "theme=dark", Body: []byte("x")}
		w := o.client().Do(http.MethodGet, "/out", nil)
		if got := w.Header().Values("Set-Cookie"); len(got) != 2 {
			t.Errorf("Set-Cookie: got %q, want the handler's and ours", got)
		}
	})
}

// Every kind of response commits before its first byte and carries the cookie.
func TestKindsOfResponse(t *testing.T) {
	type streamOutput = huma.StreamResponse
	r := newRig(t, accountOptions())
	signIn := start(account{ID: "u1", N: 1})
	huma.Get(r.api, "/json", func(ctx context.Context, in *sessionInput) (*who, error) {
		return &who{}, signIn(ctx, &in.Session)
	})
	huma.Get(r.api, "/bytes", func(ctx context.Context, in *sessionInput) (*output, error) {
		return &output{Status: 200, Body: []byte("hello")}, signIn(ctx, &in.Session)
	})
	huma.Get(r.api, "/empty", func(ctx context.Context, in *sessionInput) (*struct{}, error) {
		return nil, signIn(ctx, &in.Session)
	})
	huma.Get(r.api, "/not-modified", func(ctx context.Context, in *sessionInput) (*output, error) {
		return &output{Status: http.StatusNotModified, ETag: `"1"`}, signIn(ctx, &in.Session)
	})
	huma.Get(r.api, "/redirect", func(ctx context.Context, in *sessionInput) (*output, error) {
		return &output{Status: http.StatusSeeOther, Location: "/elsewhere"}, signIn(ctx, &in.Session)
	})
	stream := func(path string, body func(huma.Context)) {
		huma.Get(r.api, path, func(ctx context.Context, in *sessionInput) (*streamOutput, error) {
			return &streamOutput{Body: body}, signIn(ctx, &in.Session)
		})
	}
	stream("/stream", func(ctx huma.Context) {
		ctx.SetHeader("X-Stream", "1")
		w := ctx.BodyWriter()
		for range 3 {
			_, _ = io.WriteString(w, "part ")
			w.(http.Flusher).Flush()
		}
	})
	stream("/stream-status", func(ctx huma.Context) {
		ctx.SetHeader("X-Stream", "1")
		ctx.SetStatus(http.StatusAccepted)
		_, _ = io.WriteString(ctx.BodyWriter(), "later")
	})
	stream("/stream-nothing", func(ctx huma.Context) { ctx.SetHeader("X-Stream", "1") })
	stream("/early-hints", func(ctx huma.Context) {
		ctx.SetHeader("Link", "</style.css>; rel=preload")
		ctx.SetStatus(http.StatusEarlyHints)
		ctx.SetStatus(http.StatusOK)
		_, _ = io.WriteString(ctx.BodyWriter(), "hinted")
	})
	sse.Register(r.api, huma.Operation{OperationID: "events", Method: http.MethodGet, Path: "/sse"},
		map[string]any{"message": who{}.Body},
		func(ctx context.Context, in *struct{ humasess.Required[account] }, send sse.Sender) {
			w := who{}
			w.Body.ID = in.Value().ID
			if err := in.Renew(); !errors.Is(err, humasess.ErrCommitted) {
				t.Errorf("X6 Renew in a stream: got %v, want %v", err, humasess.ErrCommitted)
			}
			if err := send.Data(w.Body); err != nil {
				t.Errorf("send: %v", err)
			}
		})

	tests := []struct {
		name, method, path string
		status             int
		body               string
	}{
		{"JSON", http.MethodGet, "/json", 200, ""},
		{"bytes", http.MethodGet, "/bytes", 200, "hello"},
		{"204", http.MethodGet, "/empty", 204, ""},
		{"304", http.MethodGet, "/not-modified", 304, ""},
		{"redirect", http.MethodGet, "/redirect", 303, ""},
		{"HEAD", http.MethodHead, "/bytes", 200, ""},
		{"HEAD of a stream", http.MethodHead, "/stream", 200, ""},
		{"stream", http.MethodGet, "/stream", 200, "part part part "},
		{"stream with a status", http.MethodGet, "/stream-status", 202, "later"},
		{"stream that writes nothing", http.MethodGet, "/stream-nothing", 200, ""},
		{"1xx, then 200", http.MethodGet, "/early-hints", 200, "hinted"},
	}
	server := httptest.NewServer(r.mux)
	defer server.Close()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, tt := range tests {
		t.Run("H5 X4 "+tt.name, func(t *testing.T) {
			req, _ := http.NewRequest(tt.method, server.URL+tt.path, nil)
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != tt.status {
				t.Errorf("status: got %d, want %d", res.StatusCode, tt.status)
			}
			cookies := res.Cookies()
			if len(cookies) != 1 {
				t.Fatalf("cookies: got %v, want one", cookies)
			}
			if strings.HasPrefix(tt.path, "/stream") && res.Header.Get("X-Stream") != "1" {
				t.Error("the stream's header is missing")
			}
			// The header is here, so the session must be: the body may be not.
			if got, ok := r.data(r.withToken(cookies[0].Value)); !ok || got.N != 1 {
				t.Errorf("the next request: got %+v, %v, want the session", got, ok)
			}
			if body, _ := io.ReadAll(res.Body); tt.body != "" && string(body) != tt.body && tt.method != http.MethodHead {
				t.Errorf("body: got %q, want %q", body, tt.body)
			}
		})
	}

	t.Run("sse", func(t *testing.T) {
		wantStatus(t, r.client().Do(http.MethodGet, "/sse", nil), http.StatusUnauthorized)
		w := r.signedIn(account{ID: "u1"}).Do(http.MethodGet, "/sse", nil)
		wantStatus(t, w, http.StatusOK)
		if got := w.Body.String(); !strings.Contains(got, `"id":"u1"`) {
			t.Errorf("body: got %q, want the event", got)
		}
		wantHeader(t, w, "Vary", "Cookie")
		wantHeader(t, w, "Cache-Control", "no-store")
	})
}

func TestChangeAfterFirstByte(t *testing.T) {
	r := newRig(t, accountOptions())
	changes := map[string]handler[account]{
		"Start":    start(account{ID: "u2"}),
		"Update":   increment,
		"Destroy":  destroy[account],
		"Renew":    renew[account],
		"Remember": func(_ context.Context, s *humasess.Session[account]) error { return s.Remember(true) },
		"SetTTL":   func(_ context.Context, s *humasess.Session[account]) error { return s.SetTTL(1e9) },
		"Commit":   func(ctx context.Context, s *humasess.Session[account]) error { return s.Commit(ctx) },
		"Revoke":   func(ctx context.Context, s *humasess.Session[account]) error { return s.Revoke(ctx, s.ID()) },
		"RevokeOthers": func(ctx context.Context, s *humasess.Session[account]) error {
			_, err := s.RevokeOthers(ctx)
			return err
		},
		"RevokeAll": func(ctx context.Context, s *humasess.Session[account]) error {
			_, err := s.RevokeAll(ctx)
			return err
		},
	}
	errs := map[string]error{}
	huma.Get(r.api, "/late", func(ctx context.Context, in *sessionInput) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(hctx huma.Context) {
			_, _ = io.WriteString(hctx.BodyWriter(), "x")
			for name, change := range changes {
				errs[name] = change(hctx.Context(), &in.Session)
			}
			if a, ok := in.Get(); !ok || a.ID != "u1" {
				t.Errorf("Get after the first byte: got %+v, %v, want u1", a, ok)
			}
		}}, nil
	})
	c := r.signedIn(account{ID: "u1"})
	before := token(c)
	c.Do(http.MethodGet, "/late", nil)
	for name, err := range errs {
		t.Run("X6 "+name, func(t *testing.T) {
			if !errors.Is(err, humasess.ErrCommitted) {
				t.Errorf("got %v, want %v", err, humasess.ErrCommitted)
			}
		})
	}
	if got, ok := r.data(c); !ok || got.N != 0 || token(c) != before || len(errs) != len(changes) {
		t.Errorf("the session afterwards: got %+v, %v, want it unchanged", got, ok)
	}
}

func TestOtherMiddleware(t *testing.T) {
	type key struct{}
	r := newRig(t, accountOptions())
	api, mux := plainAPI()
	if err := r.sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	api.UseMiddleware(
		func(ctx huma.Context, next func(huma.Context)) { next(huma.WithValue(ctx, key{}, "value")) },
		func(ctx huma.Context, next func(huma.Context)) {
			under, cancel := context.WithCancel(ctx.Context())
			defer cancel()
			next(huma.WithContext(ctx, under))
		},
	)
	huma.Get(api, "/", func(ctx context.Context, in *sessionInput) (*who, error) {
		if got := ctx.Value(key{}); got != "value" {
			t.Errorf("value of a later middleware: got %v", got)
		}
		s, ok := humasess.From[account](ctx)
		if !ok {
			t.Fatal("From finds no session below other middlewares")
		}
		if err := s.Start(account{ID: "u1"}); err != nil {
			return nil, err
		}
		a, _ := in.Get()
		return answerWho(a.ID, nil, "")
	})
	c := humasesstest.NewClient(mux)
	w := c.Do(http.MethodGet, "/", nil)
	wantStatus(t, w, http.StatusOK)
	wantCookies(t, w, 1)
	if !strings.Contains(w.Body.String(), `"id":"u1"`) {
		t.Errorf("body: got %s", w.Body)
	}
	r.wantActive(r.withToken(token(c)), true)
}

func TestTransformers(t *testing.T) {
	config := huma.DefaultConfig("Test", "1.0.0")
	config.Transformers = append(config.Transformers, func(ctx huma.Context, status string, v any) (any, error) {
		ctx.SetHeader("X-Transformed", status)
		if w, ok := v.(*who); ok {
			w.Body.Extra = "transformed"
		}
		return v, nil
	})
	r := newRigOn(t, accountOptions(), memory.New(nil), config)
	huma.Get(r.api, "/who", func(context.Context, *struct{ humasess.Required[account] }) (*struct{ Body *who }, error) {
		return &struct{ Body *who }{&who{}}, nil
	})
	w := r.signedIn(account{ID: "u1"}).Do(http.MethodGet, "/who", nil)
	wantStatus(t, w, http.StatusOK)
	wantHeader(t, w, "X-Transformed", "200")
	if !strings.Contains(w.Body.String(), "transformed") {
		t.Errorf("body: got %s", w.Body)
	}
	w = r.client().Do(http.MethodGet, "/who", nil) // our own answers too
	wantStatus(t, w, http.StatusUnauthorized)
	wantHeader(t, w, "X-Transformed", "401")
}
