package humasess

import (
	"fmt"
	"strings"
	"time"

	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/security"
)

// Issued returns the headers of the response that follow from the session.
func (s *state[T]) Issued() gate.Issued {
	defer s.unlock(s.lock())
	var h gate.Issued
	switch {
	case s.life.cookie == cookieSet && s.line != "":
		h.Cookie, h.Former = s.line, s.m.cookies.former
		h.CSRFName, h.CSRFValue = s.csrfHeader()
	case s.life.cookie == cookieExpire:
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
	if s.rec.open.Remember {
		age = s.rec.Deadline.Sub(s.rec.Now)
	}
	s.line, s.old = string(s.m.cookies.end(line, age)), false
}
