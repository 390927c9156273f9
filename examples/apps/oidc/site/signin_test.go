package site_test

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess/humasesstest"
)

func TestSignIn(t *testing.T) {
	for _, key := range []string{"local", "form"} {
		t.Run(key, func(t *testing.T) {
			b := newRig(t).browser()
			authorize, query := b.begin("/sign-in?provider=" + key + "&return_to=/vault%3Fx=1")
			for name, want := range map[string]string{"code_challenge_method": "S256", "max_age": "43200", "prompt": "", "response_type": "code"} {
				if got := query.Get(name); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
			p := b.login(authorize, "ada", "engine")
			if key == "form" {
				form := url.Values{}
				for _, field := range hidden.FindAllStringSubmatch(p.body, -1) {
					form.Set(field[1], field[2])
				}
				p = b.do(http.MethodPost, "/callback/form", form, "Origin", b.local.URL, "Sec-Fetch-Site", "cross-site")
			}
			p = b.follow(p)
			if p.url != b.url+"/vault?x=1" || p.status != 200 || !strings.Contains(p.body, "Ada Lovelace") || !strings.Contains(p.body, "pwd (aal1)") {
				t.Errorf("got %d %s %s, want the vault of Ada, with acr and amr", p.status, p.url, p.body)
			}
			if w := b.get("/api/session"); w.status != 200 || !strings.Contains(w.body, `"Ada Lovelace"`) || strings.Contains(w.body, "id_token") {
				t.Errorf("API: got %d %s, want Ada without the ID token", w.status, w.body)
			}
		})
	}
}

// TestVault opens a page that needs a user, without one.
func TestVault(t *testing.T) {
	b := newRig(t).browser()
	if p := b.get("/vault?x=1"); p.status != 303 || p.location != "/sign-in?return_to=%2Fvault%3Fx%3D1" {
		t.Errorf("got %d to %q, want the sign-in", p.status, p.location)
	}
	if p := b.do(http.MethodGet, "/vault", nil, "Sec-Fetch-Mode", "cors"); p.status != 401 || !strings.Contains(p.body, "<h1>You are not signed in") {
		t.Errorf("a script: got %d %s, want 401 with the page that says it", p.status, p.body)
	}
}

// TestOtherSites posts to the application from another site.
func TestOtherSites(t *testing.T) {
	b := newRig(t).browser()
	b.signIn()
	_, query := b.begin("/sign-in?provider=local")
	forged := url.Values{"state": {"forged"}, "code": {"x"}}
	for _, tt := range []struct {
		path string
		form url.Values
		want int
	}{
		{"/callback/form", forged, 400}, // it gets in, and has no state of this browser
		{"/callback/local", url.Values{"state": query["state"], "code": {"x"}}, 403},
		{"/sign-out", nil, 403},
	} {
		p := b.do(http.MethodPost, tt.path, tt.form, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
		if p.status != tt.want || !strings.Contains(p.body, "<h1>") || b.user() != "Ada Lovelace" {
			t.Errorf("%s: got %d %s, user %q, want a page with %d and still Ada", tt.path, p.status, p.body, b.user(), tt.want)
		}
	}
}

// TestStoreDown signs in while the store does not answer.
func TestStoreDown(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.signIn()
	_, query := b.begin("/sign-in?provider=other")
	for _, op := range []humasesstest.Op{humasesstest.OpCreate, humasesstest.OpLoad} {
		r.store.Fail(op, errors.New("down"))
		if p := b.answerOther(query, nil); p.status != 503 || !strings.Contains(p.body, "<h1>Something went wrong") {
			t.Errorf("%s: got %d %s, want 503 and a page", op, p.status, p.body)
		}
		r.store.Fail(op, nil)
		if got := b.user(); got != "Ada Lovelace" {
			t.Errorf("%s: got user %q, want still Ada", op, got)
		}
	}
	_, query = b.begin("/sign-in?provider=other")
	if p := b.answerOther(query, nil); p.status != 200 || b.user() != "Eve" {
		t.Errorf("got %d %s, user %q, want Eve in place of Ada", p.status, p.body, b.user())
	}
}

// TestTabs begins two sign-ins in one browser and finishes them in both orders.
func TestTabs(t *testing.T) {
	for _, first := range []int{0, 1} {
		b := newRig(t).browser()
		paths := []string{"/vault?tab=0", "/vault?tab=1"}
		var answers []page
		for _, path := range paths {
			authorize, _ := b.begin("/sign-in?return_to=" + url.QueryEscape(path))
			if len(answers) == 0 {
				answers = append(answers, b.login(authorize, "ada", "engine"))
			} else {
				answers = append(answers, b.follow1(b.get(authorize))) // the provider knows the user by now
			}
		}
		var ids []string
		for _, i := range []int{first, 1 - first} {
			if p := b.follow(answers[i]); p.status != 200 || p.url != b.url+paths[i] {
				t.Errorf("first %d, tab %d: got %d %s, want 200 %s", first, i, p.status, p.url, paths[i])
			}
			ids = append(ids, regexp.MustCompile(`"id":"[^"]*"`).FindString(b.get("/api/session").body))
		}
		if ids[0] == "" || ids[0] != ids[1] {
			t.Errorf("first %d: got sessions %q, want the first to stay", first, ids)
		}
	}
}

// follow1 follows one redirect.
func (b *browser) follow1(p page) page {
	b.t.Helper()
	base, err := url.Parse(p.url)
	if err != nil {
		b.t.Fatal(err)
	}
	next, err := base.Parse(p.location)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.get(next.String())
}

// TestManyTabs begins more sign-ins than a browser can have. The oldest is forgotten.
func TestManyTabs(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	var queries []url.Values
	for range 9 {
		_, query := b.begin("/sign-in?provider=other")
		queries = append(queries, query)
		r.offset.Add(int64(time.Second))
	}
	if p := b.answerOther(queries[0], nil); p.status != 400 {
		t.Errorf("oldest: got %d, want 400", p.status)
	}
	if p := b.answerOther(queries[1], nil); p.status != 200 {
		t.Errorf("second oldest: got %d %s, want 200", p.status, p.body)
	}
}

func TestStateRefused(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	_, query := b.begin("/sign-in?provider=other")
	t.Run("forged state", func(t *testing.T) {
		forged := url.Values{"state": {"forged"}, "nonce": query["nonce"]}
		if p := b.answerOther(forged, nil); p.status != 400 || b.user() != "" {
			t.Errorf("got %d, want 400 and no user", p.status)
		}
	})
	t.Run("state of another browser", func(t *testing.T) {
		victim := r.browser()
		victim.begin("/sign-in?provider=other")
		if p := victim.answerOther(query, nil); p.status != 400 || victim.user() != "" {
			t.Errorf("got %d, want 400 and no user", p.status)
		}
	})
	if got := r.other.tokens(); got != 0 {
		t.Errorf("got %d codes redeemed, want none", got)
	}
	t.Run("replayed callback", func(t *testing.T) {
		if p := b.answerOther(query, nil); p.status != 200 || b.user() != "Eve" {
			t.Fatalf("got %d %s, want 200 and Eve", p.status, p.body)
		}
		if p := b.answerOther(query, nil); p.status != 400 || b.user() != "Eve" {
			t.Errorf("got %d, want 400 and still Eve", p.status)
		}
	})
	t.Run("expired sign-in", func(t *testing.T) {
		_, query := b.begin("/sign-in?provider=other")
		for range 2 { // requests of other tabs keep the flow alive
			r.offset.Add(int64(5*time.Minute + time.Second))
			b.begin("/sign-in?provider=other")
		}
		if p := b.answerOther(query, nil); p.status != 400 || b.user() != "Eve" {
			t.Errorf("got %d, want 400 and still Eve", p.status)
		}
	})
	t.Run("expired result", func(t *testing.T) {
		_, query := b.begin("/sign-in?provider=other")
		r.other.claims = map[string]any{"sub": "8", "nonce": query.Get("nonce"), "auth_time": r.now().Unix(), "exp": r.now().Add(time.Minute).Unix()}
		p := b.get("/callback/other?" + url.Values{"state": query["state"], "code": {"c"}}.Encode())
		r.offset.Add(int64(time.Minute + time.Second))
		if p := b.follow(p); p.status != 400 || b.user() != "Eve" {
			t.Errorf("got %d, user %q, want 400 and still Eve", p.status, b.user())
		}
	})
	t.Run("state as the key of a result", func(t *testing.T) {
		_, query := b.begin("/sign-in?provider=other")
		if p := b.get("/sign-in/finish?key=" + query.Get("state")); p.status != 400 {
			t.Errorf("got %d, want 400", p.status)
		}
		if p := b.answerOther(query, nil); p.status != 200 {
			t.Errorf("then: got %d, want 200, because the sign-in goes on", p.status)
		}
	})
}

// TestParallelCallbacks sends one response many times at once.
func TestParallelCallbacks(t *testing.T) {
	b := newRig(t).browser()
	_, query := b.begin("/sign-in?provider=other")
	b.other.claims = map[string]any{"sub": "7", "nonce": query.Get("nonce"), "auth_time": time.Now().Unix()}
	var group sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 16 {
		group.Go(func() {
			p := b.get("/callback/other?" + url.Values{"state": {query.Get("state")}, "code": {"c"}}.Encode())
			mu.Lock()
			defer mu.Unlock()
			statuses[p.status]++
		})
	}
	group.Wait()
	if statuses[303] != 1 || statuses[400] != 15 || b.other.tokens() != 1 {
		t.Errorf("got %v and %d codes redeemed, want one 303, fifteen 400 and 1", statuses, b.other.tokens())
	}
}

func TestIDTokenRefused(t *testing.T) {
	for name, claims := range map[string]map[string]any{
		"wrong nonce":     {"nonce": "of-another-sign-in"},
		"no nonce":        {"nonce": nil},
		"other issuer":    {"iss": "https://evil.example"},
		"other audience":  {"aud": "app3"},
		"other party":     {"aud": []string{"app2", "app3"}, "azp": "app3"},
		"no party":        {"aud": []string{"app2", "app3"}},
		"expired":         {"exp": time.Now().Add(-time.Minute).Unix()},
		"no auth_time":    {"auth_time": nil},
		"an old one":      {"auth_time": time.Now().Add(-13 * time.Hour).Unix()},
		"a future one":    {"auth_time": time.Now().Add(time.Hour).Unix()},
		"no subject":      {"sub": nil},
		"method with URL": {"amr": []string{"https://example.com/mfa"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newRig(t).browser()
			_, query := b.begin("/sign-in?provider=other")
			if p := b.answerOther(query, claims); p.status != 403 || b.user() != "" || !strings.Contains(p.body, "/sign-in?provider=other") {
				t.Errorf("got %d %s, user %q, want 403 with a link to try again", p.status, p.body, b.user())
			}
		})
	}
}

// TestMixUp begins at the provider that an attacker controls. The response is that of
// the honest one (RFC 9207).
func TestMixUp(t *testing.T) {
	for _, tt := range []struct {
		name, path string
		iss        bool
	}{
		{"path of the honest provider", "/callback/local", true},
		{"path of the honest provider, which sends no iss", "/callback/local", false},
		{"path of the attacker", "/callback/other", true},
		{"path of no provider", "/callback/x", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newRig(t).browser()
			_, query := b.begin("/sign-in?provider=other")
			answer := url.Values{"state": query["state"], "code": {"honest"}}
			if tt.iss {
				answer.Set("iss", b.local.URL)
			}
			if p := b.get(tt.path + "?" + answer.Encode()); p.status != 403 || b.other.tokens() != 0 {
				t.Errorf("got %d and %d requests with the code, want 403 and none", p.status, b.other.tokens())
			}
		})
	}
	t.Run("no iss from a provider that sends it", func(t *testing.T) {
		b := newRig(t).browser()
		authorize, _ := b.begin("/sign-in?provider=local")
		u, err := url.Parse(b.login(authorize, "ada", "engine").location)
		if err != nil || u.Query().Get("iss") != b.local.URL {
			t.Fatalf("got %v, want a response with iss", u)
		}
		query := u.Query()
		query.Del("iss")
		u.RawQuery = query.Encode()
		if p := b.get(u.String()); p.status != 403 || b.user() != "" {
			t.Errorf("got %d, want 403", p.status)
		}
	})
}

// TestInjectedCode gives a browser the code of another browser's sign-in. PKCE refuses it.
func TestInjectedCode(t *testing.T) {
	r := newRig(t)
	attacker, victim := r.browser(), r.browser()
	authorize, _ := attacker.begin("/sign-in")
	stolen, err := url.Parse(attacker.login(authorize, "grace", "compiler").location)
	if err != nil {
		t.Fatal(err)
	}
	_, query := victim.begin("/sign-in")
	p := victim.follow(victim.get("/callback/local?" + url.Values{"state": query["state"], "code": stolen.Query()["code"], "iss": {r.local.URL}}.Encode()))
	if p.status != 403 || victim.user() != "" {
		t.Errorf("got %d, user %q, want 403", p.status, victim.user())
	}
}

func TestDenied(t *testing.T) {
	b := newRig(t).browser()
	_, query := b.begin("/sign-in?provider=other&return_to=/vault")
	p := b.get("/callback/other?" + url.Values{"state": query["state"], "error": {"access_denied"}, "error_description": {"<b>no"}}.Encode())
	if p.status != 403 || strings.Contains(p.body, "<b>no") || !strings.Contains(p.body, "return_to=%2Fvault") {
		t.Errorf("got %d %s, want 403 with a link that keeps the path, and nothing of the provider", p.status, p.body)
	}
}

func TestProviderDown(t *testing.T) {
	b := newRig(t).browser()
	_, query := b.begin("/sign-in?provider=other")
	b.answerOther(query, nil)
	b.local.Close()
	for _, path := range []string{"/sign-in?provider=local&return_to=/vault", "/sign-in?provider=form"} {
		if p := b.get(path); p.status != 503 || !strings.Contains(p.body, "<h1>No answer from ") || !strings.Contains(p.body, "Try again") {
			t.Errorf("%s: got %d %s, want 503 and a page that says why", path, p.status, p.body)
		}
	}
	if got := b.user(); got != "Eve" {
		t.Errorf("got user %q, want Eve, still", got)
	}
	t.Run("between request and response", func(t *testing.T) {
		b := newRig(t).browser()
		authorize, _ := b.begin("/sign-in?provider=local&return_to=/vault")
		answer := b.login(authorize, "ada", "engine")
		b.local.Close()
		if p := b.follow(answer); p.status != 503 || !strings.Contains(p.body, "return_to=%2Fvault") {
			t.Errorf("got %d %s, want 503 with a link that keeps the path", p.status, p.body)
		}
	})
}

func TestReturnTo(t *testing.T) {
	for _, evil := range []string{"https://evil.example/", "//evil.example/", `/\evil.example`, "/%2Fevil.example", `/x/../\evil.example`, "javascript:alert(1)"} {
		b := newRig(t).browser()
		_, query := b.begin("/sign-in?provider=other&return_to=" + url.QueryEscape(evil))
		if p := b.answerOther(query, nil); p.url != b.url+"/" || p.status != 200 {
			t.Errorf("%s: got %d %s, want the home page", evil, p.status, p.url)
		}
	}
}
