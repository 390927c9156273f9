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
	RememberIdleTimeout     Duration `json:"rememberIdleTimeout,omitzero" yaml:"rememberIdleTimeout,omitempty"`
	RememberAbsoluteTimeout Duration `json:"rememberAbsoluteTimeout,omitzero" yaml:"rememberAbsoluteTimeout,omitempty"`
	MaxPerIdentity          int      `json:"maxPerIdentity,omitempty" yaml:"maxPerIdentity,omitempty"`
	TokenPrefix             string   `json:"tokenPrefix,omitempty" yaml:"tokenPrefix,omitempty"` // of bearer tokens
}

// Duration is written as in "12h" and "1h30m".
type Duration time.Duration

// String implements [fmt.Stringer].
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// MarshalText implements [encoding.TextMarshaler].
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }
