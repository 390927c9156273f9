package humasess

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Authentication says when and how a session's user has proved who they are.
type Authentication struct {
	// Time of the latest proof: Start, a change of identity, or
	// [Session.Reauthenticated]. Zero for anonymous sessions.
	Time time.Time

	// Methods that were named to [Session.Reauthenticated], oldest first and
	// each with its latest time; at most 8.
	Methods []Method
}

// Method is one way of proving who one is, preferably by a name of RFC 8176,
// such as "pwd", "otp" or "hwk".
type Method struct {
	Name string
	Time time.Time
}

// Claims are an authentication in the terms of OpenID Connect Core § 2. acr is
// not among them: which class some methods reach is the program's to say.
type Claims struct {
	AuthTime int64    `json:"auth_time"` // Unix seconds, 0 if unknown
	AMR      []string `json:"amr,omitempty"`
}

// Claims returns the authentication as claims of an ID token.
func (a Authentication) Claims() Claims {
	var c Claims
	if !a.Time.IsZero() {
		c.AuthTime = a.Time.Unix()
	}
	for _, m := range a.Methods {
		c.AMR = append(c.AMR, m.Name)
	}
	return c
}

// Authentication returns what claims say, each method with the time of all.
func (c Claims) Authentication() Authentication {
	var a Authentication
	if c.AuthTime != 0 {
		a.Time = time.Unix(c.AuthTime, 0)
	}
	for _, name := range c.AMR {
		a.Methods = append(a.Methods, Method{Name: name, Time: a.Time})
	}
	return a
}

// Fresh reports whether the latest proof is at most that old at a time. One
// that lies further in the future than that is not: clocks step.
func (a Authentication) Fresh(within time.Duration, now time.Time) bool {
	return !a.Time.IsZero() && now.Sub(a.Time).Abs() <= within
}

const (
	maxMethods      = 8
	maxMethodLength = 32
)

// Reauthenticated notes that the user has just proved again who they are, by
// a method such as "pwd" or "otp" (RFC 8176), which the program has checked.
// The token is renewed without grace, and both timeouts begin anew (NIST
// SP 800-63B-4 § 5.2, ASVS 7.2.4). After Start in the same request it names
// the method of the sign-in.
//
// [ErrNoSession] without an active session; [ErrConflict] for the bearer of a
// token that was renewed meanwhile; [errors.ErrUnsupported] when sessions are
// in their cookies, where only Start gives a new one; [ErrInvalid] for a method that is not 1 to
// 32 letters, digits and ". _ -".
func (s *Session[T]) Reauthenticated(method string) error { return s.bound().reauthenticated(method) }

// Authentication returns when and how the user of the session has proved who
// they are, the zero value without one.
func (s *Session[T]) Authentication() Authentication { return s.bound().authentication() }

// RequireFresh returns nil when the user has proved who they are within that
// time, and else [ErrReauthenticate], for the handler to return: 403 with the
// type "urn:humasess:problem:reauthentication_required". Where it never
// depends on the request's data, give the guard a method Fresh instead, which
// is documented. [ErrNoSession] without an active session.
func (s *Session[T]) RequireFresh(within time.Duration) error {
	st := s.bound()
	if !st.isActive() {
		return fail(ErrNoSession, nil)
	}
	if !st.fresh(within) {
		return fail(ErrReauthenticate, nil)
	}
	return nil
}

func (s *state[T]) reauthenticated(method string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.need(); err != nil {
		return err
	}
	if !validMethod(method) {
		return fail(ErrInvalid, fmt.Errorf("Reauthenticated called with %q: not 1 to 32 letters, digits and . _ -", method))
	}
	if s.m.embark != nil && s.life.onBase() {
		return fail(errors.ErrUnsupported, errTravels)
	}
	if s.life.onBase() && s.former && !s.lost() {
		return fail(ErrConflict, nil) // or a thief would outlast the owner
	}
	s.pending.proofs = append(s.pending.proofs, Method{method, s.m.now()})
	s.rotate(rotateAtOnce)
	return nil
}

func validMethod(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-' {
			return false
		}
	}
	return s != "" && len(s) <= maxMethodLength
}

func (s *state[T]) fresh(within time.Duration) bool {
	return s.authentication().Fresh(within, s.m.now())
}

func (s *state[T]) authentication() Authentication {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.life.next != nextSame:
		a := Authentication{Methods: withProofs(nil, s.pending.proofs)}
		if s.pending.owner != "" || s.m.opts.Identity == nil {
			a.Time = s.m.now()
		}
		return a
	case s.life.active():
		a := s.m.authentication(&s.rec)
		if n := len(s.pending.proofs); n > 0 {
			a.Methods, a.Time = withProofs(a.Methods, s.pending.proofs), s.pending.proofs[n-1].Time
		}
		return a
	}
	return Authentication{}
}

// authentication of a record. Whoever is anonymous has proved nothing.
func (m *Manager[T]) authentication(rec *record[T]) Authentication {
	if rec.Identity == "" && m.opts.Identity != nil {
		return Authentication{}
	}
	return Authentication{Time: time.Unix(0, rec.open.authenticated), Methods: decodeMethods(rec.open.methods)}
}

// withProofs adds what was proved, in a new slice: the latest time of each
// method counts.
func withProofs(methods, proofs []Method) []Method {
	var all []Method
	for _, m := range append(slices.Clip(methods), proofs...) {
		for i := range all {
			if all[i].Name == m.Name {
				all = append(all[:i], all[i+1:]...)
				break
			}
		}
		all = append(all, m)
	}
	return all[max(len(all)-maxMethods, 0):]
}

// encodeMethods writes length, name and time of each.
func encodeMethods(all []Method) []byte {
	var b []byte
	for _, m := range all {
		b = append(binary.AppendUvarint(b, uint64(len(m.Name))), m.Name...)
		b = binary.AppendVarint(b, m.Time.UnixNano())
	}
	return b
}

// decodeMethods reads as far as it can: a damaged list proves less.
func decodeMethods(b []byte) []Method {
	var all []Method
	for len(b) > 0 {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			break
		}
		name := string(b[n : n+int(size)])
		b = b[n+int(size):]
		at, n := binary.Varint(b)
		if n <= 0 {
			break
		}
		all, b = append(all, Method{name, time.Unix(0, at)}), b[n:]
	}
	return all
}
