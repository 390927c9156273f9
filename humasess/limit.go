package humasess

// OverLimit says what a Start does that would exceed Options.MaxPerIdentity.
type OverLimit uint8

const (
	// EvictOldest ends the session of the identity that was started first.
	EvictOldest OverLimit = iota

	// RefuseNew refuses the Start, or the Update that would change the
	// identity, with [ErrLimit] from Commit, or with its 409 in place of the
	// handler's answer. A session that the request replaces does not count: it
	// has ended by then, whatever becomes of the new one. Who cannot reach
	// their other sessions to sign out has to wait until one expires.
	RefuseNew
)
