package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// formerRig is a rig whose cookie had the names "sid" and "old".
func formerRig(t *testing.T, edit func(*humasess.Options[account])) *rig[account] {
	t.Helper()
	opts := accountOptions()
	opts.Cookie.Former = []humasess.CookieScope{{Name: "sid"}, {Name: "old", Domain: "example.com"}}
	if edit != nil {
		edit(&opts)
	}
	return newRig(t, opts)
}

// under returns an edit that sends the client's session under these names.
func under(c *humasesstest.Client, names ...string) func(*http.Request) {
	value := token(c)
	return func(r *http.Request) {
		for _, name := range names {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
	}
}

// wantSet compares the beginnings of the Set-Cookie lines: "name=" of those that
// expire a cookie, "name" of those that set it.
func wantSet(t *testing.T, w *httptest.ResponseRecorder, want ...string) {
	t.Helper()
	var got []string
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			c.Name += "="
		}
		got = append(got, c.Name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("Set-Cookie: got %q, want %q", got, want)
	}
}

func TestFormerName(t *testing.T) {
	id := cookieName
	set, gone := []string{"sid=", "old=", id}, []string{"sid=", "old=", id + "="}
	fails := func(context.Context, *humasess.Session[account]) error { return huma.Error409Conflict("no") }
	tests := []struct {
		name  string
		names []string
		do    handler[account]
		want  int
		set   []string
	}{
		{"a read", []string{"sid"}, nothing[account], 204, nil},
		{"Update", []string{"sid"}, increment, 204, set},
		{"Update under the second former name", []string{"old"}, increment, 204, set},
		{"Renew", []string{"sid"}, renew[account], 204, set},
		{"Start", []string{"sid"}, start(account{ID: "bob"}), 204, set},
		{"Destroy", []string{"sid"}, destroy[account], 204, gone},
		{"an error response", []string{"sid"}, fails, 409, nil},
		{"an error response after Update", []string{"sid"}, func(ctx context.Context, s *humasess.Session[account]) error {
			if err := increment(ctx, s); err != nil {
				return err
			}
			return fails(ctx, s)
		}, 409, nil},
		{"T12 Update with the same token under the present name", []string{"sid", id}, increment, 204, nil},
		{"T12 Destroy with the same token under the present name", []string{"sid", id}, destroy[account], 204, gone},
		{"Update under the present name", []string{id}, increment, 204, nil},
	}
	for _, tt := range tests {
		t.Run("C15 "+tt.name, func(t *testing.T) {
			r := formerRig(t, nil)
			c := r.signedIn(account{ID: "ada"})
			w := r.requiredCall(r.client(), tt.do, under(c, tt.names...))
			wantStatus(t, w, tt.want)
			wantSet(t, w, tt.set...)
		})
	}
	t.Run("C15 Start without a session", func(t *testing.T) {
		r := formerRig(t, nil)
		wantSet(t, r.loginCall(r.client(), start(account{ID: "ada"})), set...)
	})
	t.Run("C15 without Former there is one line", func(t *testing.T) {
		r := newRig(t, accountOptions())
		wantSet(t, r.loginCall(r.client(), start(account{ID: "ada"})), id)
	})
	t.Run("a name that is not listed opens nothing", func(t *testing.T) {
		r := formerRig(t, nil)
		c := r.signedIn(account{ID: "ada"})
		wantStatus(t, r.requiredCall(r.client(), nothing, under(c, "sidd", "SID")), http.StatusUnauthorized)
	})
	t.Run("L8 an extension issues it, one in a tenth of the idle timeout", func(t *testing.T) {
		r := formerRig(t, func(o *humasess.Options[account]) { o.IdleTimeout = 20 * time.Minute })
		c := r.signedIn(account{ID: "ada"})
		r.clock.Advance(119 * time.Second)
		wantSet(t, r.requiredCall(r.client(), nothing, under(c, "sid")))
		r.clock.Advance(time.Second)
		w := r.requiredCall(r.client(), nothing, under(c, "sid"))
		wantSet(t, w, set...)
		c.SetCookie(w.Result().Cookies()[2])
		r.wantActive(c, true)
	})
	t.Run("refused requests touch no cookie", func(t *testing.T) {
		r := formerRig(t, nil)
		huma.Post(r.api, "/admin", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }, r.sessions.Require("admin"))
		c := r.signedIn(account{ID: "ada"})
		w := r.client().Do("POST", "/admin", nil, under(c, "sid"))
		wantStatus(t, w, http.StatusForbidden)
		wantSet(t, w)
		r.clock.Advance(24 * time.Hour)
		w = r.client().Do("POST", "/admin", nil, under(c, "sid"))
		wantStatus(t, w, http.StatusUnauthorized)
		wantSet(t, w)
	})
	t.Run("a write that fails touches no cookie", func(t *testing.T) {
		r := formerRig(t, nil)
		c := r.signedIn(account{ID: "ada"})
		r.store.Fail(humasesstest.OpUpdate, errors.New("store is down"))
		w := r.requiredCall(r.client(), increment, under(c, "sid"))
		wantStatus(t, w, http.StatusServiceUnavailable)
		wantSet(t, w)
	})
}

// A former scope with the present name does not show in a request, so each write
// sets the cookie.
func TestFormerScope(t *testing.T) {
	id := cookieName
	r := formerRig(t, func(o *humasess.Options[account]) {
		o.Cookie.Former = []humasess.CookieScope{{Partitioned: true}}
	})
	c := r.signedIn(account{ID: "ada"})
	wantSet(t, r.requiredCall(c, nothing))
	w := r.requiredCall(c, increment)
	wantSet(t, w, id+"=", id)
	if lines := setCookies(w); !strings.Contains(lines[0], "; Partitioned") || strings.Contains(lines[1], "; Partitioned") {
		t.Errorf("got %q, want the partitioned one expired", lines)
	}
	r.wantActive(c, true)
	wantSet(t, r.requiredCall(c, destroy), id+"=", id+"=")
}

// Live sessions under two names are as two under one.
func TestFormerClash(t *testing.T) {
	id := cookieName
	for name, do := range map[string]struct {
		handler[account]
		status int
		set    []string
	}{
		"Start":   {start(account{ID: "eve"}), 204, []string{"sid=", "old=", id}},
		"Destroy": {destroy[account], 204, []string{"sid=", "old=", id + "="}},
		"Update":  {increment, 409, nil},
	} {
		t.Run("T12 "+name, func(t *testing.T) {
			r := formerRig(t, nil)
			ada, bob := r.signedIn(account{ID: "ada"}), r.signedIn(account{ID: "bob"})
			both := func(req *http.Request) { under(ada, "sid")(req); under(bob, id)(req) }
			wantStatus(t, r.requiredCall(r.client(), nothing, both), http.StatusUnauthorized)
			w := r.call(r.client(), do.handler, both)
			wantStatus(t, w, do.status)
			wantSet(t, w, do.set...)
			r.wantActive(ada, do.status == 409)
			r.wantActive(bob, do.status == 409)
		})
	}
	t.Run("T12 a dead one under the other name changes nothing", func(t *testing.T) {
		r := formerRig(t, nil)
		ada, dead := r.signedIn(account{ID: "ada"}), r.withToken(strings.Repeat("A", 64))
		for _, at := range [][2]string{{"sid", id}, {id, "sid"}} {
			wantStatus(t, r.requiredCall(r.client(), increment, under(ada, at[0]), under(dead, at[1])), http.StatusNoContent)
		}
	})
}

// A sealed token opens under the name that it was sealed for.
func TestFormerSealed(t *testing.T) {
	sealer, store := aead(t, newKey(t)), memory.New(nil)
	manager := func(c humasess.CookieOptions) *humasess.Manager[account] {
		opts := accountOptions()
		opts.Sealer, opts.Cookie = sealer, c
		m, err := humasess.New(store, &opts)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	cookie := humasesstest.Login(t, manager(humasess.CookieOptions{Name: "sid"}), account{ID: "ada"})
	present := manager(humasess.CookieOptions{Former: []humasess.CookieScope{{Name: "sid"}, {Name: "old"}}})
	for name, want := range map[string]bool{"sid": true, "old": false, cookieName: false} {
		got := false
		c := humasesstest.NewClient(present.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s, _ := humasess.From[account](r.Context())
			got = s.Active()
		})))
		c.SetCookie(&http.Cookie{Name: name, Value: cookie.Value})
		c.Do(http.MethodGet, "/", nil)
		if got != want {
			t.Errorf("K2 under %q: got %v, want %v", name, got, want)
		}
	}
}

// Managers on one API expire no cookie of each other.
func TestFormerNameOfAnotherManager(t *testing.T) {
	former := func(name string) []humasess.CookieScope { return []humasess.CookieScope{{Name: name}} }
	for _, tt := range []struct {
		name       string
		users      []humasess.CookieScope
		cart       string
		cartFormer []humasess.CookieScope
		refused    bool
	}{
		{"the first had the name of the second", former("cart"), "cart", nil, true},
		{"the second had the name of the first", nil, "cart", former(cookieName), true},
		{"both had one name", former("sid"), "cart", former("sid"), true},
		{"different names", former("sid"), "cart", former("basket"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			users, err := humasess.New(memory.New(nil), &humasess.Options[account]{Cookie: humasess.CookieOptions{Former: tt.users}})
			if err != nil {
				t.Fatal(err)
			}
			carts, err := humasess.New(memory.New(nil), &humasess.Options[basket]{
				SchemeName: "cart", Cookie: humasess.CookieOptions{Name: tt.cart, Former: tt.cartFormer},
			})
			if err != nil {
				t.Fatal(err)
			}
			api := humago.New(http.NewServeMux(), huma.DefaultConfig("Test", "1"))
			if err := users.Attach(api); err != nil {
				t.Fatal(err)
			}
			if err := carts.Attach(api); (err != nil) != tt.refused {
				t.Errorf("got error %v, want one: %v", err, tt.refused)
			}
		})
	}
}
