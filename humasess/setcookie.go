package humasess

import (
	"fmt"
	"strings"
	"time"

	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/lifecycle"
	"github.com/humasess/sessions/internal/credential"
)

// Issued returns the headers of the response that follow from the session.
func (s *state[T]) Issued() gate.Issued {
	defer s.mu.Unlock(s.mu.Lock())
	h := gate.Issued{Active: s.life.Active()}
	if s.bearer {
		s.view().issuedBearer(&h)
		return h
	}
	switch {
	case s.life.Cookie == lifecycle.CookieSet && s.few().line != "":
		h.Cookie, h.Former = s.few().line, s.m.carriers.Cookies.Former
		h.CSRFName, h.CSRFValue = s.view().csrfHeader()
	case s.life.Cookie == lifecycle.CookieExpire:
		h.Cookie, h.Former = s.m.carriers.Cookies.Expired, s.m.carriers.Cookies.Former
		if all := s.m.opts.ClearSiteData; len(all) > 0 {
			h.ClearSiteData = `"` + strings.Join(all, `", "`) + `"`
		}
	}
	return h
}

// issuedBearer returns the headers of a response to a client with a token.
func (s view[T]) issuedBearer(h *gate.Issued) {
	own := s.few()
	if s.life.Cookie == lifecycle.CookieSet && own.line != "" {
		h.Secret = true
		if !own.given {
			h.Token = own.line
		}
	}
	if own.stale {
		h.Cookie, h.Former = s.m.carriers.Cookies.Expired, s.m.carriers.Cookies.Former
	}
}

// seal begins the cookie of a token. It comes before the write of the session,
// because after an error nothing may have changed.
func (s writes[T]) seal(token credential.Token) ([]byte, error) {
	line, err := s.carrier().Begin(token)
	if err != nil {
		return nil, s.storeFailed(fmt.Errorf("seal token: %w", err))
	}
	return line, nil
}

// issue completes the cookie that begins with line.
func (s writes[T]) issue(line []byte) {
	if s.rare != nil {
		s.rare.line = ""
	}
	if s.former {
		return // the cookie of a parallel rotation is the right one
	}
	var age time.Duration
	if s.rec.Open.Remember {
		age = s.rec.Deadline.Sub(s.rec.Now)
	}
	own := s.ownRare()
	own.line, own.given, s.old = string(s.carrier().Finish(line, s.rec.ID(), age)), false, false
}

// csrfKey returns the key of the active session, zero if it has none.
func (s view[T]) csrfKey() credential.CSRFKey {
	if s.life.Next == lifecycle.NextSame && s.rec.Open.CSRF != (credential.CSRFKey{}) {
		return s.rec.Open.CSRF
	}
	return s.pending.csrf
}

// csrfHeader returns the header that goes with a new cookie, or "".
func (s view[T]) csrfHeader() (name, value string) {
	if s.m.opts.CSRFHeader == "" || s.csrfKey() == (credential.CSRFKey{}) {
		return "", ""
	}
	value, err := s.csrfKey().Token()
	if err != nil {
		return "", "" // no randomness: the page asks again
	}
	return s.m.opts.CSRFHeader, value
}
