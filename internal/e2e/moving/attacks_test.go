package moving_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/humasess/sessions/internal/e2e/moving"
)

func crossSite(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }

// TestForgedCookies sends old cookies that open nothing.
func TestForgedCookies(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		r := newRig(t, l)
		none := newBrowser(t).do(get, r.url+"/me")
		good := l.signedIn(t).cookie(l)
		other := byte('A')
		if good[len(good)/2] == other {
			other = 'B'
		}
		for name, value := range map[string]string{
			"random":    strings.Repeat("A", 43),
			"changed":   good[:len(good)/2] + string(other) + good[len(good)/2+1:],
			"cut":       good[:len(good)-4],
			"path":      "../../../etc/passwd",
			"long":      good + strings.Repeat("A", 3000),
			"percent":   "%00%ff",
			"two parts": "a.b",
		} {
			b := thief(t, l, value)
			if got := b.do(get, r.url+"/me"); got.status != 401 || got.body != none.body || len(got.set) > 0 {
				t.Errorf("%s: got %+v, want the answer to no cookie, %+v", name, got, none)
			}
			r.want(name+", optional", b.do(get, r.url+"/home"), 200, "")
		}
		r.wantSessions("forged cookies", 0)
	})
}

// TestForgedTokens sends JWTs that the old program would not have issued.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	l := jwtCookie(t)
	r := newRig(t, l)
	hour := jwt.NewNumericDate(time.Now().Add(-time.Hour))
	for name, value := range map[string]string{
		"none":           token(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil),
		"other key":      token(jwt.SigningMethodHS256, []byte("another key of thirty-two bytes!"), nil),
		"other method":   token(jwt.SigningMethodHS512, jwtKey, nil),
		"expired":        token(jwt.SigningMethodHS256, jwtKey, func(c *jwt.RegisteredClaims) { c.ExpiresAt = hour }),
		"without end":    token(jwt.SigningMethodHS256, jwtKey, func(c *jwt.RegisteredClaims) { c.ExpiresAt = nil }),
		"without start":  token(jwt.SigningMethodHS256, jwtKey, func(c *jwt.RegisteredClaims) { c.IssuedAt = nil }),
		"other issuer":   token(jwt.SigningMethodHS256, jwtKey, func(c *jwt.RegisteredClaims) { c.Issuer = "other" }),
		"without issuer": token(jwt.SigningMethodHS256, jwtKey, func(c *jwt.RegisteredClaims) { c.Issuer = "" }),
		"without user":   token(jwt.SigningMethodHS256, jwtKey, func(c *jwt.RegisteredClaims) { c.Subject = "" }),
	} {
		r.want(name, thief(t, l, value).do(get, r.url+"/me"), 401, "")
	}
	r.want("good", thief(t, l, token(jwt.SigningMethodHS256, jwtKey, nil)).do(get, r.url+"/me"), 200, "ada", ours)
}

// TestVariantsOfAnEndedCookie sends copies that differ from the cookie that was ended. Each
// is valid by its signature.
func TestVariantsOfAnEndedCookie(t *testing.T) {
	t.Parallel()
	t.Run("bits of base64", func(t *testing.T) {
		t.Parallel()
		l := jwtCookie(t)
		r := newRig(t, l)
		b := l.signedIn(t)
		value := b.cookie(l)
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		last := strings.IndexByte(alphabet, value[len(value)-1])
		variant := value[:len(value)-1] + string(alphabet[last^1])
		r.want("before", thief(t, l, variant).do(get, r.url+"/home", crossSite), 200, b.user)
		r.want("logout", b.do(post, r.url+"/logout"), 204, "", "-"+l.cookie.Name)
		r.want("after", thief(t, l, variant).do(get, r.url+"/me"), 401, "")
	})
	t.Run("saved twice", func(t *testing.T) {
		t.Parallel()
		l := gorillaCookies(t)
		r := newRig(t, l)
		b := l.signedIn(t)
		first := b.cookie(l)
		b.do(post, l.server+"/again")
		if b.cookie(l) == first {
			t.Fatal("got the same value, want another one")
		}
		r.want("logout", b.do(post, r.url+"/logout"), 204, "", "-"+l.cookie.Name)
		r.want("after", thief(t, l, first).do(get, r.url+"/me"), 401, "")
	})
}

// TestOtherSites sends an old cookie from a page of another site.
func TestOtherSites(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		r := newRig(t, l)
		b := l.signedIn(t)
		r.want("read", b.do(get, r.url+"/me", crossSite), 200, b.user)
		r.want("write", b.do(post, r.url+"/note", crossSite), 403, "")
		r.want("logout", b.do(post, r.url+"/logout", crossSite), 403, "")
		r.wantSessions("another site", 0)
		r.want("own page", b.do(get, r.url+"/me"), 200, b.user, ours)
	})
}

// TestSignInKeepsItsAge steps up after a move. The old password check is an hour old.
func TestSignInKeepsItsAge(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		r := newRig(t, l)
		b := l.signedInAgo(t, time.Hour)
		r.want("move", b.do(get, r.url+"/me"), 200, b.user, ours)
		r.want("a recent sign-in is required", b.do(post, r.url+"/transfer"), 403, "")
		var session struct {
			Deadline       time.Time
			Authentication struct{ Time time.Time }
		}
		if err := json.Unmarshal([]byte(b.do(get, r.url+"/session").body), &session); err != nil {
			t.Fatal(err)
		}
		ago := time.Since(session.Authentication.Time)
		if most := time.Hour + time.Minute; ago < time.Hour-time.Minute || ago > most && !l.ageless {
			t.Errorf("got a sign-in %v ago, want an hour", ago)
		}
		found, err := l.old.Find(context.Background(), b.cookie(l))
		if err != nil || session.Deadline.After(found.Ends.Add(2*time.Second)) {
			t.Errorf("got the deadline %v, want none after that of the old session, %v, %v", session.Deadline, found.Ends, err)
		}
	})
}

// TestRevocation ends all sessions of a user before, during and after the move.
func TestRevocation(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		r := newRig(t, l)
		b, phone := l.signedInAgo(t, time.Minute), l.signedInAgo(t, time.Minute)
		r.want("move", b.do(get, r.url+"/me"), 200, b.user, ours)
		revoke := func(user string) {
			// docs: begin revoke
			r.users.endOld(user) // first: UPDATE users SET old_sessions_end = now() WHERE id = $1
			_, err := r.sessions.RevokeIdentity(context.Background(), user)
			// docs: end
			if err != nil {
				t.Error(err)
			}
		}
		revoke(b.user)
		r.want("our session, and the old cookie beside it", b.do(get, r.url+"/me"), 401, "")
		// A request is in its handler.
		entered, release := make(chan struct{}), make(chan struct{})
		r.meet = func() { close(entered); <-release }
		done := make(chan answer)
		go func() { done <- phone.do(get, r.url+"/part") }()
		<-entered
		revoke(phone.user)
		close(release)
		r.want("the first request of the other device", <-done, 401, "")
		r.want("its next request", phone.do(get, r.url+"/me"), 401, "")
		r.wantSessions("revoked", 0)
	})
}

// TestChangeDuringTheMove changes a user while the first request runs.
func TestChangeDuringTheMove(t *testing.T) {
	t.Parallel()
	l := scsMemory(t)
	r := newRig(t, l, func(s *moving.Settings) { s.Claim = func(context.Context, string) bool { return true } })
	b := l.signedIn(t)
	entered, release := make(chan struct{}), make(chan struct{})
	r.meet = func() { close(entered); <-release }
	done := make(chan answer)
	go func() { done <- b.do(get, r.url+"/part") }()
	<-entered
	if _, err := r.sessions.UpdateIdentity(context.Background(), b.user, func(u *moving.User) error { u.Roles = nil; return nil }); err != nil {
		t.Fatal(err)
	}
	close(release)
	r.want("with the old roles", <-done, 409, "")
	r.want("again", b.do(get, r.url+"/me"), 200, b.user, ours)
}
