package account_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/account"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// device is a client with a bearer token instead of a cookie. It keeps the new token of
// each answer, as the document says.
type device struct {
	*rig
	token string
}

// bearerRig returns a rig whose sessions may have bearer tokens, with all operations.
func bearerRig(t *testing.T, o options) *rig {
	t.Helper()
	r := rigWith(t, humasess.Options[user]{Bearer: &humasess.BearerOptions{}})
	r.register(o)
	return r
}

// withToken returns a device with a session of its own.
func (r *rig) withToken(id, name string) *device {
	r.t.Helper()
	r.clock.Advance(time.Second)
	token, err := r.sessions.IssueBearer(r.t.Context(), user{ID: id, Name: "Name of " + id, Device: name})
	if err != nil {
		r.t.Fatal(err)
	}
	return &device{r, token.AccessToken}
}

// do sends a request from another site, because the cross-origin check is not for tokens.
// It fails the test unless the answer has the status and no cookie.
func (d *device) do(method, path string, want int) (body string) {
	d.t.Helper()
	w := d.client().Do(method, path, nil, func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+d.token)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	})
	if w.Code != want {
		d.t.Fatalf("%s %s: got %d %s, want %d", method, path, w.Code, w.Body, want)
	}
	if got := w.Header()["Set-Cookie"]; got != nil {
		d.t.Errorf("%s %s: got cookies %q, want none for a client with a token", method, path, got)
	}
	if token := w.Header().Get("Session-Token"); token != "" {
		if got := w.Header().Get("Cache-Control"); got != "no-store" {
			d.t.Errorf("%s %s: got Cache-Control %q beside a new token, want no-store", method, path, got)
		}
		d.token = token
	}
	if secret := d.token[len("hs_")+22:]; strings.Contains(w.Body.String(), secret) { // after the public ID
		d.t.Errorf("C4 %s %s: got %s, want no credential in it", method, path, w.Body)
	}
	return w.Body.String()
}

func (d *device) id() string {
	d.t.Helper()
	_, rest, _ := strings.Cut(d.do("GET", "/session", 200), `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

// carriers of a list, with a star at the current session.
func carriers(l account.AccountSessionList) string {
	var all []string
	for _, s := range l.Sessions {
		if s.Current {
			s.Carrier += "*"
		}
		all = append(all, s.Carrier)
	}
	return strings.Join(all, " ")
}

func TestCarriers(t *testing.T) {
	r := bearerRig(t, options{})
	laptop, phone := r.signedIn("ada", "laptop"), r.withToken("ada", "phone")
	if got := decoded[account.AccountSessionList](t, do(t, laptop, "GET", "/sessions", 200)); carriers(got) != "cookie* bearer" || got.Total != 2 {
		t.Errorf("got %q of %d, want cookie* bearer of 2", carriers(got), got.Total)
	}
	if got := decoded[account.AccountCurrentSession[profile]](t, do(t, laptop, "GET", "/session", 200)).Carrier; got != "cookie" {
		t.Errorf("get-session with a cookie: got carrier %q, want cookie", got)
	}
	if got := phone.do("GET", "/session", 200); !strings.Contains(got, `"carrier":"bearer"`) || !strings.Contains(got, "Name of ada") {
		t.Errorf("get-session with a token: got %s, want ada and the carrier bearer", got)
	}
	if got := phone.do("GET", "/sessions", 200); strings.Count(got, `"carrier":"bearer"`) != 1 || strings.Count(got, `"carrier":"cookie"`) != 1 {
		t.Errorf("list-sessions with a token: got %s, want both carriers", got)
	}
}

func TestSignOutByToken(t *testing.T) {
	r := bearerRig(t, options{})
	laptop, phone := r.signedIn("ada", "laptop"), r.withToken("ada", "phone")
	phone.do("POST", "/sign-out", 204)
	phone.do("GET", "/session", 401)
	phone.do("POST", "/sign-out", 204) // R16 again
	do(t, laptop, "GET", "/session", 200)

	// The token decides alone, so the cookie beside it stays signed in.
	bob := r.signedIn("bob", "desk")
	tablet := r.withToken("ada", "tablet")
	w := bob.Do("POST", "/sign-out", nil, func(req *http.Request) { req.Header.Set("Authorization", "Bearer "+tablet.token) })
	if w.Code != http.StatusNoContent || w.Header()["Set-Cookie"] != nil {
		t.Errorf("sign-out with a token and the cookie of another user: got %d and %v, want 204 without a cookie", w.Code, w.Header())
	}
	tablet.do("GET", "/session", 401)
	do(t, bob, "GET", "/session", 200)
}

func TestRevokeByToken(t *testing.T) {
	r := bearerRig(t, options{Fresh: time.Minute})
	laptop, phone, bob := r.signedIn("ada", "laptop"), r.withToken("ada", "phone"), r.withToken("bob", "phone")
	phone.do("DELETE", "/sessions/"+bob.id(), 404)
	phone.do("DELETE", "/sessions/"+idOf(t, laptop), 204)
	do(t, laptop, "GET", "/session", 401)

	// A browser ends the session of a lost device.
	laptop = r.signedIn("ada", "laptop")
	do(t, laptop, "DELETE", "/sessions/"+phone.id(), 204)
	phone.do("GET", "/session", 401)

	// A1 an old authentication ends the session itself, and no other.
	phone = r.withToken("ada", "phone")
	r.clock.Advance(2 * time.Minute)
	phone.do("DELETE", "/sessions/"+idOf(t, laptop), 403)
	phone.do("POST", "/sessions/revoke-others", 403)
	phone.do("POST", "/sign-out-everywhere", 403)
	phone.do("DELETE", "/sessions/"+phone.id(), 204)
	phone.do("GET", "/session", 401)
	bob.do("GET", "/session", 200)
}

func TestRevokeOthersByToken(t *testing.T) {
	r := bearerRig(t, options{})
	laptop, phone, tablet, bob := r.signedIn("ada", "l"), r.withToken("ada", "p"), r.withToken("ada", "t"), r.withToken("bob", "p")
	before := phone.token
	if got := phone.do("POST", "/sessions/revoke-others", 200); !strings.Contains(got, `"revoked":2`) {
		t.Errorf("got %s, want 2 ended", got)
	}
	if phone.token == before {
		t.Fatal("got no header Session-Token, want the new token of the session")
	}
	phone.do("GET", "/session", 200)
	r.clock.Advance(time.Minute)
	(&device{r, before}).do("GET", "/session", 401)
	phone.do("GET", "/session", 200)
	tablet.do("GET", "/session", 401)
	do(t, laptop, "GET", "/session", 401)
	bob.do("GET", "/session", 200)

	// From a browser, the devices end, and the browser gets a cookie and no token.
	laptop = r.signedIn("ada", "l")
	w := do(t, laptop, "POST", "/sessions/revoke-others", 200)
	if w.Header().Get("Session-Token") != "" || w.Header().Get("Set-Cookie") == "" {
		t.Errorf("got headers %v, want a cookie and no token", w.Header())
	}
	phone.do("GET", "/session", 401)
}

func TestSignOutEverywhereByToken(t *testing.T) {
	r := bearerRig(t, options{})
	laptop, phone, bob := r.signedIn("ada", "l"), r.withToken("ada", "p"), r.withToken("bob", "p")
	if got := phone.do("POST", "/sign-out-everywhere", 200); !strings.Contains(got, `"revoked":2`) {
		t.Errorf("got %s, want 2 ended", got)
	}
	phone.do("GET", "/session", 401)
	do(t, laptop, "GET", "/session", 401)
	bob.do("GET", "/session", 200)
}

func TestDocumentWithTokens(t *testing.T) {
	r := bearerRig(t, options{Fresh: 10 * time.Minute, Watch: true})
	want := map[string]string{
		"get-session":           "GET /session [sessionCookie]|[sessionBearer] 200 401 default",
		"list-sessions":         "GET /sessions [sessionCookie]|[sessionBearer] 200 401 default",
		"revoke-session":        "DELETE /sessions/{id} [sessionCookie]|[sessionBearer] 204 401 403 404 default",
		"revoke-other-sessions": "POST /sessions/revoke-others [sessionCookie]|[sessionBearer] 200 401 403 default",
		"sign-out":              "POST /sign-out [sessionCookie]|[sessionBearer]|[] 204 403 default",
		"sign-out-everywhere":   "POST /sign-out-everywhere [sessionCookie]|[sessionBearer] 200 401 403 default",
		"watch-session":         "GET /session/events [sessionCookie]|[sessionBearer] 200 401 default",
	}
	if got := summaries(r.api); !maps.Equal(got, want) {
		t.Errorf("O10 got %q, want %q", got, want)
	}
	for id, op := range byID(r.api) {
		for code, response := range op.Responses {
			for _, name := range []string{"Session-Token", "Set-Cookie"} {
				if _, has := response.Headers[name]; has != (id == "revoke-other-sessions" && code == "200") {
					t.Errorf("O8 %s %s: got %s documented %v", id, code, name, has)
				}
			}
		}
	}
	sessions := []humasesstest.CheckSession{
		{Name: "laptop", Cookies: []*http.Cookie{humasesstest.Login(t, r.sessions, user{ID: "ada"})}},
		{Name: "phone", Token: r.withToken("ada", "phone").token},
	}
	humasesstest.CheckDocument(t, r.api, &humasesstest.CheckOptions{Sessions: sessions})
	r.clock.Advance(20 * time.Minute)
	humasesstest.CheckDocument(t, r.api, &humasesstest.CheckOptions{
		Sessions: sessions, CallUnsafe: true,
		Skip: map[string]string{"sign-out": "it ends the session that the others are tried with"},
	})
}

// TestWatchByToken streams the end of a session with a token.
func TestWatchByToken(t *testing.T) {
	r := bearerRig(t, options{Watch: true})
	phone := r.withToken("ada", "phone")
	stream := r.watch(t, r.client(), func(req *http.Request) { req.Header.Set("Authorization", "Bearer "+phone.token) })
	do(t, r.signedIn("ada", "laptop"), "DELETE", "/sessions/"+phone.id(), 204)
	if got := stream.rest(t); !strings.Contains(got, "event: ended") {
		t.Errorf("got %q, want the event", got)
	}
}
