package humasess

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/lifecycle"
	"github.com/humasess/sessions/security"
)

// Issued returns the headers of the response that follow from the session.
func (s *state[T]) Issued() gate.Issued {
	defer s.mu.Unlock(s.mu.Lock())
	var h gate.Issued
	switch {
	case s.life.Cookie == lifecycle.CookieSet && s.line != "":
		h.Cookie, h.Former = s.line, s.m.carriers.Cookies.Former
		h.CSRFName, h.CSRFValue = s.csrfHeader()
	case s.life.Cookie == lifecycle.CookieExpire:
		h.Cookie, h.Former = s.m.carriers.Cookies.Expired, s.m.carriers.Cookies.Former
		if all := s.m.opts.ClearSiteData; len(all) > 0 {
			h.ClearSiteData = `"` + strings.Join(all, `", "`) + `"`
		}
	}
	return h
}

// seal begins the cookie of a token. It comes before the write of the session,
// because after an error nothing may have changed.
func (s *state[T]) seal(token security.Token) ([]byte, error) {
	line, err := s.carrier.Begin(token)
	if err != nil {
		return nil, s.storeFailed(fmt.Errorf("seal token: %w", err))
	}
	return line, nil
}

// issue completes the cookie that begins with line.
func (s *state[T]) issue(line []byte) {
	s.line = ""
	if s.former {
		return // the cookie of a parallel rotation is the right one
	}
	line = s.carrier.Finish(line, s.rec.ID)
	var age time.Duration
	if s.rec.Open.Remember {
		age = s.rec.Deadline.Sub(s.rec.Now)
	}
	s.line, s.old = string(s.m.carriers.Cookies.End(line, age)), false
}

// Issue starts a session outside a request and returns its cookie, for tests
// and for programs that hand a session over by other means. The cookie is a
// credential.
func (m *Manager[T]) Issue(ctx context.Context, data T) (*http.Cookie, error) {
	_, s := newRequest(m)
	s.since = time.Now()
	if err := s.start(data); err != nil {
		return nil, err
	}
	ctx, cancel := m.calls.Bounded(ctx)
	defer cancel()
	if err := s.write(ctx); err != nil {
		return nil, err
	}
	c := m.opts.Cookie
	return &http.Cookie{
		Name: c.Name, Value: m.carriers.Cookies.Value(s.line), Path: c.Path, Domain: c.Domain,
		HttpOnly: true, Secure: !c.InsecureAllowHTTP, SameSite: c.SameSite, Partitioned: c.Partitioned,
	}, nil
}
