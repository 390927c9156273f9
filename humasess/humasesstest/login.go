package humasesstest

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
)

// Issuer issues sessions without a login operation. *humasess.Manager[T] implements
// it.
type Issuer[T any] interface {
	Issue(ctx context.Context, data T) (*http.Cookie, error)
}

// LoginOption changes how [Login] signs in.
type LoginOption struct {
	ago     time.Duration
	methods []string
}

// Authenticated says that the user proved their identity so long ago, and by which
// methods of RFC 8176, such as "pwd". The session itself begins now. It is for tests
// of a guard's Fresh and Methods, and of RequireFresh. Give it several times if the
// user has proved their identity more than once:
//
//	humasesstest.Login(t, sessions, ada,
//		humasesstest.Authenticated(9*time.Hour, "pwd"), humasesstest.Authenticated(time.Minute, "otp"))
//
// The manager judges the age by Options.Now, on every store.
func Authenticated(ago time.Duration, methods ...string) LoginOption {
	return LoginOption{ago, methods}
}

// Login returns the cookie of a new session with the data, for requests that another
// client sends. For humatest, the header is
//
//	"Cookie: " + c.Name + "=" + c.Value
//
// With [Authenticated], the authentication of the session has an age and methods. The
// manager must then be a *humasess.Manager[T].
func Login[T any](tb testing.TB, m Issuer[T], data T, opts ...LoginOption) *http.Cookie {
	tb.Helper()
	if len(opts) > 0 {
		c, err := signIn(tb.Context(), m, data, opts)
		if err != nil {
			tb.Fatalf("humasesstest: Login: %v", err)
		}
		return c
	}
	c, err := m.Issue(tb.Context(), data)
	if err != nil {
		tb.Fatalf("humasesstest: Issue: %v", err)
	}
	return c
}

// signIn signs in by a request of its own, because only a request can say how the
// user has proved their identity.
func signIn[T any](ctx context.Context, issuer Issuer[T], data T, opts []LoginOption) (*http.Cookie, error) {
	m, ok := issuer.(interface {
		Handler(next http.Handler) http.Handler
		CookieName() string
	})
	if !ok {
		return nil, fmt.Errorf("%T is not a *humasess.Manager, which Authenticated needs", issuer)
	}
	var failed error
	handler := m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		session, _ := humasess.From[T](r.Context())
		if failed = start(session, data, opts); failed == nil {
			failed = session.Commit(r.Context())
		}
	}))
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, "https://example.com/", nil))
	if failed != nil {
		return nil, failed
	}
	for _, c := range w.Result().Cookies() {
		if c.Name == m.CookieName() && c.MaxAge >= 0 && c.Value != "" {
			return c, nil
		}
	}
	return nil, fmt.Errorf("the answer to the sign-in is %d without a cookie", w.Code)
}

// start notes the proofs from the oldest to the latest, because each one replaces the
// time of the one before.
func start[T any](session *humasess.Session[T], data T, opts []LoginOption) error {
	if err := session.Start(data); err != nil {
		return err
	}
	now := session.Authentication().Time // on the clock of the manager
	opts = slices.Clone(opts)
	slices.SortStableFunc(opts, func(a, b LoginOption) int { return cmp.Compare(b.ago, a.ago) })
	for _, o := range opts {
		if o.ago < 0 {
			return fmt.Errorf("Authenticated called with %v, which is not an age", o.ago)
		}
		a := humasess.Authentication{Time: now.Add(-o.ago)}
		for _, name := range o.methods {
			a.Methods = append(a.Methods, humasess.Method{Name: name})
		}
		if err := session.ReauthenticatedWith(a); err != nil {
			return err
		}
	}
	return nil
}
