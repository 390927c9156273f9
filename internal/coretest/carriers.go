package coretest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/humasess/sessions/humasess"
)

// carrierKind says how a client keeps its session.
type carrierKind string

const (
	byCookie carrierKind = "cookie"
	byToken  carrierKind = "bearer"
)

func (k carrierKind) other() carrierKind {
	if k == byCookie {
		return byToken
	}
	return byCookie
}

func eachCarrier(run func(*testing.T, Shared, carrierKind)) func(*testing.T, Shared) {
	return func(t *testing.T, s Shared) {
		for _, k := range []carrierKind{byCookie, byToken} {
			t.Run(string(k), func(t *testing.T) {
				run(t, s, k)
				s.endAll(t, "ada", "bob", "eve")
			})
		}
	}
}

// endAll ends the sessions of the users one by one, so that no mark of a revocation stays.
func (s Shared) endAll(t *testing.T, names ...string) {
	t.Helper()
	_, _, admin := s.serveBoth(t, nil)
	for _, name := range names {
		listed, err := admin.List(t.Context(), name)
		if err != nil {
			t.Errorf("List: %v", err)
		}
		for i := range listed {
			if err := admin.Revoke(t.Context(), listed[i].ID); err != nil {
				t.Errorf("Revoke: %v", err)
			}
		}
	}
}

// serveBoth is serve with options that let sessions have bearer tokens.
func (s Shared) serveBoth(t *testing.T, opts *humasess.Options[User]) (one, other http.Handler, admin *humasess.Manager[User]) {
	t.Helper()
	var o humasess.Options[User]
	if opts != nil {
		o = *opts
	}
	if o.Bearer == nil {
		o.Bearer = &humasess.BearerOptions{}
	}
	return s.serve(t, &o)
}

// device is a client that keeps one credential of a session.
type device struct {
	t          *testing.T
	kind       carrierKind
	at         http.Handler
	credential string
}

// newDevice returns a client that is signed in.
func newDevice(t *testing.T, kind carrierKind, at http.Handler, name string) *device {
	t.Helper()
	d := &device{t: t, kind: kind, at: at}
	d.do("POST", d.login(name), d.signedIn())
	if d.credential == "" {
		t.Fatalf("sign-in with %s: got no credential", kind)
	}
	return d
}

func (d *device) login(name string) string {
	if d.kind == byToken {
		return "/login-bearer?name=" + name
	}
	return "/login?name=" + name
}

// signedIn is the status of a successful sign-in.
func (d *device) signedIn() int {
	if d.kind == byToken {
		return http.StatusOK
	}
	return http.StatusNoContent
}

func (d *device) renewal() string {
	if d.kind == byToken {
		return "/renew-bearer"
	}
	return "/renew"
}

// clone returns a client of another server with the same credential.
func (d *device) clone(at http.Handler) *device {
	c := *d
	c.at = at
	return &c
}

// send sends a request and returns the response, which the device does not read.
func (d *device) send(method, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, "https://example.com"+path, nil)
	switch {
	case d.credential == "":
	case d.kind == byToken:
		r.Header.Set("Authorization", "Bearer "+d.credential)
	default:
		r.AddCookie(&http.Cookie{Name: CookieName, Value: d.credential})
	}
	w := httptest.NewRecorder()
	d.at.ServeHTTP(w, r)
	return w
}

// keep takes the new credential of a response.
func (d *device) keep(w *httptest.ResponseRecorder) {
	d.t.Helper()
	if d.kind == byCookie {
		for _, c := range w.Result().Cookies() {
			if c.Name == CookieName {
				d.credential = c.Value
			}
		}
		return
	}
	if w.Header()["Set-Cookie"] != nil {
		d.t.Errorf("got cookies %q for a client with a token", w.Header()["Set-Cookie"])
	}
	if token := w.Header().Get("Session-Token"); token != "" {
		d.credential = token
	}
	if strings.Contains(w.Body.String(), `"access_token"`) {
		d.credential = decode[humasess.BearerToken](d.t, w.Body.String()).AccessToken
	}
}

// do is [Do] for a device.
func (d *device) do(method, path string, want int) string {
	d.t.Helper()
	w := d.send(method, path)
	if w.Code != want {
		d.t.Errorf("%s %s with %s: got %d %s, want %d", method, path, d.kind, w.Code, w.Body, want)
	}
	d.keep(w)
	return strings.TrimSpace(w.Body.String())
}

// wantList compares the carriers of a user's sessions with a number of each.
func wantList(t *testing.T, admin *humasess.Manager[User], name string, want map[carrierKind]int) {
	t.Helper()
	listed, err := admin.List(t.Context(), name)
	if err != nil {
		t.Errorf("List: %v", err)
	}
	got := map[carrierKind]int{}
	for i := range listed {
		got[carrierKind(listed[i].Carrier)]++
	}
	if got[byCookie] != want[byCookie] || got[byToken] != want[byToken] {
		t.Errorf("sessions of %s: got %v, want %v", name, got, want)
	}
}
