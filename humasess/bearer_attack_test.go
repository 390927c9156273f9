package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/credential"
	"github.com/humasess/sessions/stores/memory"
)

// bothInput has the sessions of two managers, of which both are optional.
type bothInput struct {
	humasess.Session[account]
	Basket
}

// bearerManagers returns a rig and a second manager on the same API. Each may have tokens.
func bearerManagers(t *testing.T, first, second bool) (*rig[account], *humasess.Manager[basket]) {
	t.Helper()
	opts := accountOptions()
	if first {
		opts.Bearer = &humasess.BearerOptions{}
	}
	r := newRig(t, opts)
	o := basketOptions()
	if second {
		o.Bearer = &humasess.BearerOptions{SchemeName: "basketBearer", Prefix: "bk_"}
	}
	baskets, err := humasess.New(memory.New(nil), o)
	if err != nil {
		t.Fatal(err)
	}
	r.api, r.mux = plainAPI()
	for _, err := range []error{r.sessions.Attach(r.api), baskets.Attach(r.api)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	r.register(r.api)
	return r, baskets
}

// TestBearerOfAnotherManager sends the token of one manager with the cookie of another.
func TestBearerOfAnotherManager(t *testing.T) {
	t.Parallel()
	for _, second := range []bool{false, true} {
		r, baskets := bearerManagers(t, true, second)
		var do func(*bothInput)
		huma.Post(r.api, "/both", func(_ context.Context, in *bothInput) (*struct{}, error) {
			do(in)
			return nil, nil
		})
		huma.Post(r.api, "/basket", func(_ context.Context, in *struct{ humasess.Required[basket] }) (*struct{}, error) {
			t.Error("a cookie beside a token has opened its session")
			return nil, nil
		})
		cookie := humasesstest.Login(t, baskets, basket{Items: []string{"tea"}})
		c := r.client()
		c.SetCookie(cookie)
		for name, tok := range map[string]string{"live": bearerOf(r, account{ID: "ada"}), "dead": "hs_dead"} {
			do = func(in *bothInput) {
				if got := in.Session.Active(); got != (name == "live") {
					t.Errorf("%s: the account is active: got %v", name, got)
				}
				if in.Basket.Active() {
					t.Errorf("%s: the basket is active beside a token of another manager", name)
				}
				for call, err := range map[string]error{
					"Start":  in.Basket.Start(basket{}),
					"Update": in.Basket.Update(func(b *basket) error { b.Items = nil; return nil }),
				} {
					if !errors.Is(err, humasess.ErrConflict) {
						t.Errorf("%s: %s of the basket: got %v, want ErrConflict", name, call, err)
					}
				}
				if err := in.Basket.Destroy(); err != nil {
					t.Errorf("%s: Destroy of the basket: %v", name, err)
				}
			}
			w := c.Do("POST", "/both", nil, withToken(tok))
			wantStatus(t, w, http.StatusNoContent)
			if w.Header()["Set-Cookie"] != nil {
				t.Errorf("%s: got cookies %q, want none", name, w.Header()["Set-Cookie"])
			}
			wantStatus(t, c.Do("POST", "/basket", nil, withToken(tok)), http.StatusUnauthorized)
		}
		// Nothing has happened to the basket.
		do = func(in *bothInput) {
			if b, ok := in.Basket.Get(); !ok || len(b.Items) != 1 {
				t.Errorf("the basket: got %+v and %v, want tea", b, ok)
			}
		}
		wantStatus(t, c.Do("POST", "/both", nil), http.StatusNoContent)

		// A sign-in to the basket with a token works beside the token of the account.
		var given humasess.BearerToken
		do = func(in *bothInput) {
			var err error
			given, err = in.Basket.StartBearer(basket{Items: []string{"rum"}})
			if second != (err == nil) || !second && !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("StartBearer of the basket, with Bearer %v: got %v", second, err)
			}
		}
		w := c.Do("POST", "/both", nil, withToken(bearerOf(r, account{ID: "ada"})))
		wantStatus(t, w, http.StatusNoContent)
		if w.Header()["Set-Cookie"] != nil || c.Cookie(cookie.Name) == "" {
			t.Errorf("got cookies %q, want none", w.Header()["Set-Cookie"])
		}
		if second {
			do = func(in *bothInput) {
				b, ok := in.Basket.Get()
				if !ok || b.Items[0] != "rum" || in.Session.Active() {
					t.Errorf("got %+v and %v, want rum and no account", b, ok)
				}
			}
			wantStatus(t, c.Do("POST", "/both", nil, withToken(given.AccessToken)), http.StatusNoContent)
		}
		if n, err := baskets.Count(t.Context()); err != nil || n != 1+map[bool]int{true: 1}[second] {
			t.Errorf("got %d baskets and %v", n, err)
		}
	}
}

// TestBearerOfTwoManagers sends tokens of two managers in one request.
func TestBearerOfTwoManagers(t *testing.T) {
	t.Parallel()
	r, baskets := bearerManagers(t, true, true)
	huma.Post(r.api, "/both", func(_ context.Context, in *bothInput) (*struct{}, error) {
		if in.Session.Active() || in.Basket.Active() {
			t.Error("one of two tokens has opened its session")
		}
		return nil, nil
	})
	a := bearerOf(r, account{ID: "ada"})
	b, err := baskets.IssueBearer(t.Context(), basket{})
	if err != nil {
		t.Fatal(err)
	}
	for _, lines := range [][]string{
		{"Bearer " + a, "Bearer " + b.AccessToken},
		{"Bearer " + b.AccessToken, "Bearer " + a},
		{"Bearer " + a + ", Bearer " + b.AccessToken},
		{"Bearer " + a + ",Basic YTpi"},
	} {
		wantStatus(t, r.client().Do("POST", "/both", nil, func(req *http.Request) { req.Header["Authorization"] = lines }), http.StatusNoContent)
	}
	// A token with the prefix of another manager is that manager's, and unknown to it.
	swapped := "bk_" + strings.TrimPrefix(a, "hs_")
	wantStatus(t, r.client().Do("POST", "/both", nil, withToken(swapped)), http.StatusNoContent)
}

// TestBearerAttach refuses managers whose tokens or schemes could be mistaken.
func TestBearerAttach(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		prefix, scheme string
		ok             bool
	}{
		{"hs_", "basketBearer", false},
		{"hs", "basketBearer", false},
		{"hs_b", "basketBearer", false},
		{"hsb_", "sessionBearer", false},
		{"hsb_", "sessionCookie", false},
		{"Hs_", "basketBearer", true}, // prefixes have a case
		{"hsb_", "basketBearer", true},
	} {
		api, _ := plainAPI()
		if err := bearerRig(t).sessions.Attach(api); err != nil {
			t.Fatal(err)
		}
		o := basketOptions()
		o.Bearer = &humasess.BearerOptions{Prefix: tt.prefix, SchemeName: tt.scheme}
		baskets, err := humasess.New(memory.New(nil), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := baskets.Attach(api); (err == nil) != tt.ok {
			t.Errorf("%s, %s: got %v, want success %v", tt.prefix, tt.scheme, err, tt.ok)
		}
	}
}

// TestBearerInHandler sends tokens to a handler of net/http, and from there to an API inside.
func TestBearerInHandler(t *testing.T) {
	t.Parallel()
	r, baskets := bearerManagers(t, true, true)
	huma.Post(r.api, "/both", func(_ context.Context, in *bothInput) (*who, error) {
		a, _ := in.Session.Get()
		b, _ := in.Basket.Get()
		return answerWho(a.ID, b.Items, "")
	})
	ada := r.signedIn(account{ID: "ada"})
	eve := bearerOf(r, account{ID: "eve"})
	rum, err := baskets.IssueBearer(t.Context(), basket{Items: []string{"rum"}})
	if err != nil {
		t.Fatal(err)
	}
	var inner func(*http.Request)
	var outside string
	page := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s, _ := humasess.From[account](req.Context())
		a, _ := s.Get()
		outside = a.ID
		again := req.Clone(req.Context())
		if inner != nil {
			inner(again)
		}
		r.mux.ServeHTTP(w, again)
	})
	h := humasesstest.NewClient(r.sessions.Handler(page))
	h.SetCookie(&http.Cookie{Name: cookieName, Value: token(ada)})
	crossSite := func(req *http.Request) { req.Header.Set("Sec-Fetch-Site", "cross-site") }
	for _, tt := range []struct {
		name         string
		inner        func(*http.Request)
		edits        []func(*http.Request)
		outside, all string
	}{
		{"the cookie", nil, nil, "ada", `"id":"ada"`},
		{"a token", nil, []func(*http.Request){withToken(eve), crossSite}, "eve", `"id":"eve"`},
		{"a dead token", nil, []func(*http.Request){withToken("hs_dead")}, "", `"id":""`},
		{"a token only inside", withToken(eve), nil, "ada", `"id":"eve"`},
		{"a token only outside", func(req *http.Request) { req.Header.Del("Authorization") }, []func(*http.Request){withToken(eve)}, "eve", `"id":"ada"`},
		{"another credential inside", func(req *http.Request) { req.Header.Set("Authorization", "Basic YTpi") }, []func(*http.Request){withToken(eve)}, "eve", `"id":"ada"`},
		{"the token of a manager inside", nil, []func(*http.Request){withToken(rum.AccessToken)}, "ada", `"id":"","items":["rum"]`},
		{"a dead token of a manager inside", nil, []func(*http.Request){withToken("bk_dead")}, "ada", `"id":""`},
	} {
		inner, outside = tt.inner, ""
		w := h.Clone().Do("POST", "/both", nil, tt.edits...)
		wantStatus(t, w, http.StatusOK)
		if outside != tt.outside || !strings.Contains(w.Body.String(), tt.all) {
			t.Errorf("%s: got %q outside and %s inside, want %q and %s", tt.name, outside, w.Body, tt.outside, tt.all)
		}
		if len(w.Header()["Set-Cookie"]) > 0 {
			t.Errorf("%s: got cookies %q, want none", tt.name, w.Header()["Set-Cookie"])
		}
	}
	// A token that the handler does not know leaves its check in place.
	for _, unknown := range []string{rum.AccessToken, "bk_dead"} {
		wantStatus(t, h.Clone().Do("POST", "/both", nil, withToken(unknown), crossSite), http.StatusForbidden)
	}
}

// TestHandlerStartsBearer lets a handler of net/http sign in with a token.
func TestHandlerStartsBearer(t *testing.T) {
	t.Parallel()
	r := bearerRig(t)
	for _, status := range []int{http.StatusOK, http.StatusTeapot} {
		var given humasess.BearerToken
		c := plain(r, func(w http.ResponseWriter, _ *http.Request, s *humasess.Session[account]) {
			var err error
			if given, err = s.StartBearer(account{ID: "ada"}); err != nil {
				t.Error(err)
			}
			w.Header().Set("Cache-Control", "public, max-age=600")
			w.WriteHeader(status)
		})
		w := c.Do("POST", "/", nil)
		wantStatus(t, w, status)
		if got := w.Header().Get("Cache-Control"); status == http.StatusOK && got != "no-store" {
			t.Errorf("got Cache-Control %q, want no-store", got)
		}
		if got := userOf(r, given.AccessToken); (got == "ada") != (status == http.StatusOK) {
			t.Errorf("status %d: the token opens the session of %q", status, got)
		}
	}
}

// TestSealedBearer seals tokens, and swaps them between header and cookie.
func TestSealedBearer(t *testing.T) {
	t.Parallel()
	first, second := newKey(t), newKey(t)
	r := bearerRig(t, func(o *humasess.Options[account]) { o.Sealer = aead(t, first) })
	tok := bearerOf(r, account{ID: "ada"})
	browser := r.signedIn(account{ID: "ada"})
	if userOf(r, tok) != "ada" {
		t.Error("the sealed token opens nothing")
	}
	sealed := strings.TrimPrefix(tok, "hs_")
	for _, bad := range []string{
		token(browser), sealed[1:], sealed + "A", flip(sealed, 3), flip(sealed, len(sealed)-2),
		strings.Repeat("A", credential.TokenLength), strings.Repeat("A", 9000),
	} {
		r.store.Reset()
		if got := r.requiredCall(r.client(), nil, withToken("hs_"+bad)); got.Code != http.StatusUnauthorized || r.store.Total() != 0 {
			t.Errorf("%.10s: got %d and %d calls, want 401 and none", bad, got.Code, r.store.Total())
		}
	}
	r.store.Reset()
	if got := r.requiredCall(r.withToken(sealed), nil); got.Code != http.StatusUnauthorized || r.store.Total() != 0 {
		t.Errorf("a token in the cookie: got %d and %d calls, want 401 and none", got.Code, r.store.Total())
	}
	// A key on its way out opens the token, and no answer has another one.
	next := newRigOn(t, func() humasess.Options[account] {
		o := accountOptions()
		o.Bearer, o.Sealer = &humasess.BearerOptions{}, aead(t, second, first)
		return o
	}(), r.store, huma.DefaultConfig("Test", "1"))
	next.clock.Advance(r.clock.Now().Sub(next.clock.Now()) + 2*24*time.Hour)
	w := next.requiredCall(next.client(), nothing[account], withToken(tok))
	wantStatus(t, w, http.StatusNoContent)
	if w.Header().Get("Session-Token") != "" || w.Header()["Set-Cookie"] != nil {
		t.Errorf("got headers %v, want no new token", w.Header())
	}
}

// TestBearerAmongCookies sends a token that was renewed as one of two cookies. A token of
// the other carrier is unknown, so it revokes nothing.
func TestBearerAmongCookies(t *testing.T) {
	t.Parallel()
	r := bearerRig(t, func(o *humasess.Options[account]) { o.RotationGrace, o.RevokeReused = -1, true })
	tok := bearerOf(r, account{ID: "ada"})
	var renewed string
	wantStatus(t, r.requiredCall(r.client(), renewBearer(&renewed), withToken(tok)), http.StatusNoContent)
	r.events.take()
	other := humasesstest.Login(t, r.sessions, account{ID: "eve"})
	wantStatus(t, r.requiredCall(r.client(), destroy[account], func(req *http.Request) { req.AddCookie(other) }), http.StatusNoContent)
	cookie := cookieName + "=" + strings.TrimPrefix(tok, "hs_") + "; " + cookieName + "=" + other.Value
	wantStatus(t, r.requiredCall(r.client(), nil, func(req *http.Request) { req.Header.Set("Cookie", cookie) }), http.StatusUnauthorized)
	for _, e := range r.events.take() {
		if e.Kind == events.Reused || e.Kind == events.Revoked {
			t.Errorf("got event %+v, want none about a token of the other carrier", e)
		}
	}
	if userOf(r, renewed) != "ada" {
		t.Error("a token in a cookie has ended the session")
	}
	// In the header, it is one that was used again.
	wantStatus(t, r.requiredCall(r.client(), nil, withToken(tok)), http.StatusUnauthorized)
	if userOf(r, renewed) != "" {
		t.Error("the token that was used again must end the session")
	}
}

// TestHandlerLendsItsBearer starts a session with a token in an API inside a handler. The
// answer of each of the two may take it back.
func TestHandlerLendsItsBearer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		inner  error
		status int
		alive  bool
	}{
		{"both succeed", nil, http.StatusOK, true},
		{"the handler fails", nil, http.StatusTeapot, false},
		{"the API fails", errTeapot, http.StatusOK, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := bearerRig(t)
			var given string
			c := plain(r, func(w http.ResponseWriter, req *http.Request, s *humasess.Session[account]) {
				inside := humasesstest.NewClient(http.HandlerFunc(func(w http.ResponseWriter, in *http.Request) {
					r.mux.ServeHTTP(w, in.WithContext(req.Context()))
				}))
				got := r.loginCall(inside, func(ctx context.Context, s *humasess.Session[account]) error {
					return errors.Join(startBearer(account{ID: "ada"}, &given)(ctx, s), tt.inner)
				})
				if got.Header().Get("Session-Token") != "" || len(got.Header()["Set-Cookie"]) > 0 {
					t.Errorf("inside: got headers %v, want neither a token nor a cookie", got.Header())
				}
				if got := s.Active(); got != (tt.inner == nil) {
					t.Errorf("outside: the session is active: got %v, want %v", got, tt.inner == nil)
				}
				if tt.inner != nil { // a cookie may take the place of the token that was taken back
					if err := s.Start(account{ID: "eve"}); err != nil {
						t.Errorf("Start after a refused StartBearer: %v", err)
					}
				}
				w.WriteHeader(tt.status)
			})
			w := c.Do("POST", "/", nil)
			wantStatus(t, w, tt.status)
			if got := userOf(r, given); (got == "ada") != tt.alive {
				t.Errorf("the token opens the session of %q", got)
			}
			if w.Header().Get("Session-Token") != "" {
				t.Error("the answer has the token that the program was given")
			}
			wantCookies(t, w, map[bool]int{true: 1}[tt.inner != nil])
			wantSessions(r, "ada", map[bool]int{true: 1}[tt.alive])
		})
	}
}

// TestHandlerKeepsItsBearer sends a request with the token of another user from a handler.
func TestHandlerKeepsItsBearer(t *testing.T) {
	t.Parallel()
	r := bearerRig(t)
	ada, bob := bearerOf(r, account{ID: "ada"}), bearerOf(r, account{ID: "bob"})
	c := plain(r, func(_ http.ResponseWriter, req *http.Request, _ *humasess.Session[account]) {
		inside := humasesstest.NewClient(http.HandlerFunc(func(w http.ResponseWriter, in *http.Request) {
			r.mux.ServeHTTP(w, in.WithContext(req.Context()))
		}))
		for token, want := range map[string]string{ada: "ada", bob: "bob"} {
			wantStatus(t, r.requiredCall(inside, func(_ context.Context, s *humasess.Session[account]) error {
				if u, _ := s.Get(); u.ID != want {
					t.Errorf("inside: got user %q, want %q, whose token it is", u.ID, want)
				}
				return nil
			}, withToken(token)), http.StatusNoContent)
		}
	})
	wantStatus(t, c.Do("POST", "/", nil, withToken(ada)), http.StatusOK)
}

// TestRotateEverySparesTokens reads with a token that is older than the interval.
func TestRotateEverySparesTokens(t *testing.T) {
	t.Parallel()
	r := bearerRig(t, func(o *humasess.Options[account]) { o.RotateEvery = time.Hour })
	token := bearerOf(r, account{ID: "ada"})
	r.clock.Advance(2 * time.Hour)
	for range 2 {
		w := r.requiredCall(r.client(), func(context.Context, *humasess.Session[account]) error { return nil }, withToken(token))
		wantStatus(t, w, http.StatusNoContent)
		if got := w.Header().Get("Session-Token"); got != "" {
			t.Error("got a new token, which the client has not asked for")
		}
	}
}
