package moving_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
	"github.com/humasess/sessions/internal/e2e/moving"
)

// ends records ended sign-ins.
type ends map[string]time.Time

func (e ends) Add(_ context.Context, s moving.Found) error         { e[s.ID] = s.Ends; return nil }
func (e ends) Has(_ context.Context, s moving.Found) (bool, error) { return !e[s.ID].IsZero(), nil }

// TestEndedLongEnough ends sessions of a CookieStore. The list has to outlive every copy that
// the store accepts, also of a cookie that was saved again.
func TestEndedLongEnough(t *testing.T) {
	t.Parallel()
	const month = 30 * 24 * time.Hour
	for _, tt := range []struct {
		name string
		edit func(*sessions.CookieStore)
		ago  time.Duration
	}{
		{"saved again after a month", func(*sessions.CookieStore) {}, month + time.Hour},
		{"ends with the browser", func(s *sessions.CookieStore) { s.Options.MaxAge = 0 }, 0},
		{"short in the browser only", func(s *sessions.CookieStore) { s.Options.MaxAge = 60 }, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := sessions.NewCookieStore(securecookie.GenerateRandomKey(32), securecookie.GenerateRandomKey(32))
			store.Options.Secure = true
			tt.edit(store)
			ended := ends{}
			l := ofGorilla(t, "gorilla", store, ended)
			r := newRig(t, l)
			b := l.signedInAgo(t, tt.ago)
			r.want("move", b.do(get, r.url+"/me"), 200, b.user, ours)
			r.want("logout", b.do(post, r.url+"/logout"), 204, "", "-"+l.cookie.Name, "-"+ours)
			if left := time.Until(ended[b.user]); left < month-time.Minute {
				t.Errorf("got an end that is listed for %v, want %v", left, month)
			}
		})
	}
}

// TestTwoCookiesOfOneName signs out a browser that sends two old cookies, as an attacker on a
// sibling host can cause.
func TestTwoCookiesOfOneName(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		r := newRig(t, l)
		b := l.signedIn(t)
		copied := b.cookie(l)
		u, _ := url.Parse(l.server + "/logout")
		b.http.Jar.SetCookies(u, []*http.Cookie{{Name: l.cookie.Name, Value: "planted", Path: "/logout", Secure: true}})
		r.want("logout", b.do(post, r.url+"/logout"), 204, "", "-"+l.cookie.Name)
		r.want("copied cookie", thief(t, l, copied).do(get, r.url+"/me"), 401, "")
	})
}

// TestOtherUser signs in another user. The old session of the first must not come back.
func TestOtherUser(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		r := newRig(t, l)
		b := l.signedIn(t)
		r.want("login", b.do(post, r.url+"/login"), 204, "", "-"+l.cookie.Name, ours)
		if _, err := r.sessions.RevokeIdentity(t.Context(), "ada"); err != nil {
			t.Fatal(err)
		}
		r.want("revoked", b.do(get, r.url+"/me"), 401, "")
	})
}

// TestOldStoreFailsAfterTheGrace has clients with both cookies.
func TestOldStoreFailsAfterTheGrace(t *testing.T) {
	failing := 0
	eachLibrary(t, func(t *testing.T, l library) {
		if l.fail == nil {
			return // there is no connection to end
		}
		failing++
		r := newRig(t, l, noGrace)
		b := l.signedIn(t)
		r.want("move", b.do(get, r.url+"/me"), 200, b.user, ours)
		l.fail()
		r.want("both cookies", b.do(get, r.url+"/me"), 200, b.user)
		r.want("logout", b.do(post, r.url+"/logout"), 503, "")
	})
	if failing < 2 {
		t.Errorf("got %d libraries whose store fails, want Redis and PostgreSQL at least", failing)
	}
}

// at is an old library that tells another time of the sign-in.
type at struct {
	moving.Old
	signedIn time.Time
}

func (o at) Find(ctx context.Context, cookie string) (moving.Found, error) {
	found, err := o.Old.Find(ctx, cookie)
	found.SignedIn = o.signedIn
	return found, err
}

// TestUnknownSignIn has old sessions whose sign-in has a time that cannot be. It must not count
// as a recent one.
func TestUnknownSignIn(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		for name, signedIn := range map[string]time.Time{"zero": {}, "an hour ahead": time.Now().Add(time.Hour)} {
			r := newRig(t, l, func(s *moving.Settings) {
				s.Old = at{s.Old, signedIn}
				s.Lookup = func(_ context.Context, id string) (moving.User, time.Time, error) {
					return moving.User{ID: id}, time.Time{}, nil
				}
			})
			b := l.signedIn(t)
			r.want(name+": move", b.do(get, r.url+"/me"), 200, b.user, ours)
			r.want(name+": a recent sign-in is required", b.do(post, r.url+"/transfer"), 403, "")
		}
	})
}
