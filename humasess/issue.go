package humasess

import (
	"fmt"
	"strings"
	"time"

	"github.com/humasess/sessions/security"
)

// cookie returns the Set-Cookie of the response, or "", and those that expire the
// cookie's former scopes beside it.
func (s *state[T]) cookie() (line string, former []string) {
	defer s.unlock(s.lock())
	switch {
	case s.life.cookie == cookieSet && s.issued != "":
		return s.issued, s.m.cookies.former
	case s.life.cookie == cookieExpire:
		return s.m.cookies.expired, s.m.cookies.former
	}
	return "", nil
}

// clears returns the Clear-Site-Data of a response that signs out.
func (s *state[T]) clears() string {
	defer s.unlock(s.lock())
	if s.life.cookie != cookieExpire || len(s.m.opts.ClearSiteData) == 0 {
		return ""
	}
	return `"` + strings.Join(s.m.opts.ClearSiteData, `", "`) + `"`
}

// seal returns the cookie up to the end of its value. It comes before the write
// of the session, because after an error nothing may have changed. A session that
// is in its cookie cannot fail there, and has its value after the write.
func (s *state[T]) seal(token security.Token) ([]byte, error) {
	if s.trip != nil {
		return nil, nil
	}
	line, err := s.m.appendToken(s.m.cookies.begin(nil), token)
	if err != nil {
		return nil, s.storeFailed(fmt.Errorf("seal token: %w", err))
	}
	return line, nil
}

// issue completes the cookie that begins with line.
func (s *state[T]) issue(line []byte) {
	s.issued = ""
	if s.former {
		return // the cookie of a parallel rotation is the right one
	}
	if s.trip != nil {
		line = s.trip.AppendValue(s.m.cookies.begin(s.scratch()), s.rec.ID)
	}
	var age time.Duration
	if s.rec.open.Remember {
		age = s.rec.Deadline.Sub(s.rec.Now)
	}
	s.issued, s.old, s.stale = string(s.m.cookies.end(line, age)), false, false
}
