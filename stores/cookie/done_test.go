package cookie_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/memory"
)

// TestDone waits in one process for the end of a client-side session.
func TestDone(t *testing.T) {
	type data struct{ ID string }
	secret := key(t)
	type process struct {
		*humasess.Manager[data]
		mux *http.ServeMux
	}
	tests := []struct {
		name    string
		revoked bool // with Options.Revoked
		end     func(t *testing.T, here, there process, c *http.Cookie, id string)
		over    [2]bool // at once, and after DoneInterval
	}{
		{"signed out here", true, func(_ *testing.T, here, _ process, c *http.Cookie, _ string) {
			logout(here.mux, c)
		}, [2]bool{true, true}},
		{"signed out here, without marks", false, func(_ *testing.T, here, _ process, c *http.Cookie, _ string) {
			logout(here.mux, c)
		}, [2]bool{true, true}},
		{"signed out elsewhere", true, func(_ *testing.T, _, there process, c *http.Cookie, _ string) {
			logout(there.mux, c)
		}, [2]bool{false, true}},
		{"revoked elsewhere", true, func(t *testing.T, _, there process, _ *http.Cookie, _ string) {
			if _, err := there.RevokeIdentity(t.Context(), "ada"); err != nil {
				t.Error(err)
			}
		}, [2]bool{false, true}},
		{"revoked by ID elsewhere", true, func(t *testing.T, _, there process, _ *http.Cookie, id string) {
			if err := there.Revoke(t.Context(), id); err != nil {
				t.Error(err)
			}
		}, [2]bool{false, true}},
		{"signed out elsewhere, without marks", false, func(_ *testing.T, _, there process, c *http.Cookie, _ string) {
			logout(there.mux, c)
		}, [2]bool{false, false}},
		{"unused for longer than the idle timeout", true, func(*testing.T, process, process, *http.Cookie, string) {
			time.Sleep(time.Hour) // another request may have extended it, in a cookie that this process has not seen
		}, [2]bool{false, false}},
		{"past its deadline", true, func(*testing.T, process, process, *http.Cookie, string) {
			time.Sleep(12*time.Hour + time.Second)
		}, [2]bool{true, true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				options := &cookie.Options{AllowReplayAfterLogout: true}
				if tt.revoked {
					options = &cookie.Options{Revoked: memory.NewRevocations()}
				}
				var id string
				waits, over := make(chan struct{}), make(chan struct{})
				open := func() process {
					m, err := humasess.New(cookie.New(aead(t, secret), options), &humasess.Options[data]{Identity: func(d data) string { return d.ID }})
					if err != nil {
						t.Fatal(err)
					}
					p := process{m, http.NewServeMux()}
					p.mux.Handle("/wait", m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
						s, _ := humasess.From[data](r.Context())
						id = s.ID()
						done := s.Done()
						close(waits)
						<-done
						close(over)
					})))
					p.mux.Handle("/logout", m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
						s, _ := humasess.From[data](r.Context())
						if err := s.Destroy(); err != nil {
							t.Error(err)
						}
					})))
					return p
				}
				here, there := open(), open()
				c := humasesstest.Login(t, here.Manager, data{"ada"})
				go here.mux.ServeHTTP(httptest.NewRecorder(), request("/wait", c))
				<-waits
				synctest.Wait() // until it has made sure
				tt.end(t, here, there, c, id)
				for i, want := range tt.over {
					if i == 1 {
						time.Sleep(15 * time.Second)
					}
					synctest.Wait()
					got := false
					select {
					case <-over:
						got = true
					default:
					}
					if got != want {
						t.Errorf("Done is closed: got %v, want %v, %s", got, want, []string{"at once", "after DoneInterval"}[i])
					}
				}
				if err := here.Close(context.Background()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func request(path string, c *http.Cookie) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "https://example.com"+path, nil)
	r.AddCookie(c)
	return r
}

func logout(mux http.Handler, c *http.Cookie) {
	mux.ServeHTTP(httptest.NewRecorder(), request("/logout", c))
}
