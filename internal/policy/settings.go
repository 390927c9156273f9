package policy

import "time"

// Settings are the options of a manager that bound its sessions, beside those in its
// [Scheme]. A policy file lists them.
type Settings struct {
	Path        string
	Domain      string
	SameSite    string // Strict, Lax or None
	Insecure    bool   // sent over http, too
	Partitioned bool

	Timeouts Timeouts
	Bearer   Timeouts // of sessions with a bearer token

	RotateEvery    time.Duration // 0 is never
	RotationGrace  time.Duration
	RevokeReused   bool
	MaxPerIdentity int // -1 is no limit

	AnonymousSuffices bool
	ClientSide        bool // the session is in its cookie
	TrustedOrigins    []string
	Functions         []string // options that are code of the program and decide about access
}

// Timeouts bound the life of sessions.
type Timeouts struct {
	Idle, Absolute                 time.Duration
	RememberIdle, RememberAbsolute time.Duration
}
