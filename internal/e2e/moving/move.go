package moving

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

// User is the session data of the examples.
type User struct {
	ID    string   `json:"id"`
	Roles []string `json:"roles,omitempty"`
}

// docs: begin move

// scheme is the name of the old cookie in the document.
const scheme = "oldSession"

// Move takes users from their old sessions to ours.
type Move struct {
	API    huma.API
	Old    Old
	Cookie http.Cookie                                                   // the old one: Name, Path, Domain, Secure
	Lookup func(ctx context.Context, id string) (User, time.Time, error) // the user; old sessions from before that time do not count
	Claim  func(ctx context.Context, cookie string) bool                 // of parallel reads with one cookie, one starts our session
	Grace  time.Duration                                                 // a minute, in which requests with the old cookie alone end
	Moved  atomic.Int64                                                  // old sessions that came
}

// User is the function of Options.Schemes.
func (m *Move) User(ctx huma.Context, _ []string) (User, error) {
	user, _, err := m.find(ctx.Context(), m.cookie(ctx))
	return user, err
}

// Middleware starts a session of ours for the user of an old one. Later it ends the old one.
func (m *Move) Middleware(ctx huma.Context, next func(huma.Context)) {
	var err error
	switch s, ok := humasess.From[User](ctx.Context()); {
	case !ok:
	case s.Carrier() == scheme:
		reads := ctx.Method() == http.MethodGet || ctx.Method() == http.MethodHead
		if ctx.Header("Sec-Fetch-Site") != "cross-site" && (!reads || m.Claim(ctx.Context(), m.cookie(ctx))) {
			err = m.Start(ctx.Context(), s, m.cookie(ctx))
		}
	case s.Carrier() == "cookie" && hasUser(s) && time.Since(s.CreatedAt()) > m.Grace: // the client has our cookie
		_ = m.end(ctx) // if the old store is down, the next request tries again
	}
	m.serve(ctx, next, err)
}

func hasUser(s *humasess.Session[User]) bool {
	user, _ := s.Get()
	return user.ID != ""
}

// SignsOut is a modifier of operations that sign out. They end the old session first.
func (m *Move) SignsOut(op *huma.Operation) {
	op.Middlewares = append(slices.Clip(op.Middlewares), func(ctx huma.Context, next func(huma.Context)) {
		m.serve(ctx, next, m.end(ctx))
	})
}

// Start starts a session of ours that ends with the old one at the latest.
func (m *Move) Start(ctx context.Context, s *humasess.Session[User], cookie string) error {
	user, found, err := m.find(ctx, cookie)
	left := time.Until(found.Ends)
	if err != nil || left < time.Second {
		return err
	}
	if found.SignedIn.IsZero() || found.SignedIn.After(time.Now()) {
		found.SignedIn = time.Unix(0, 0) // not known, so it is not a recent sign-in
	}
	m.Moved.Add(1)
	return errors.Join(s.Start(user), s.Remember(found.Persistent), s.SetTTL(left),
		s.ReauthenticatedWith(humasess.Authentication{Time: found.SignedIn})) // otherwise it would be a recent sign-in
}

func (m *Move) find(ctx context.Context, cookie string) (user User, found Found, err error) {
	var since time.Time
	if cookie == "" {
		return user, found, humasess.ErrNoSession
	}
	if found, err = m.Old.Find(ctx, cookie); err == nil && found.ID == "" {
		return user, found, humasess.ErrNoSession // an anonymous session
	}
	if err == nil {
		user, since, err = m.Lookup(ctx, found.ID)
	}
	if err == nil && found.SignedIn.Before(since) {
		err = ErrDead
	}
	return user, found, unavailable(err)
}

// end ends the old sessions of the request, and expires their cookie. A browser sends several
// cookies of one name if they differ in path or domain. Anonymous sessions stay.
func (m *Move) end(ctx huma.Context) error {
	expire := false
	for _, cookie := range huma.ReadCookies(ctx) {
		if cookie.Name != m.Cookie.Name || cookie.Value == "" {
			continue
		}
		found, err := m.Old.Find(ctx.Context(), cookie.Value)
		if err == nil && found.ID == "" {
			continue
		}
		if err == nil {
			err = m.Old.End(ctx.Context(), cookie.Value)
		}
		if err != nil && !errors.Is(err, ErrDead) {
			return unavailable(err)
		}
		expire = true
	}
	if expire {
		expired := m.Cookie
		expired.MaxAge = -1
		ctx.AppendHeader("Set-Cookie", expired.String())
	}
	return nil
}

func (m *Move) cookie(ctx huma.Context) string {
	if cookie, err := huma.ReadCookie(ctx, m.Cookie.Name); err == nil {
		return cookie.Value
	}
	return ""
}

func (m *Move) serve(ctx huma.Context, next func(huma.Context), err error) {
	if err == nil {
		next(ctx)
		return
	}
	status := huma.Error401Unauthorized("") // the old session has ended meanwhile
	errors.As(err, &status)
	_ = huma.WriteErr(m.API, ctx, status.GetStatus(), status.Error())
}

// unavailable turns failures of the old store into a 503, because a 401 would sign users out.
func unavailable(err error) error {
	if err == nil || errors.Is(err, ErrDead) {
		return err
	}
	slog.Error("old sessions", "error", err)
	return huma.Error503ServiceUnavailable("sessions are unavailable")
}

// docs: end
