package humasess

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
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
		h.Cookie, h.Former = s.line, s.m.cookies.former
		h.CSRFName, h.CSRFValue = s.csrfHeader()
	case s.life.Cookie == lifecycle.CookieExpire:
		h.Cookie, h.Former = s.m.cookies.expired, s.m.cookies.former
		if all := s.m.opts.ClearSiteData; len(all) > 0 {
			h.ClearSiteData = `"` + strings.Join(all, `", "`) + `"`
		}
	}
	return h
}

// seal begins the cookie of a token. It comes before the write of the session,
// because after an error nothing may have changed.
func (s *state[T]) seal(token security.Token) ([]byte, error) {
	line, err := s.carrier.begin(token)
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
	line = s.carrier.finish(line, s.rec.ID)
	var age time.Duration
	if s.rec.Open.Remember {
		age = s.rec.Deadline.Sub(s.rec.Now)
	}
	s.line, s.old = string(s.m.cookies.end(line, age)), false
}

// cookieWriter writes Set-Cookie values.
type cookieWriter struct {
	name       string
	attributes string
	expired    string
	former     []string // expire the cookie in its former scopes
}

func newCookieWriter(c CookieOptions) cookieWriter {
	w := cookieWriter{name: c.Name, attributes: c.attributes(), expired: c.expired()}
	for _, s := range c.Former {
		w.former = append(w.former, c.in(s).expired())
	}
	return w
}

// begin appends what comes before the value.
func (w cookieWriter) begin(b []byte) []byte { return append(append(b, w.name...), '=') }

// end appends what comes after it; age 0 makes the cookie end with the browser.
func (w cookieWriter) end(b []byte, age time.Duration) []byte {
	b = append(b, w.attributes...)
	if age > 0 {
		seconds := int64(min(age, maxCookieAge) / time.Second)
		b = strconv.AppendInt(append(b, "; Max-Age="...), max(seconds, 1), 10)
	}
	return b
}

// value is the value of a cookie that was written.
func (w cookieWriter) value(written string) string {
	value, _, _ := strings.Cut(written[len(w.name)+1:], ";")
	return value
}

// Issue starts a session outside a request and returns its cookie, for tests
// and for programs that hand a session over by other means. The cookie is a
// credential.
func (m *Manager[T]) Issue(ctx context.Context, data T) (*http.Cookie, error) {
	_, s := m.newRequest()
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
		Name: c.Name, Value: m.cookies.value(s.line), Path: c.Path, Domain: c.Domain,
		HttpOnly: true, Secure: !c.InsecureAllowHTTP, SameSite: c.SameSite, Partitioned: c.Partitioned,
	}, nil
}
