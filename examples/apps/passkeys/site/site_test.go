package site_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/humasess/sessions/examples/apps/passkeys/site"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// origin is that of the requests that a [humasesstest.Client] sends.
const origin = "https://example.com"

// The cookies of the two managers on https.
const (
	sessionCookie  = "__Host-passkeys"
	ceremonyCookie = "__Host-passkeys-ceremony"
)

// rig is the application with its clock, on a store that can fail.
type rig struct {
	*site.Site

	t     *testing.T
	clock *humasesstest.Clock
	store *humasesstest.Store
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, clock: humasesstest.NewClock(), store: humasesstest.Wrap(memory.New(nil))}
	var err error
	r.Site, err = site.New(r.store, origin, &site.Options{Now: r.clock.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r
}

// together makes calls of the store wait for each other, each after its work: so many at a
// time, and so many times.
func (r *rig) together(op humasesstest.Op, calls, times int) {
	var mu sync.Mutex
	arrived, all := 0, make(chan struct{})
	r.store.After(op, func(ctx context.Context) error {
		mu.Lock()
		here := all
		if arrived++; arrived == calls {
			close(all)
			arrived, all = 0, make(chan struct{})
			if times--; times == 0 {
				r.store.After(op, nil)
			}
		}
		mu.Unlock()
		select {
		case <-here:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// browser is a client with the device of its user.
type browser struct {
	*humasesstest.Client
	*device

	t *testing.T
}

// registered returns a browser that is signed in to a new account.
func (r *rig) registered(name string) *browser {
	r.t.Helper()
	b := &browser{humasesstest.NewClient(r), newDevice(r.t), r.t}
	b.want(http.StatusNoContent, "/api/register/finish", b.create(b.begin("register", map[string]string{"name": name})))
	return b
}

// begin begins a ceremony, and returns the options for the browser.
func (b *browser) begin(name string, body any) []byte {
	b.t.Helper()
	return b.want(http.StatusOK, "/api/"+name+"/begin", body).Body.Bytes()
}

// want posts a body, and fails the test unless the answer has the status.
func (b *browser) want(status int, path string, body any) *httptest.ResponseRecorder {
	b.t.Helper()
	w := b.Do(http.MethodPost, path, body)
	if w.Code != status {
		b.t.Fatalf("%s: got %d %s, want %d", path, w.Code, w.Body, status)
	}
	return w
}

// wantUser compares the user and the methods of the session; "" is none.
func (b *browser) wantUser(name, methods string) {
	b.t.Helper()
	w := b.Do(http.MethodGet, "/api/session", nil)
	var got struct {
		User           struct{ Name string }
		Authentication struct{ Methods []struct{ Name string } }
	}
	if w.Code == http.StatusOK {
		b.decode(w.Body.Bytes(), &got)
	}
	var names []string
	for _, m := range got.Authentication.Methods {
		names = append(names, m.Name)
	}
	if joined := strings.Join(names, " "); got.User.Name != name || joined != methods {
		b.t.Errorf("got the user %q by %q, want %q by %q", got.User.Name, joined, name, methods)
	}
}

// wantDelete deletes the account, if the session is allowed to.
func (b *browser) wantDelete(status int) *httptest.ResponseRecorder {
	b.t.Helper()
	w := b.Do(http.MethodDelete, "/api/account", nil)
	if w.Code != status {
		b.t.Errorf("delete: got %d %s, want %d", w.Code, w.Body, status)
	}
	return w
}

// TestDocument compares the application with its own document.
func TestDocument(t *testing.T) {
	r := newRig(t)
	cookie := &http.Cookie{Name: sessionCookie, Value: r.registered("Ada").Cookie(sessionCookie)}
	humasesstest.CheckDocument(t, r.API(), &humasesstest.CheckOptions{
		Handler: r, Sessions: []humasesstest.CheckSession{{Name: "ada", Cookies: []*http.Cookie{cookie}}},
	})
}

// TestPolicy compares the policy of the application with the file that reviewers read.
func TestPolicy(t *testing.T) {
	humasesstest.CheckPolicy(t, newRig(t).API(), "testdata/policy.json")
}

func TestPage(t *testing.T) {
	c := humasesstest.NewClient(newRig(t))
	for path, kind := range map[string]string{
		"/": "text/html; charset=utf-8", "/app.js": "text/javascript; charset=utf-8", "/app.css": "text/css; charset=utf-8", "/icon.svg": "image/svg+xml",
	} {
		w := c.Do(http.MethodGet, path, nil)
		if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != kind {
			t.Errorf("%s: got %d and %s, want 200 and %s", path, w.Code, got, kind)
		}
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
			if got := w.Header().Get("Content-Security-Policy"); !strings.Contains(got, want) {
				t.Errorf("%s: got the policy %q, want %q in it", path, got, want)
			}
		}
	}
	if w := c.Do(http.MethodGet, "/other", nil); w.Code != http.StatusNotFound {
		t.Errorf("/other: got %d, want 404", w.Code)
	}
}

func TestOptions(t *testing.T) {
	r := newRig(t)
	b := r.registered("Ada")
	for _, tt := range []struct {
		ceremony, verification string
		body                   any
	}{
		{"sign-in", "preferred", nil},
		{"step-up", "required", nil},
	} {
		var got struct {
			PublicKey struct{ UserVerification, RPID string }
		}
		if err := json.Unmarshal(b.begin(tt.ceremony, tt.body), &got); err != nil {
			t.Fatal(err)
		}
		if got.PublicKey.UserVerification != tt.verification || got.PublicKey.RPID != "example.com" {
			t.Errorf("%s: got %+v, want user verification %s for example.com", tt.ceremony, got.PublicKey, tt.verification)
		}
	}
}
