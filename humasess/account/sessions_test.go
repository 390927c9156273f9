package account_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/account"
	"github.com/humasess/sessions/humasess/humasesstest"
)

func TestGet(t *testing.T) {
	r := newRig(t, options{})
	c := r.signedIn("ada", "laptop")
	began := r.clock.Now()

	t.Run("L7 it shows the view, and when the session ends", func(t *testing.T) {
		w := do(t, c, "GET", "/session", 200)
		got := decoded[account.AccountCurrentSession[profile]](t, w)
		if got.User.Name != "Name of ada" || len(got.ID) != 22 {
			t.Errorf("got user %+v and ID %q, want ada and 22 characters", got.User, got.ID)
		}
		if !got.CreatedAt.Equal(began) || !got.ExpiresAt.Equal(began.Add(unused)) {
			t.Errorf("got %v to %v, want %v and 33 minutes", got.CreatedAt, got.ExpiresAt, began)
		}
		for _, secret := range []string{"s3cr3t", "laptop", `"ada"`} {
			if strings.Contains(w.Body.String(), secret) {
				t.Errorf("got %s, want nothing that View leaves out", w.Body)
			}
		}
	})
	t.Run("L7 asking extends nothing", func(t *testing.T) {
		r := newRig(t, options{})
		c := r.signedIn("ada", "laptop")
		began := r.clock.Now()
		for range 32 {
			r.clock.Advance(time.Minute)
			got := decoded[account.AccountCurrentSession[profile]](t, do(t, c, "GET", "/session", 200))
			if !got.ExpiresAt.Equal(began.Add(unused)) || !got.Deadline.Equal(began.Add(12*time.Hour)) {
				t.Fatalf("got expiry %v and deadline %v, want 33 minutes and 12 hours after %v", got.ExpiresAt, got.Deadline, began)
			}
		}
		r.clock.Advance(time.Minute)
		do(t, c, "GET", "/session", 401)
	})
	t.Run("without a session", func(t *testing.T) { do(t, r.client(), "GET", "/session", 401) })
}

// TestAuthentication compares the answer as text, because clients read these names.
func TestAuthentication(t *testing.T) {
	r := newRig(t, options{})
	huma.Post(r.api, "/prove", func(_ context.Context, in *struct{ humasess.Required[user] }) (*struct{}, error) {
		return nil, in.Session.ReauthenticatedWith(humasess.Authentication{
			Methods: []humasess.Method{{Name: "pop"}, {Name: "user"}}, Class: "phr",
		})
	})
	c := r.signedIn("ada", "laptop")
	began := r.clock.Now().UTC().Format(time.RFC3339Nano)
	want := func(text string) {
		t.Helper()
		if got := do(t, c, "GET", "/session", 200).Body.String(); !strings.Contains(got, `"authentication":`+text) {
			t.Errorf("got %s, want the authentication %s", got, text)
		}
	}
	want(`{"time":"` + began + `"}`)
	r.clock.Advance(time.Minute)
	do(t, c, "POST", "/prove", 204)
	proven := r.clock.Now().UTC().Format(time.RFC3339Nano)
	r.clock.Advance(time.Minute)
	want(`{"time":"` + proven + `","methods":[{"name":"pop","time":"` + proven + `"},{"name":"user","time":"` + proven + `"}],"class":"phr"}`)

	t.Run("of a visitor", func(t *testing.T) {
		r := rigWith(t, humasess.Options[user]{AnonymousSuffices: true})
		r.register(options{})
		huma.Post(r.api, "/basket", func(_ context.Context, in *struct{ humasess.Session[user] }) (*struct{}, error) {
			return nil, in.Session.Update(func(u *user) error { u.Device = "tent"; return nil })
		})
		c = r.client()
		do(t, c, "POST", "/basket", 204)
		want(`{}`)
	})
}

func TestList(t *testing.T) {
	label := func(i humasess.Info[user]) string { return i.Data.Device }

	t.Run("R5 it shows the user's sessions, this one first, then the latest", func(t *testing.T) {
		r := newRig(t, options{Label: label})
		laptop := r.signedIn("ada", "laptop")
		first := r.clock.Now()
		phone, tablet := r.signedIn("ada", "phone"), r.signedIn("ada", "tablet")
		r.signedIn("bob", "desk")
		r.clock.Advance(10 * time.Minute)
		do(t, phone, "GET", "/sessions", 200)

		got := decoded[account.AccountSessionList](t, do(t, laptop, "GET", "/sessions", 200))
		if got, want := labels(got), "laptop* phone tablet"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got.Total != 3 {
			t.Errorf("total: got %d, want 3", got.Total)
		}
		if s := got.Sessions[0]; s.ID != idOf(t, laptop) || !s.CreatedAt.Equal(first) {
			t.Errorf("got ID %q and creation %v, want %q and %v", s.ID, s.CreatedAt, idOf(t, laptop), first)
		}
		if s := got.Sessions[1]; !s.LastSeenAt.Equal(r.clock.Now()) || !s.ExpiresAt.Equal(r.clock.Now().Add(unused)) {
			t.Errorf("got %v, expiring %v, want it seen now, and 33 minutes from here", s.LastSeenAt, s.ExpiresAt)
		}
		if got, want := labels(decoded[account.AccountSessionList](t, do(t, tablet, "GET", "/sessions", 200))), "tablet* phone laptop"; got != want {
			t.Errorf("from the tablet: got %q, want %q", got, want)
		}
	})
	t.Run("R5 the client is shown as far as it was noted", func(t *testing.T) {
		for _, tt := range []struct {
			name           string
			client         func(huma.Context) humasess.Client
			label, address string
		}{
			{"nothing", nil, "", ""},
			{"the user agent", func(ctx huma.Context) humasess.Client {
				return humasess.Client{UserAgent: ctx.Header("User-Agent")}
			}, "Firefox on Linux", ""},
			{"the network", func(ctx huma.Context) humasess.Client {
				return humasess.Client{Address: humasess.ClientOf(ctx).Address}
			}, "", "192.0.2.0/24"},
			{"the user agent and the network", humasess.ClientOf, "Firefox on Linux", "192.0.2.0/24"},
			{"all", func(ctx huma.Context) humasess.Client {
				addr := netip.MustParseAddrPort(ctx.RemoteAddr()).Addr()
				return humasess.Client{UserAgent: ctx.Header("User-Agent"), Address: netip.PrefixFrom(addr, addr.BitLen())}
			}, "Firefox on Linux", "192.0.2.1"},
		} {
			r := rigWith(t, humasess.Options[user]{Client: tt.client})
			r.register(options{})
			huma.Post(r.api, "/login", func(_ context.Context, in *struct{ humasess.Login[user] }) (*struct{}, error) {
				return nil, in.Session.Start(user{ID: "ada"})
			})
			c := r.client()
			if w := c.Do("POST", "/login", nil, func(req *http.Request) {
				req.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")
			}); w.Code != 204 {
				t.Fatalf("login: got %d %s, want 204", w.Code, w.Body)
			}
			got := decoded[account.AccountSessionList](t, do(t, c, "GET", "/sessions", 200)).Sessions[0]
			if got.Label != tt.label || got.Address != tt.address {
				t.Errorf("%s: got label %q and address %q, want %q and %q", tt.name, got.Label, got.Address, tt.label, tt.address)
			}
		}
	})
	t.Run("no labels by default, and nothing of the data", func(t *testing.T) {
		r := newRig(t, options{})
		w := do(t, r.signedIn("ada", "laptop"), "GET", "/sessions", 200)
		for _, absent := range []string{"label", "laptop", "s3cr3t", "ada"} {
			if strings.Contains(w.Body.String(), absent) {
				t.Errorf("got %s, want no %s in it", w.Body, absent)
			}
		}
	})
	t.Run("MaxListed keeps this session and the latest", func(t *testing.T) {
		r := newRig(t, options{Label: label, MaxListed: 3})
		oldest := r.signedIn("ada", "d0")
		for i := range 5 {
			r.signedIn("ada", fmt.Sprint("d", i+1))
		}
		got := decoded[account.AccountSessionList](t, do(t, oldest, "GET", "/sessions", 200))
		if labels(got) != "d0* d5 d4" || got.Total != 6 {
			t.Errorf("got %q of %d, want d0* d5 d4 of 6", labels(got), got.Total)
		}
	})
	t.Run("without a session", func(t *testing.T) { do(t, newRig(t, options{}).client(), "GET", "/sessions", 401) })
}

// labels of a list, with a star at the current one.
func labels(l account.AccountSessionList) string {
	var all []string
	for _, s := range l.Sessions {
		if s.Current {
			s.Label += "*"
		}
		all = append(all, s.Label)
	}
	return strings.Join(all, " ")
}

func TestRevoke(t *testing.T) {
	t.Run("R5 another session of the user ends at once", func(t *testing.T) {
		r := newRig(t, options{})
		laptop, phone := r.signedIn("ada", "laptop"), r.signedIn("ada", "phone")
		id := idOf(t, phone)
		do(t, laptop, "DELETE", "/sessions/"+id, 204)
		do(t, phone, "GET", "/session", 401)
		do(t, laptop, "GET", "/session", 200)
		do(t, laptop, "DELETE", "/sessions/"+id, 404)
	})
	t.Run("R5 the session itself", func(t *testing.T) {
		r := newRig(t, options{Fresh: time.Minute})
		c := r.signedIn("ada", "laptop")
		r.clock.Advance(10 * time.Minute)
		old := c.Clone()
		w := do(t, c, "DELETE", "/sessions/"+idOf(t, c), 204)
		if token(c) != "" || !strings.Contains(w.Header().Get("Set-Cookie"), "Max-Age=0") {
			t.Errorf("got cookie %q, want it expired", w.Header().Get("Set-Cookie"))
		}
		do(t, old, "GET", "/session", 401)
	})
	t.Run("R5 another user's session is as one that does not exist", func(t *testing.T) {
		r := newRig(t, options{})
		ada, bob := r.signedIn("ada", "laptop"), r.signedIn("bob", "desk")
		bobs, ended := idOf(t, bob), r.signedIn("ada", "phone")
		gone := idOf(t, ended)
		do(t, ended, "POST", "/sign-out", 204)
		answers := map[string]*httptest.ResponseRecorder{}
		calls := map[string]map[humasesstest.Op]int{}
		for name, id := range map[string]string{
			"bob's": bobs, "ended": gone, "unknown": "AAAAAAAAAAAAAAAAAAAAAQ", "no ID": "x", "long": strings.Repeat("A", 2000), "escaped": "%00%2F..",
		} {
			r.store.Reset()
			answers[name] = do(t, ada, "DELETE", "/sessions/"+id, 404)
			calls[name] = r.store.Calls()
		}
		want := answers["unknown"]
		for name, w := range answers {
			if w.Body.String() != want.Body.String() || fmt.Sprint(w.Header()) != fmt.Sprint(want.Header()) {
				t.Errorf("%s: got %v %s, want as of an unknown one: %v %s", name, w.Header(), w.Body, want.Header(), want.Body)
			}
		}
		if !maps.Equal(calls["bob's"], calls["unknown"]) {
			t.Errorf("got store calls %v, want as of an unknown one: %v", calls["bob's"], calls["unknown"])
		}
		do(t, bob, "GET", "/session", 200)
	})
	t.Run("without a session", func(t *testing.T) {
		r := newRig(t, options{})
		c := r.signedIn("ada", "laptop")
		do(t, r.client(), "DELETE", "/sessions/"+idOf(t, c), 401)
		do(t, c, "GET", "/session", 200)
	})
}

func TestRevokeOthers(t *testing.T) {
	t.Run("R3 this one lives on with a new token, the others end", func(t *testing.T) {
		r := newRig(t, options{})
		laptop, phone, tablet, bob := r.signedIn("ada", "l"), r.signedIn("ada", "p"), r.signedIn("ada", "t"), r.signedIn("bob", "d")
		before := token(laptop)
		if w := do(t, laptop, "POST", "/sessions/revoke-others", 200); !strings.Contains(w.Body.String(), `"revoked":2`) {
			t.Errorf("got %s, want 2 ended", w.Body)
		}
		if token(laptop) == before {
			t.Error("got the same token, want a new one")
		}
		do(t, laptop, "GET", "/session", 200)
		do(t, phone, "GET", "/session", 401)
		do(t, tablet, "GET", "/session", 401)
		do(t, bob, "GET", "/session", 200)
	})
}

// TestAnonymous is about sessions without a user.
func TestAnonymous(t *testing.T) {
	// visitors returns clients with an anonymous session each, in which the
	// device is noted.
	visitors := func(r *rig, devices ...string) (clients []*humasesstest.Client) {
		huma.Post(r.api, "/visit/{device}", func(_ context.Context, in *struct {
			humasess.Session[user]
			Device string `path:"device"`
		}) (*struct{}, error) {
			return nil, in.Update(func(u *user) error { u.Device = in.Device; return nil })
		})
		for _, device := range devices {
			c := r.client()
			do(r.t, c, "POST", "/visit/"+device, 204)
			clients = append(clients, c)
		}
		return clients
	}
	t.Run("it can only sign out", func(t *testing.T) {
		r := newRig(t, options{Watch: true})
		c := visitors(r, "mine")[0]
		for _, op := range []string{
			"GET /session", "GET /sessions", "GET /session/events", "DELETE /sessions/AAAAAAAAAAAAAAAAAAAAAA",
			"POST /sessions/revoke-others", "POST /sign-out-everywhere",
		} {
			method, path, _ := strings.Cut(op, " ")
			do(t, c, method, path, 401)
		}
		do(t, c, "POST", "/sign-out", 204)
		if token(c) != "" {
			t.Errorf("got cookie %q, want none", token(c))
		}
	})
	t.Run("with AnonymousSuffices it sees itself and has no others", func(t *testing.T) {
		r := rigWith(t, humasess.Options[user]{AnonymousSuffices: true})
		r.register(options{Label: func(i humasess.Info[user]) string { return i.Data.Device }})
		clients := visitors(r, "mine", "other")
		got := decoded[account.AccountSessionList](t, do(t, clients[0], "GET", "/sessions", 200))
		if labels(got) != "mine*" || got.Total != 1 {
			t.Errorf("got %q of %d, want mine* of 1", labels(got), got.Total)
		}
		if w := do(t, clients[0], "POST", "/sessions/revoke-others", 200); !strings.Contains(w.Body.String(), `"revoked":0`) {
			t.Errorf("got %s, want 0 ended", w.Body)
		}
		do(t, clients[1], "GET", "/session", 200)
	})
}

func TestSignOut(t *testing.T) {
	t.Run("R1 the old cookie is dead", func(t *testing.T) {
		r := newRig(t, options{Fresh: time.Second})
		c := r.signedIn("ada", "laptop")
		r.clock.Advance(time.Minute)
		old := c.Clone()
		do(t, c, "POST", "/sign-out", 204)
		do(t, old, "GET", "/session", 401)
		if token(c) != "" {
			t.Errorf("got cookie %q, want none", token(c))
		}
	})
	t.Run("R16 again, and without a session", func(t *testing.T) {
		r := newRig(t, options{})
		c := r.signedIn("ada", "laptop")
		old := c.Clone()
		for _, c := range []*humasesstest.Client{c, c, old, r.client()} {
			do(t, c, "POST", "/sign-out", 204)
		}
	})
	t.Run("R15 never by a link, never from another site", func(t *testing.T) {
		r := newRig(t, options{})
		c := r.signedIn("ada", "laptop")
		for _, path := range []string{"/sign-out", "/sign-out-everywhere", "/sessions/revoke-others", "/sessions/" + idOf(t, c)} {
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace} {
				do(t, c, method, path, http.StatusMethodNotAllowed)
			}
			method := http.MethodPost
			if strings.HasPrefix(path, "/sessions/") && !strings.HasSuffix(path, "others") {
				method = http.MethodDelete
			}
			for _, site := range []string{"cross-site", "same-site"} {
				w := c.Do(method, path, nil, func(req *http.Request) {
					req.Header.Set("Sec-Fetch-Site", site)
					req.Header.Set("Origin", "https://evil.example")
				})
				if w.Code != http.StatusForbidden {
					t.Errorf("%s %s from %s: got %d, want 403", method, path, site, w.Code)
				}
			}
		}
		do(t, c, "GET", "/session", 200)
	})
	t.Run("R2 everywhere", func(t *testing.T) {
		r := newRig(t, options{})
		laptop, phone, bob := r.signedIn("ada", "l"), r.signedIn("ada", "p"), r.signedIn("bob", "d")
		old := laptop.Clone()
		if w := do(t, laptop, "POST", "/sign-out-everywhere", 200); !strings.Contains(w.Body.String(), `"revoked":2`) {
			t.Errorf("got %s, want 2 ended", w.Body)
		}
		do(t, old, "GET", "/session", 401)
		do(t, phone, "GET", "/session", 401)
		do(t, bob, "GET", "/session", 200)
		do(t, laptop, "POST", "/sign-out-everywhere", 401) // without a session, the user is unknown
	})
}

func TestFresh(t *testing.T) {
	r := newRig(t, options{Fresh: 5 * time.Minute})
	laptop, phone := r.signedIn("ada", "laptop"), r.signedIn("ada", "phone")
	id := idOf(t, phone)
	r.clock.Advance(5*time.Minute + time.Second)
	for _, request := range [][2]string{
		{"DELETE", "/sessions/" + id},
		{"DELETE", "/sessions/AAAAAAAAAAAAAAAAAAAAAQ"}, // does not show whether the session exists
		{"POST", "/sessions/revoke-others"},
		{"POST", "/sign-out-everywhere"},
	} {
		t.Run("A1 "+request[0]+" "+request[1], func(t *testing.T) {
			w := do(t, laptop, request[0], request[1], 403)
			if want := `"type":"urn:humasess:problem:reauthentication-required"`; !strings.Contains(w.Body.String(), want) {
				t.Errorf("got %s, want %s in it", w.Body, want)
			}
			do(t, phone, "GET", "/session", 200)
			do(t, laptop, "GET", "/sessions", 200)
		})
	}
	t.Run("A1 after a login", func(t *testing.T) {
		do(t, r.signedIn("ada", "tablet"), "DELETE", "/sessions/"+id, 204)
		do(t, phone, "GET", "/session", 401)
	})
}

func TestNoCredentials(t *testing.T) {
	t.Run("C4 the token leaves in Set-Cookie only", func(t *testing.T) {
		r := newRig(t, options{Label: func(i humasess.Info[user]) string { return i.Data.Device }})
		c, phone := r.signedIn("ada", "laptop"), r.signedIn("ada", "phone")
		tokens := []string{token(c), token(phone)}
		for _, request := range [][2]string{
			{"GET", "/session"}, {"GET", "/sessions"}, {"DELETE", "/sessions/" + idOf(t, phone)},
			{"POST", "/sessions/revoke-others"}, {"POST", "/sign-out-everywhere"}, {"POST", "/sign-out"},
		} {
			w := c.Do(request[0], request[1], nil)
			tokens = append(tokens, token(c))
			header := w.Header().Clone()
			header.Del("Set-Cookie")
			text := fmt.Sprint(header) + w.Body.String()
			for _, secret := range tokens {
				// The ID is the public part of the token: its first 22 characters.
				if secret != "" && strings.Contains(text, secret[22:]) {
					t.Errorf("%s %s: got %s, want no credential in it", request[0], request[1], text)
				}
			}
		}
	})
}

func TestStoreFailure(t *testing.T) {
	r := newRig(t, options{})
	c := r.signedIn("ada", "laptop")
	for _, op := range []humasesstest.Op{humasesstest.OpList, humasesstest.OpDelete, humasesstest.OpRevokeIdentity} {
		r.store.Fail(op, errors.New("down"))
	}
	for _, request := range [][2]string{
		{"GET", "/sessions"}, {"DELETE", "/sessions/AAAAAAAAAAAAAAAAAAAAAQ"},
		{"POST", "/sessions/revoke-others"}, {"POST", "/sign-out-everywhere"}, {"POST", "/sign-out"},
	} {
		w := do(t, c, request[0], request[1], 503)
		if w.Header().Get("Retry-After") == "" || len(w.Header()["Set-Cookie"]) != 0 {
			t.Errorf("%s %s: got %v, want Retry-After and no cookie", request[0], request[1], w.Header())
		}
	}
	for _, op := range []humasesstest.Op{humasesstest.OpList, humasesstest.OpDelete, humasesstest.OpRevokeIdentity} {
		r.store.Fail(op, nil)
	}
	do(t, c, "GET", "/session", 200)
}

func TestStoreCalls(t *testing.T) {
	t.Run("X2 reading writes nothing, and a list is one call beside the load", func(t *testing.T) {
		r := newRig(t, options{})
		c := r.signedIn("ada", "laptop")
		r.store.Reset()
		do(t, c, "GET", "/session", 200)
		do(t, c, "GET", "/sessions", 200)
		got := r.store.Calls()
		want := map[humasesstest.Op]int{humasesstest.OpLoad: 2, humasesstest.OpList: 1}
		if !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", slices.Sorted(maps.Keys(got)), want)
		}
	})
}
