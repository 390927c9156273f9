package coretest

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/account"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// carrierStart signs in on both servers, and over a session of each carrier. A sign-in
// that is refused afterwards leaves the old session.
func carrierStart(t *testing.T, s Shared, k carrierKind) {
	one, other, admin := s.serveBoth(t, &humasess.Options[User]{MaxPerIdentity: 2})
	a := newDevice(t, k, one, "ada")
	a.clone(other).do("GET", "/me", 200)
	wantList(t, admin, "ada", map[carrierKind]int{k: 1})
	old := a.clone(other)
	if k == byToken {
		a.do("POST", "/login?name=ada", http.StatusConflict) // its cookie would be lost
	}
	a.do("POST", a.login("ada"), a.signedIn())
	old.do("GET", "/me", 401)
	a.do("GET", "/me", 200)
	wantList(t, admin, "ada", map[carrierKind]int{k: 1})

	// The limit counts both carriers.
	b := newDevice(t, k.other(), other, "ada")
	newDevice(t, k.other(), one, "ada")
	a.do("GET", "/me", 401)
	b.do("GET", "/me", 200)
	wantList(t, admin, "ada", map[carrierKind]int{k.other(): 2})
}

// carrierRead reads on both servers, and with credentials that open nothing.
func carrierRead(t *testing.T, s Shared, k carrierKind) {
	one, other, _ := s.serveBoth(t, nil)
	a := newDevice(t, k, one, "ada")
	for _, at := range []http.Handler{one, other} {
		d := a.clone(at)
		before := d.credential
		d.do("GET", "/me", 200)
		if d.credential != before {
			t.Error("a read has changed the credential")
		}
		if got := decode[string](t, d.do("GET", "/carrier", 200)); got != string(k) {
			t.Errorf("carrier: got %q, want %q", got, k)
		}
	}
	const prefix = len("hs_")
	swapped := &device{t: t, kind: k.other(), at: other, credential: "hs_" + a.credential}
	bad := a.clone(other)
	if k == byToken {
		swapped.credential = a.credential[prefix:]
		bad.credential = a.credential[:prefix] + spoilt(a.credential[prefix:])
	} else {
		bad.credential = spoilt(a.credential)
	}
	swapped.do("GET", "/me", 401)
	bad.do("GET", "/me", 401)
	a.do("GET", "/me", 200)
}

// carrierUpdate changes data through both servers, also at the same time.
func carrierUpdate(t *testing.T, s Shared, k carrierKind) {
	one, other, admin := s.serveBoth(t, nil)
	at := []http.Handler{one, other}
	a := newDevice(t, k, one, "ada")
	const writers = 8
	Together(writers, func(i int) { a.clone(at[i%2]).do("POST", "/bump", 200) })
	if got := N(t, a.clone(other).do("GET", "/me", 200)); got != writers {
		t.Errorf("counter: got %d, want %d", got, writers)
	}
	former := a.clone(other)
	a.do("POST", "/rename?name=eve", 204) // a change of identity makes a new credential
	if a.credential == former.credential {
		t.Error("another identity: got the same credential")
	}
	former.do("GET", "/me", 401)
	if got := N(t, a.clone(other).do("GET", "/me", 200)); got != writers {
		t.Errorf("counter under another identity: got %d, want %d", got, writers)
	}
	wantList(t, admin, "ada", nil)
	wantList(t, admin, "eve", map[carrierKind]int{k: 1})
}

// carrierRenew renews the credential. The former one is good until the new one was
// presented, and then within the grace.
func carrierRenew(t *testing.T, s Shared, k carrierKind) {
	patiently(t, 500*time.Millisecond, func(grace time.Duration) bool {
		one, other, admin := s.serveBoth(t, &humasess.Options[User]{RotationGrace: grace})
		a := newDevice(t, k, one, "ada")
		a.do("POST", "/bump", 200)
		former, deadline := a.clone(other), decode[life](t, a.do("GET", "/life", 200)).Deadline
		renewed := time.Now()
		a.do("POST", a.renewal(), 200)
		if a.credential == former.credential {
			t.Error("renew: got the same credential")
		}
		again := former.send("POST", former.renewal()) // the answer may still arrive
		if time.Since(renewed) > grace {
			return false
		}
		if k == byToken {
			if after, _ := strconv.Atoi(again.Header().Get("Retry-After")); again.Code != http.StatusConflict || after < 1 {
				t.Errorf("renew with the former token: got %d and Retry-After %d, want 409 and the grace", again.Code, after)
			}
		} else if again.Code != http.StatusOK || sets(again) {
			t.Errorf("renew with the former cookie: got %d and %q, want 200 and no cookie", again.Code, again.Header()["Set-Cookie"])
		}
		former.do("POST", "/bump", 200)
		if got := decode[life](t, a.clone(other).do("GET", "/life", 200)).Deadline; !got.Equal(deadline) {
			t.Errorf("deadline after a renewal: got %v, want %v", got, deadline)
		}
		if got := N(t, a.do("GET", "/me", 200)); got != 2 {
			t.Errorf("counter: got %d, want 2", got)
		}
		until(t, "the end of the former credential", func() bool { return former.send("GET", "/me").Code == http.StatusUnauthorized })
		a.do("GET", "/me", 200)
		fresh := a.clone(one)
		a.do("POST", "/password", 204) // renews without grace
		fresh.do("GET", "/me", 401)
		a.clone(other).do("GET", "/me", 200)
		wantList(t, admin, "ada", map[carrierKind]int{k: 1})
		return true
	})
}

// carrierLogout ends one session on the other server.
func carrierLogout(t *testing.T, s Shared, k carrierKind) {
	one, other, admin := s.serveBoth(t, nil)
	for _, path := range []string{"/logout", accountPrefix + "/sign-out"} {
		a, b, c := newDevice(t, k, one, "ada"), newDevice(t, k, one, "ada"), newDevice(t, k.other(), one, "ada")
		status := 200
		if path != "/logout" {
			status = 204
		}
		old := a.clone(one)
		a.clone(other).do("POST", path, status)
		old.do("GET", "/me", 401)
		old.do("POST", accountPrefix+"/sign-out", 204)
		b.do("GET", "/me", 200)
		c.do("GET", "/me", 200)
		wantList(t, admin, "ada", map[carrierKind]int{k: 1, k.other(): 1})
		b.do("POST", "/logout", 200)
		c.do("POST", "/logout", 200)
		wantList(t, admin, "ada", nil)
	}
}

// carrierRevokeOthers ends the sessions of both carriers except the own one.
func carrierRevokeOthers(t *testing.T, s Shared, k carrierKind) {
	one, other, admin := s.serveBoth(t, nil)
	a, same, second := newDevice(t, k, one, "ada"), newDevice(t, k, one, "ada"), newDevice(t, k.other(), other, "ada")
	bob := newDevice(t, k.other(), one, "bob")
	former := a.clone(other)
	if got := a.do("POST", "/revoke-others", 200); got != "2" {
		t.Errorf("revoke others: got %s, want 2", got)
	}
	if a.credential == former.credential {
		t.Error("revoke others: got the same credential, want a new one")
	}
	for _, d := range []*device{former, same, second} {
		d.do("GET", "/me", 401)
	}
	a.clone(other).do("GET", "/me", 200)
	bob.do("GET", "/me", 200)
	wantList(t, admin, "ada", map[carrierKind]int{k: 1})

	third := newDevice(t, k.other(), one, "ada")
	list := decode[account.AccountSessionList](t, a.do("GET", accountPrefix+"/sessions", 200))
	if len(list.Sessions) != 2 || !list.Sessions[0].Current {
		t.Fatalf("list: got %+v, want two sessions, and first the own one", list)
	}
	a.do("DELETE", accountPrefix+"/sessions/"+list.Sessions[1].ID, 204)
	third.do("GET", "/me", 401)
}

// carrierRevokeAll ends the sessions of both carriers, by the user and by an administrator.
func carrierRevokeAll(t *testing.T, s Shared, k carrierKind) {
	one, other, admin := s.serveBoth(t, nil)
	for name, end := range map[string]func(*device){
		"RevokeAll": func(d *device) {
			if got := d.clone(other).do("POST", "/revoke-all", 200); got != "2" {
				t.Errorf("revoke all: got %s, want 2", got)
			}
		},
		"RevokeIdentity": func(*device) {
			if n, err := admin.RevokeIdentity(t.Context(), "ada"); n != 2 || err != nil {
				t.Errorf("RevokeIdentity: got %d and %v, want 2", n, err)
			}
		},
		"RevokeWhere": func(*device) {
			n, err := admin.RevokeWhere(t.Context(), "ada", func(i humasess.Info[User]) bool { return i.Data.Name == "ada" })
			if n != 2 || err != nil {
				t.Errorf("RevokeWhere: got %d and %v, want 2", n, err)
			}
		},
	} {
		a, b, bob := newDevice(t, k, one, "ada"), newDevice(t, k.other(), other, "ada"), newDevice(t, k, one, "bob")
		end(a)
		a.do("GET", "/me", 401)
		b.do("GET", "/me", 401)
		bob.do("GET", "/me", 200)
		wantList(t, admin, "ada", nil)
		if t.Failed() {
			t.Fatalf("after %s", name)
		}
	}
	// A revocation while a sign-in is under way refuses it.
	patiently(t, time.Millisecond, func(since time.Duration) bool {
		at := s.Hooks
		at.Login = func() {
			time.Sleep(since)
			if _, err := admin.RevokeIdentity(t.Context(), "ada"); err != nil {
				t.Error(err)
			}
		}
		slow, _ := Serve(t, s.One, &humasess.Options[User]{Bearer: &humasess.BearerOptions{}}, at)
		d := &device{t: t, kind: k, at: slow}
		w := d.send("POST", d.login("ada"))
		d.keep(w)
		if d.credential != "" {
			t.Error("the refused sign-in has a credential")
		}
		wantList(t, admin, "ada", nil)
		if w.Code == http.StatusServiceUnavailable {
			return false
		}
		if w.Code != http.StatusUnauthorized {
			t.Errorf("sign-in during a revocation: got %d %s, want 401", w.Code, w.Body)
		}
		return true
	})
}

// carrierExpiry has timeouts for each carrier, of which only the tested one is short.
func carrierExpiry(t *testing.T, s Shared, k carrierKind) {
	opts := &humasess.Options[User]{IdleTimeout: time.Hour, AbsoluteTimeout: time.Hour, Bearer: &humasess.BearerOptions{}}
	if k == byToken {
		opts.Bearer.IdleTimeout, opts.Bearer.AbsoluteTimeout = time.Second, time.Second
	} else {
		opts.IdleTimeout, opts.AbsoluteTimeout = time.Second, time.Second
	}
	one, other, admin := s.serveBoth(t, opts)
	short, long := newDevice(t, k, one, "ada"), newDevice(t, k.other(), one, "ada")
	until(t, "the end of the session", func() bool { return short.clone(other).send("GET", "/left").Code == http.StatusUnauthorized })
	short.do("POST", "/bump", 401)
	if k == byToken {
		short.do("POST", "/renew-bearer", 401)
	}
	long.do("POST", "/bump", 200)
	wantList(t, admin, "ada", map[carrierKind]int{k.other(): 1})
}

// carrierReuse presents a superseded credential, which ends the session.
func carrierReuse(t *testing.T, s Shared, k carrierKind) {
	var events eventKinds
	one, other, admin := s.serveBoth(t, &humasess.Options[User]{RotationGrace: -1, RevokeReused: true, OnEvent: events.add})
	a, second := newDevice(t, k, one, "ada"), newDevice(t, k.other(), one, "ada")
	thief := a.clone(other)
	a.do("POST", a.renewal(), 200)
	a.do("GET", "/me", 200)
	// In the other carrier, a superseded credential is an unknown one.
	swapped := thief.clone(other)
	swapped.kind = k.other()
	if k == byToken {
		swapped.credential = thief.credential[len("hs_"):]
	} else {
		swapped.credential = "hs_" + thief.credential
	}
	swapped.do("GET", "/me", 401)
	a.do("GET", "/me", 200)
	thief.do("GET", "/me", 401)
	a.do("GET", "/me", 401)
	second.do("GET", "/me", 200)
	wantList(t, admin, "ada", map[carrierKind]int{k.other(): 1})
	if !events.have("reused revoked/reused") {
		t.Errorf("events: got %q, want reused and then revoked", events.all)
	}
}

// twoCarriers sends the cookie of one user and the token of another in one request.
func twoCarriers(t *testing.T, s Shared) {
	one, other, admin := s.serveBoth(t, nil)
	ada, bob := newDevice(t, byToken, one, "ada"), newDevice(t, byCookie, other, "bob")
	both := humasesstest.NewClient(one)
	both.SetCookie(&http.Cookie{Name: CookieName, Value: bob.credential})
	for _, path := range []string{"/bump", "/revoke-others", "/logout"} {
		w := both.Do("POST", path, nil, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+ada.credential) })
		if w.Code != http.StatusOK || sets(w) {
			t.Errorf("%s: got %d %s and cookie %q, want 200 and none", path, w.Code, w.Body, w.Header()["Set-Cookie"])
		}
		if token := w.Header().Get("Session-Token"); token != "" {
			ada.credential = token
		}
	}
	ada.do("GET", "/me", 401)
	if got := N(t, bob.do("GET", "/me", 200)); got != 0 {
		t.Errorf("counter of the cookie's user: got %d, want 0", got)
	}
	wantList(t, admin, "ada", nil)
	wantList(t, admin, "bob", map[carrierKind]int{byCookie: 1})
	// A dead token beside the cookie is no session, and the cookie does not take its place.
	if w := both.Do("GET", "/me", nil, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+ada.credential) }); w.Code != http.StatusUnauthorized {
		t.Errorf("a dead token beside a cookie: got %d, want 401", w.Code)
	}
	// A sign-in with a token takes the place of the browser's session.
	w := bob.send("POST", "/login-bearer?name=bob")
	if w.Code != http.StatusOK || !sets(w) {
		t.Errorf("sign-in with a token: got %d %s and cookie %q, want 200 and an expired one", w.Code, w.Body, w.Header()["Set-Cookie"])
	}
	bob.do("GET", "/me", 401)
	wantList(t, admin, "bob", map[carrierKind]int{byToken: 1})
}

// twoSignIns starts two sessions of different users in one request. The store may keep
// them in different places, and the first one must not stay.
func twoSignIns(t *testing.T, s Shared) {
	one, other, admin := s.serveBoth(t, nil)
	for i := range 8 { // other names have other places
		name := "ada" + strconv.Itoa(i)
		bob := newDevice(t, byCookie, other, "bob"+strconv.Itoa(i))
		for path, want := range map[string]int{"/login-twice": 200, "/login-twice-refused": http.StatusTeapot} {
			browser := bob.clone(one)
			if w := browser.send("POST", path+"?name="+name); w.Code != want {
				t.Errorf("%s: got %d %s, want %d", path, w.Code, w.Body, want)
			}
			ended, live := http.StatusUnauthorized, 1
			if want != 200 {
				ended, live = 200, 0
			}
			bob.do("GET", "/me", ended)
			wantList(t, admin, name+"-first", nil)
			wantList(t, admin, name, map[carrierKind]int{byToken: live})
			s.endAll(t, name)
			bob = newDevice(t, byCookie, other, "bob"+strconv.Itoa(i))
		}
	}
}
