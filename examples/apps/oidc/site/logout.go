package site

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/humasess/sessions/humasess"
)

// signOut ends the session here, and then at the provider (OpenID Connect RP-Initiated
// Logout 1.0 § 2).
func (s *Site) signOut(w http.ResponseWriter, r *http.Request) {
	session, _ := humasess.From[User](r.Context())
	user, _ := session.Get()
	if err := session.Destroy(); err != nil {
		s.fail(w, r, broken, err)
		return
	}
	to := "/"
	if p := s.issuer(user.Issuer); p != nil {
		m, err := p.metadata(r.Context())
		if err == nil && m.endSession != nil {
			end := *m.endSession
			query := end.Query()
			query.Set("id_token_hint", user.IDToken)
			query.Set("client_id", p.ClientID)
			query.Set("post_logout_redirect_uri", s.origin+"/")
			end.RawQuery = query.Encode()
			to = end.String()
		}
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// providerLogout ends the sessions that a logout token of a provider names (OpenID
// Connect Back-Channel Logout 1.0 § 2.6 to 2.8). The provider's server calls it.
func (s *Site) providerLogout(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	p := s.provider(chi.URLParam(r, "provider"))
	if p == nil {
		http.NotFound(w, r)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := s.endSessions(r.Context(), p, r.PostFormValue("logout_token")); err != nil {
		slog.WarnContext(r.Context(), "logout token refused", "provider", p.Key, "error", err)
		http.Error(w, `{"error":"invalid_request"}`, http.StatusBadRequest)
	}
}

// docs: begin endSessions

func (s *Site) endSessions(ctx context.Context, p *provider, raw string) error {
	m, err := p.metadata(ctx)
	if err != nil {
		return err
	}
	token, err := m.verifier.VerifyLogout(ctx, raw) // signature, iss, aud, exp, events, jti, no nonce, sub or sid
	switch {
	case err != nil:
		return err
	case token.IssuedAt.IsZero() || token.IssuedAt.After(s.now().Add(time.Minute)):
		return errors.New("iat is missing or in the future")
	case token.Expiry.After(s.now().Add(time.Hour)):
		return errors.New("exp is too far away")
	}
	return s.once(ctx, p.Key+" "+token.TokenID, token.Expiry, func() error {
		named := func(u User) bool { // a session whose ID token had no sid can be any of its user
			return u.Issuer == token.Issuer && (token.SessionID == "" || u.SID == token.SessionID || u.SID == "" && u.Subject == token.Subject)
		}
		users := []string{User{Issuer: token.Issuer, Subject: token.Subject}.identity()}
		if token.Subject == "" { // few providers do this, because it needs a look at all sessions
			if users, err = s.usersOf(ctx, named); err != nil {
				return err
			}
		}
		for _, user := range users {
			_, err := s.sessions.RevokeWhere(ctx, user, func(info humasess.Info[User]) bool { return named(info.Data) })
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// docs: end

// usersOf returns the identities with a session for which the function returns true.
func (s *Site) usersOf(ctx context.Context, named func(User) bool) (users []string, err error) {
	for info, err := range s.sessions.All(ctx) {
		if err != nil {
			return nil, err
		}
		if named(info.Data) && !slices.Contains(users, info.Identity) {
			users = append(users, info.Identity)
		}
	}
	return users, nil
}

// usedIDs remembers IDs in this process.
type usedIDs struct {
	now func() time.Time

	mu    sync.Mutex
	until map[string]time.Time
}

func (u *usedIDs) once(_ context.Context, id string, until time.Time, do func() error) error {
	if !u.add(id, until) {
		return errors.New("used before")
	}
	err := do()
	if err != nil { // the provider may try again
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.until, id)
	}
	return err
}

func (u *usedIDs) add(id string, until time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	maps.DeleteFunc(u.until, func(_ string, end time.Time) bool { return end.Before(u.now()) })
	if _, used := u.until[id]; used {
		return false
	}
	u.until[id] = until
	return true
}
