package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/formats/cbor"
	fxcbor "github.com/fxamacker/cbor/v2"
	"github.com/humasess/sessions/humasess"
)

// responseBehaviours are about the parts of a response beside the session.
var responseBehaviours = []behaviour{
	{"H1 H2 H5 every kind of success carries the cookie", successes},
	{"every kind of error response drops pending changes", errorResponses},
	{"C15 the handler's own cookies stay beside ours", ownCookies},
	{"H1 H2 the handler's Vary and Cache-Control are merged", mergedHeaders},
	{"CBOR answers and problems", cborResponses},
	{"values and contexts of other middlewares", otherMiddlewares},
	{"transformers see the session and its response", transformers},
	{"HEAD of an operation of GET", headOfGet},
}

type loginOnly struct{ humasess.Login[account] }

// startAnd adds an operation that starts a session and answers with out.
func startAnd[O any](api huma.API, op huma.Operation, answer func() (*O, error)) {
	op.OperationID = strings.ReplaceAll(op.Path, "/", "-")
	if op.Method == "" {
		op.Method = http.MethodPost
	}
	huma.Register(api, op, func(_ context.Context, in *loginOnly) (*O, error) {
		if err := in.Session.Start(account{ID: "ada"}); err != nil {
			return nil, err
		}
		return answer()
	})
}

// returning returns a function that returns out.
func returning[O any](out O) func() (*O, error) { return func() (*O, error) { return &out, nil } }

type (
	jsonOutput struct {
		ETag string `header:"ETag"`
		Body account
	}
	bytesOutput struct {
		ContentType string `header:"Content-Type"`
		Body        []byte
	}
	statusOutput struct {
		Status   int
		Location string `header:"Location"`
	}
	textOutput struct {
		Status int
		Body   string
	}
)

func successes(t *testing.T, a *adapter) {
	r := accounts(t, a, func(_ *rig[account], api huma.API) {
		startAnd(api, huma.Operation{Path: "/s/json"}, returning(jsonOutput{ETag: `"v1"`, Body: account{ID: "ada"}}))
		startAnd(api, huma.Operation{Path: "/s/bytes"}, returning(bytesOutput{"text/plain; charset=utf-8", []byte("plain")}))
		startAnd(api, huma.Operation{Path: "/s/created", DefaultStatus: http.StatusCreated}, returning(jsonOutput{Body: account{ID: "ada"}}))
		startAnd(api, huma.Operation{Path: "/s/none"}, returning(struct{}{}))
		startAnd(api, huma.Operation{Path: "/s/see-other"}, returning(statusOutput{http.StatusSeeOther, "/elsewhere"}))
		startAnd(api, huma.Operation{Path: "/s/permanent"}, returning(statusOutput{http.StatusPermanentRedirect, "/elsewhere"}))
		startAnd(api, huma.Operation{Path: "/s/not-modified"}, returning(statusOutput{http.StatusNotModified, ""}))
		startAnd(api, huma.Operation{Path: "/s/not-modified-error"}, func() (*struct{}, error) { return nil, huma.Status304NotModified() })
		startAnd(api, huma.Operation{Path: "/s/head", Method: http.MethodHead}, returning(struct{}{}))
		startAnd(api, huma.Operation{Path: "/s/stream-nothing"}, returning(huma.StreamResponse{Body: func(huma.Context) {}}))
		startAnd(api, huma.Operation{Path: "/s/stream-status"}, returning(huma.StreamResponse{Body: func(ctx huma.Context) {
			ctx.SetHeader("X-Stream", "yes")
			ctx.SetStatus(http.StatusAccepted)
		}}))
		startAnd(api, huma.Operation{Path: "/s/stream"}, returning(huma.StreamResponse{Body: func(ctx huma.Context) {
			ctx.SetHeader("Content-Type", "text/plain")
			_, _ = fmt.Fprint(ctx.BodyWriter(), "one ")
			_, _ = fmt.Fprint(ctx.BodyWriter(), "two")
		}}))
	})
	for _, tt := range []struct {
		path   string
		status int
		header string // name and value that must be there
		body   string
	}{
		{"/s/json", 200, `Etag="v1"`, `"id":"ada"`},
		{"/s/bytes", 200, "Content-Type=text/plain; charset=utf-8", "plain"},
		{"/s/created", 201, "Content-Type=application/json", `"id":"ada"`},
		{"/s/none", 204, "", ""},
		{"/s/see-other", 303, "Location=/elsewhere", ""},
		{"/s/permanent", 308, "Location=/elsewhere", ""},
		{"/s/not-modified", 304, "", ""},
		{"/s/not-modified-error", 304, "", ""},
		{"/s/head", 200, "", ""},
		{"/s/stream-nothing", 200, "", ""},
		{"/s/stream-status", 202, "X-Stream=yes", ""},
		{"/s/stream", 200, "Content-Type=text/plain", "one two"},
	} {
		t.Run(strings.TrimPrefix(tt.path, "/s/"), func(t *testing.T) {
			c, method := r.client(), http.MethodPost
			if tt.path == "/s/head" {
				method = http.MethodHead
			}
			got := c.do(method, tt.path, "")
			got.wantStatus(t, tt.status)
			got.wantCookies(t, 1)
			got.wantVary(t, "Cookie")
			got.wantHeader(t, "Cache-Control", "no-store")
			if name, value, ok := strings.Cut(tt.header, "="); ok && got.Header.Get(name) != value {
				t.Errorf("%s: got %q, want %q", name, got.Header.Get(name), value)
			}
			if !strings.Contains(got.text, tt.body) || tt.body == "" && got.text != "" {
				t.Errorf("body: got %q, want %q", got.text, tt.body)
			}
			r.wantActive(c, true)
		})
	}
}

func errorResponses(t *testing.T, a *adapter) {
	r := accounts(t, a, func(_ *rig[account], api huma.API) {
		startAnd(api, huma.Operation{Path: "/e/conflict"}, func() (*struct{}, error) {
			return nil, huma.ErrorWithHeaders(huma.Error409Conflict("taken"), http.Header{"X-Extra": {"kept"}})
		})
		startAnd(api, huma.Operation{Path: "/e/plain-error"}, func() (*struct{}, error) { return nil, errors.New("secret text") })
		startAnd(api, huma.Operation{Path: "/e/status"}, returning(textOutput{http.StatusTeapot, "short"}))
		startAnd(api, huma.Operation{Path: "/e/stream"}, returning(huma.StreamResponse{Body: func(ctx huma.Context) {
			ctx.SetStatus(http.StatusBadGateway)
			_, _ = fmt.Fprint(ctx.BodyWriter(), "upstream")
		}}))
	})
	for _, tt := range []struct {
		path         string
		status       int
		header, body string
	}{
		{"/e/conflict", 409, "kept", "taken"},
		{"/e/plain-error", 500, "", "unexpected error"},
		{"/e/status", 418, "", "short"},
		{"/e/stream", 502, "", "upstream"},
	} {
		t.Run(strings.TrimPrefix(tt.path, "/e/"), func(t *testing.T) {
			r.store.Reset()
			got := r.client().do("POST", tt.path, "")
			got.wantStatus(t, tt.status)
			got.wantCookies(t, 0)
			got.wantVary(t, "Cookie")
			if got.Header.Get("X-Extra") != tt.header || !strings.Contains(got.text, tt.body) {
				t.Errorf("got X-Extra %q and %q, want %q and %q", got.Header.Get("X-Extra"), got.text, tt.header, tt.body)
			}
			r.wantCalls(0)
		})
	}
	t.Run("a logout stands", func(t *testing.T) {
		c := r.signedIn(account{ID: "bob"})
		old := c.clone()
		got := r.call(c, func(_ context.Context, s *humasess.Session[account]) error {
			return errors.Join(s.Destroy(), huma.Error400BadRequest("anyway"))
		})
		got.wantStatus(t, http.StatusBadRequest)
		got.wantCookies(t, 1)
		r.wantActive(old, false)
	})
	t.Run("validation comes after the session and keeps it", func(t *testing.T) {
		c := r.signedIn(account{ID: "bob"})
		got := c.do("POST", "/required", "", header("X-Call", r.keep(func(_ context.Context, s *humasess.Session[account]) error {
			return errors.Join(s.Update(func(a *account) error { a.N = 9; return nil }), huma.Error422UnprocessableEntity("no"))
		})))
		got.wantStatus(t, http.StatusUnprocessableEntity)
		if data, ok := r.data(c); !ok || data.N != 0 {
			t.Errorf("data: got %+v, %v, want none of the update", data, ok)
		}
	})
}

func ownCookies(t *testing.T, a *adapter) {
	type oneCookie struct {
		SetCookie http.Cookie `header:"Set-Cookie"`
	}
	type manyCookies struct {
		SetCookie []http.Cookie `header:"Set-Cookie"`
	}
	r := accounts(t, a, func(_ *rig[account], api huma.API) {
		startAnd(api, huma.Operation{Path: "/one"}, returning(oneCookie{http.Cookie{Name: "theme", Value: "dark"}}))
		startAnd(api, huma.Operation{Path: "/many"}, returning(manyCookies{[]http.Cookie{{Name: "theme", Value: "dark"}, {Name: "lang", Value: "de"}}}))
	})
	for path, want := range map[string]string{"/one": "theme=dark", "/many": "theme=dark lang=de"} {
		c := r.client()
		got := c.do("POST", path, "")
		got.wantCookies(t, 1)
		var own []string
		for _, line := range got.Header.Values("Set-Cookie") {
			if !strings.HasPrefix(line, cookieName) {
				own = append(own, line)
			}
		}
		if strings.Join(own, " ") != want {
			t.Errorf("%s: the handler's cookies: got %q, want %q", path, own, want)
		}
		r.wantActive(c, true)
	}
}

func mergedHeaders(t *testing.T, a *adapter) {
	type output struct {
		Vary  string `header:"Vary"`
		Cache string `header:"Cache-Control"`
	}
	answers := map[string]output{
		"/private": {"Accept-Language", "private, max-age=60"},
		"/public":  {"Cookie, Accept-Language", "public, max-age=60"},
	}
	r := accounts(t, a, func(_ *rig[account], api huma.API) {
		for path, out := range answers {
			huma.Get(api, path, func(context.Context, *struct{ humasess.Session[account] }) (*output, error) { return &out, nil })
			startAnd(api, huma.Operation{Path: "/login" + path}, returning(out))
		}
	})
	c, anonymous := r.signedIn(account{ID: "ada"}), r.client()
	for _, tt := range []struct {
		name, cache string
		got         *response
	}{
		{"private data of a session", "private, max-age=60", c.do("GET", "/private", "")},
		{"public data beside a session", "no-store", c.do("GET", "/public", "")},
		{"public data without a session", "public, max-age=60", anonymous.do("GET", "/public", "")},
		{"with a cookie, against the handler's header", "no-store", r.client().do("POST", "/login/private", "")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.got.wantHeader(t, "Cache-Control", tt.cache)
			tt.got.wantVary(t, "Cookie", "Accept-Language")
		})
	}
}

func cborResponses(t *testing.T, a *adapter) {
	formats := func(c *huma.Config) {
		c.Formats["application/cbor"], c.Formats["cbor"] = cbor.DefaultCBORFormat, cbor.DefaultCBORFormat
	}
	r := newRig(t, a, setup[account]{opts: accountOptions(), config: func(c *huma.Config) {
		c.Formats = map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat}
		formats(c)
	}, ops: func(_ *rig[account], api huma.API) {
		startAnd(api, huma.Operation{Path: "/cbor"}, returning(jsonOutput{Body: account{ID: "ada"}}))
	}})
	accept := header("Accept", "application/cbor")
	c := r.client()
	got := c.do("POST", "/cbor", "", accept)
	got.wantCookies(t, 1)
	got.wantHeader(t, "Content-Type", "application/cbor")
	var body map[string]any
	if err := fxcbor.Unmarshal([]byte(got.text), &body); err != nil || body["id"] != "ada" {
		t.Errorf("body: got %v, %v, want ada's in CBOR", body, err)
	}
	refused := r.requiredCall(r.client(), nothing[account], accept)
	refused.wantStatus(t, http.StatusUnauthorized)
	refused.wantHeader(t, "Content-Type", "application/problem+cbor")
	if err := fxcbor.Unmarshal([]byte(refused.text), &body); err != nil || body["type"] != "urn:humasess:problem:no-session" {
		t.Errorf("problem: got %v, %v, want one in CBOR", body, err)
	}
}

func headOfGet(t *testing.T, a *adapter) {
	r := accounts(t, a, registerAccess)
	want := map[bool][2]int{true: {401, 200}, false: {0, 0}}[a.can(headForGet)]
	for i, c := range []*client{r.client(), r.signedIn(account{ID: "ada"})} {
		got := c.do("HEAD", "/me", "")
		if want[i] == 0 {
			if got.StatusCode != http.StatusNotFound && got.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("status: got %d, want a router that does not know HEAD", got.StatusCode)
			}
			continue
		}
		got.wantStatus(t, want[i])
		got.wantVary(t, "Cookie")
	}
}
