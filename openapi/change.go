package openapi

import "fmt"

// Effect is the effect of a [Change] on access.
type Effect uint8

const (
	// Other does not change which requests get in, or concerns an operation that was not
	// there before.
	Other Effect = iota + 1

	// Tightens refuses requests that got in before, and admits no others.
	Tightens

	// Loosens may admit a request that did not get in before. A change that cannot be
	// compared loosens, such as one guard or role in place of another.
	Loosens
)

// String returns "other", "tightens" or "loosens".
func (e Effect) String() string {
	if e < Other || e > Loosens {
		return fmt.Sprintf("Effect(%d)", uint8(e))
	}
	return [...]string{"other", "tightens", "loosens"}[e-Other]
}

// MarshalText implements [encoding.TextMarshaler].
func (e Effect) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// Change is a difference of two policies.
type Change struct {
	Effect  Effect `json:"effect"`        // on access
	Subject string `json:"subject"`       // "GET /path", or "manager sessionCookie: idleTimeout"
	Old     string `json:"old,omitempty"` // empty if only the new policy has the subject
	New     string `json:"new,omitempty"` // empty if only the old policy has the subject
}

// String returns the change as one line, such as
//
//	loosens GET /reports: user, `sessionCookie`, role `auditor` -> public
//	loosens GET /search: new -> public
//	other GET /reports/old: user, `sessionCookie` -> gone
//
// It replaces control characters, which a file that no program wrote may have.
func (c Change) String() string {
	before, after := c.Old, c.New
	if before == "" {
		before = "new"
	}
	if after == "" {
		after = "gone"
	}
	return visible(c.Effect.String() + " " + c.Subject + ": " + before + " -> " + after)
}
