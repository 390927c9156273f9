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
	API      huma.API
	Sessions *humasess.Manager[User]
	Old      Old
	Cookie   http.Cookie                                                   // the old one: Name, Path, Domain, Secure
	Lookup   func(ctx context.Context, id string) (User, time.Time, error) // the user; old sessions from before that time do not count
	Claim    func(ctx context.Context, cookie string) bool                 // of parallel reads with one cookie, one starts our session
	Grace    time.Duration                                                 // a minute, in which requests with the old cookie alone end
	Moved    atomic.Int64                                                  // old sessions that came
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
		_, _ = m.end(ctx) // if the old store is down, the next request tries again
	}
	m.serve(ctx, next, err)
}

func hasUser(s *humasess.Session[User]) bool {
	user, _ := s.Get()
	return user.ID != ""
}

// SignsOut is a modifier of operations that sign out. They end the old session first, then
// those that first requests start from it meanwhile.
func (m *Move) SignsOut(op *huma.Operation) {
	op.Middlewares = append(slices.Clip(op.Middlewares), func(ctx huma.Context, next func(huma.Context)) {
		ended, err := m.end(ctx)
		for _, found := range ended {
			err = errors.Join(err, m.revoke(ctx.Context(), found))
		}
		m.serve(ctx, next, err)
	})
}

// revoke ends the sessions of ours that an old one has started within the grace, because the
// browser may not have their cookies yet. RevokeWhere also refuses those that requests in
// their handlers are about to start. The request's own session is left to the operation.
func (m *Move) revoke(ctx context.Context, found Found) error {
	own := ""
	if s, ok := humasess.From[User](ctx); ok {
		own = s.ID()
	}
	user, _, err := m.Lookup(ctx, found.ID)
	if err == nil {
		_, err = m.Sessions.RevokeWhere(ctx, user.ID, func(s humasess.Info[User]) bool {
			return s.ID != own && s.Authentication.Time.Unix() == found.signedIn().Unix() && time.Since(s.CreatedAt) <= m.Grace
		})
	}
	if errors.Is(err, ErrDead) || errors.Is(err, errors.ErrUnsupported) { // client-side sessions
		return nil
	}
	return unavailable(err)
}

// Start starts a session of ours that ends with the old one at the latest.
func (m *Move) Start(ctx context.Context, s *humasess.Session[User], cookie string) error {
	user, found, err := m.find(ctx, cookie)
	left := time.Until(found.Ends)
	if err != nil || left < time.Second {
		return err
	}
	m.Moved.Add(1)
	return errors.Join(s.Start(user), s.Remember(found.Persistent), s.SetTTL(left),
		s.ReauthenticatedWith(humasess.Authentication{Time: found.signedIn()})) // otherwise it would be a recent sign-in
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
func (m *Move) end(ctx huma.Context) (ended []Found, err error) {
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
			ended = append(ended, found)
		}
		if err != nil && !errors.Is(err, ErrDead) {
			return ended, unavailable(err)
		}
		expire = true
	}
	if expire {
		expired := m.Cookie
		expired.MaxAge = -1
		ctx.AppendHeader("Set-Cookie", expired.String())
	}
	return ended, nil
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
