package humasess_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

// TestBearerSpellings sends the header in every form that a client or an attacker may use.
func TestBearerSpellings(t *testing.T) {
	t.Parallel()
	r := bearerRig(t)
	tok, bob := bearerOf(r, account{ID: "ada"}), r.signedIn(account{ID: "bob"})
	for _, tt := range []struct{ line, want string }{
		{"Bearer " + tok, "ada"},
		{"bearer " + tok, "ada"},
		{"bEARER " + tok, "ada"},
		{"Bearer   " + tok, "ada"},
		{"Bearer \t" + tok, "ada"},
		{"\tBearer " + tok + " \t", "ada"},
		{"Bearer " + tok + " x", ""},
		{"Bearer " + tok + ",", ""},
		{"Bearer " + tok + "\n", ""},
		{"Bearer " + tok[:20] + "\n" + tok[20:], ""},
		{"Bearer " + tok[:20] + "\r\n" + tok[21:], ""},
		{"Bearer " + tok + "\x00", ""},
		{"Bearer hs_é" + tok[5:], ""},
		{"Bearer hs_\xff\xfe", ""},
		{"Bearer hs_" + strings.Repeat("A", 8<<10), ""},
		{"Bearer hs_ " + tok[3:], ""},
		{"Bearer hs_" + tok, ""},
		// The next are no tokens of a session, so the cookie counts.
		{"Bearer\t" + tok, "bob"},
		{"Bearer\u00a0" + tok, "bob"},
		{"Bearer" + tok, "bob"},
		{"Bearer: " + tok, "bob"},
		{"Bearer token=" + tok, "bob"},
		{"Bearer \"" + tok + "\"", "bob"},
		{"Bearer HS_" + tok[3:], "bob"},
		{"Bearer \x00" + tok, "bob"},
		{"Token " + tok, "bob"},
		{"Basic x, Bearer " + tok, "bob"},
		{"Ｂearer " + tok, "bob"},
		{"Bearer hs", "bob"},
		{tok, "bob"},
		{"", "bob"},
	} {
		got := "?"
		edit := func(req *http.Request) { req.Header["Authorization"] = []string{tt.line} }
		wantStatus(t, r.call(bob, func(_ context.Context, s *humasess.Session[account]) error {
			a, _ := s.Get()
			got = a.ID
			return nil
		}, edit), http.StatusNoContent)
		if got != tt.want {
			t.Errorf("%.60q: got user %q, want %q", tt.line, got, tt.want)
		}
		// Only a token of a session lifts the check of the origin.
		want := http.StatusNoContent
		if tt.want == "bob" {
			want = http.StatusForbidden
		}
		wantStatus(t, r.call(bob, nothing[account], edit, withHeaders("Sec-Fetch-Site", "cross-site")), want)
	}
	// Neither the query nor another header brings a token.
	for _, edit := range []func(*http.Request){
		func(req *http.Request) { req.URL.RawQuery = "access_token=" + tok },
		withHeaders("Proxy-Authorization", "Bearer "+tok),
		withHeaders("X-Authorization", "Bearer "+tok),
		withHeaders("Session-Token", tok),
	} {
		wantStatus(t, r.requiredCall(r.client(), nil, edit), http.StatusUnauthorized)
	}
}

// TestBearerCaches checks the headers for caches of answers of every kind.
func TestBearerCaches(t *testing.T) {
	t.Parallel()
	r := bearerRig(t)
	guarded[letsIn](r.api, http.MethodGet, "/guarded", nothing[account])
	huma.Get(r.api, "/page", func(context.Context, *struct{ humasess.Session[account] }) (*struct{}, error) { return nil, nil })
	admins := huma.NewGroup(r.api, "/admins")
	admins.UseSimpleModifier(r.sessions.Require("admin"))
	huma.Get(admins, "/page", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
	tok := bearerOf(r, account{ID: "ada"})
	for _, tt := range []struct {
		path, token string
		status      int
		private     bool
	}{
		{"/page", "", 204, false},
		{"/page", tok, 204, true},
		{"/page", "hs_dead", 204, true},
		{"/guarded", tok, 204, true},
		{"/guarded", "", 401, false},
		{"/guarded", "hs_dead", 401, false},
		{"/admins/page", "", 401, false},
		{"/admins/page", "hs_dead", 401, false},
		{"/admins/page", tok, 403, true},
	} {
		var edits []func(*http.Request)
		if tt.token != "" {
			edits = append(edits, withToken(tt.token))
		}
		w := r.client().Do("GET", tt.path, nil, edits...)
		wantStatus(t, w, tt.status)
		wantHeader(t, w, "Vary", "Cookie, Authorization")
		if got := w.Header().Get("Cache-Control") == "no-store"; got != tt.private {
			t.Errorf("%s with %.6q: got Cache-Control %q, want no-store %v", tt.path, tt.token, w.Header().Get("Cache-Control"), tt.private)
		}
	}
	// A refusal because of the origin depends on the token, too: with one there is none.
	w := r.client().Do("POST", "/call", nil, withHeaders("Sec-Fetch-Site", "cross-site"))
	wantStatus(t, w, http.StatusForbidden)
	wantText(t, "Vary of a refused origin", strings.Join(w.Header()["Vary"], ", "), "Sec-Fetch-Site", "Origin", "Authorization")
}

// TestBearerHandshake opens websockets from another origin.
func TestBearerHandshake(t *testing.T) {
	t.Parallel()
	r := bearerRig(t)
	huma.Get(r.api, "/socket", func(_ context.Context, in *struct{ humasess.Required[account] }) (*who, error) {
		return answerWho(in.Value().ID, nil, "")
	})
	bob := r.signedIn(account{ID: "bob"})
	tok := bearerOf(r, account{ID: "ada"})
	handshake := withHeaders("Upgrade", "websocket", "Connection", "Upgrade", "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	page := plain(r, func(w http.ResponseWriter, _ *http.Request, s *humasess.Session[account]) {
		a, _ := s.Get()
		w.Header().Set("X-User", a.ID)
	})
	page.SetCookie(&http.Cookie{Name: cookieName, Value: token(bob)})
	for name, tt := range map[string]struct {
		line         string
		status, page int
	}{
		"none":         {"", 403, 403},
		"another":      {"Basic YTpi", 403, 403},
		"a dead token": {"Bearer hs_dead", 401, 200},
		"a token":      {"Bearer " + tok, 200, 200},
	} {
		edit := withHeaders("Authorization", tt.line)
		w := bob.Do("GET", "/socket", nil, handshake, edit)
		wantStatus(t, w, tt.status)
		if tt.status == http.StatusOK && !strings.Contains(w.Body.String(), `"ada"`) {
			t.Errorf("%s: got %s, want ada", name, w.Body)
		}
		w = page.Do("GET", "/", nil, handshake, edit)
		wantStatus(t, w, tt.page)
		if got := w.Header().Get("X-User"); got == "bob" {
			t.Errorf("%s: the cookie has opened a session for a page of another origin", name)
		}
	}
}

// TestBearerStreams reads server-sent events with a token, and revokes its session.
func TestBearerStreams(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t, func(o *humasess.Options[account]) { o.Bearer = &humasess.BearerOptions{} })
	tok, err := s.sessions.IssueBearer(t.Context(), account{ID: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	stay, err := s.sessions.IssueBearer(t.Context(), account{ID: "eve"})
	if err != nil {
		t.Fatal(err)
	}
	stream := func(token string) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/stream", nil)
		if err != nil {
			t.Fatal(err)
		}
		withToken(token)(req)
		resp, err := s.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp
	}
	if got := stream("hs_dead").StatusCode; got != http.StatusUnauthorized {
		t.Errorf("a dead token: got %d, want 401", got)
	}
	resp := stream(tok.AccessToken)
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("got %d and headers %v", resp.StatusCode, resp.Header)
	}
	body := bufio.NewReader(resp.Body)
	for line := ""; !strings.Contains(line, `"ada"`); {
		if line, err = body.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	stream(stay.AccessToken)
	if _, err := s.sessions.RevokeIdentity(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	soon(t, s.returned, "the end of the stream")
	select {
	case <-s.returned:
		t.Error("the stream of another user has ended")
	case <-time.After(10 * time.Millisecond):
	}
}
