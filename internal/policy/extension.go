package policy

import (
	"strings"
	"time"
)

// Extension is the extension x-session of a security scheme. It has the policy of the
// sessions.
type Extension struct {
	IdleTimeout             Duration `json:"idleTimeout" yaml:"idleTimeout"`
	AbsoluteTimeout         Duration `json:"absoluteTimeout" yaml:"absoluteTimeout"`
	RememberIdleTimeout     Duration `json:"rememberIdleTimeout" yaml:"rememberIdleTimeout"`
	RememberAbsoluteTimeout Duration `json:"rememberAbsoluteTimeout" yaml:"rememberAbsoluteTimeout"`
	MaxPerIdentity          int      `json:"maxPerIdentity,omitempty" yaml:"maxPerIdentity,omitempty"`
}

// Duration is written as in "12h" and "1h30m".
type Duration time.Duration

// MarshalText implements [encoding.TextMarshaler].
func (d Duration) MarshalText() ([]byte, error) {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return []byte(s), nil
}
