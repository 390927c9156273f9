package moving_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/e2e/moving"
)

// TestPages moves at the sign-in page, where browsers without a session of ours are sent.
func TestPages(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		r := newRig(t, l)
		sessions, move := r.sessions, r.move
		form := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("name and password")) }
		// docs: begin page
		loginPage := func(w http.ResponseWriter, r *http.Request) {
			s, _ := humasess.From[moving.User](r.Context())
			if cookie, err := r.Cookie(move.Cookie.Name); err == nil && !s.Active() {
				err = move.Start(r.Context(), s, cookie.Value)
				if err == nil && s.Active() {
					http.Redirect(w, r, humasess.ReturnTo(r), http.StatusSeeOther)
					return
				}
				if err != nil && !errors.Is(err, moving.ErrDead) && !errors.Is(err, humasess.ErrNoSession) {
					http.Error(w, "sessions are unavailable", http.StatusServiceUnavailable)
					return
				}
			}
			form(w, r)
		}
		// docs: end
		mux := http.NewServeMux()
		mux.Handle("GET /login", sessions.Pages(&humasess.PageOptions{LoginURL: "/login"})(http.HandlerFunc(loginPage)))
		mux.Handle("GET /account", sessions.Pages(&humasess.PageOptions{LoginURL: "/login", Require: true})(http.HandlerFunc(
			func(w http.ResponseWriter, r *http.Request) {
				s, _ := humasess.From[moving.User](r.Context())
				u, _ := s.Get()
				_, _ = w.Write([]byte(u.ID))
			})))
		server := httptest.NewTLSServer(mux)
		t.Cleanup(server.Close)
		navigate := func(r *http.Request) { r.Header.Set("Sec-Fetch-Mode", "navigate") }
		b := l.signedIn(t)
		r.want("an old session", b.do(get, server.URL+"/account", navigate), 200, b.user)
		r.wantSessions("an old session", 1)
		other := l.signedIn(t)
		r.want("HEAD first", other.do(http.MethodHead, server.URL+"/account", navigate), 200, "")
		r.want("then", other.do(get, server.URL+"/account", navigate), 200, other.user)
		r.wantSessions("HEAD first", 2)
		r.want("no session", newBrowser(t).do(get, server.URL+"/account", navigate), 200, "name and password")
		r.want("a forged cookie", thief(t, l, "forged").do(get, server.URL+"/account", navigate), 200, "name and password")
		if l.fail != nil {
			old := thief(t, l, b.cookie(l))
			l.fail()
			r.want("the old store is down", old.do(get, server.URL+"/account", navigate), 503, "")
		}
	})
}
