package policy

import (
	"maps"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// requireKey holds the protections that [Protect] has added to an operation.
const requireKey = "humasess.require"

// Protection is the requirement that a group modifier adds to an operation.
type Protection struct {
	Scheme  string
	Manager any // that requires it; the scheme must be this manager's
	Roles   []string

	// Fresh is how recently the user must have authenticated, 0 if it does not
	// matter.
	Fresh time.Duration

	// Documented is set when the protection has reached a document.
	Documented *bool
}

// Protect adds a protection to an operation, which need not embed a session
// type. It is idempotent, because huma runs the modifiers of a group without a
// prefix twice. It does not change maps that copies of the operation share. It
// reports whether the protection is new.
func Protect(op *huma.Operation, p Protection) bool {
	old := protections(op)
	if slices.ContainsFunc(old, func(o Protection) bool {
		return o.Same(p)
	}) {
		return false
	}
	metadata := make(map[string]any, len(op.Metadata)+1)
	maps.Copy(metadata, op.Metadata)
	metadata[requireKey] = append(slices.Clone(old), p)
	op.Metadata = metadata
	return true
}

// Same reports whether both protections require the same.
func (p Protection) Same(other Protection) bool {
	return p.Scheme == other.Scheme && p.Manager == other.Manager && p.Fresh == other.Fresh && slices.Equal(p.Roles, other.Roles)
}

func protections(op *huma.Operation) []Protection {
	ps, _ := op.Metadata[requireKey].([]Protection)
	return ps
}

// freshness returns, for each scheme, the shortest time that the operation's
// protections ask for.
func freshness(op *huma.Operation) map[string]time.Duration {
	var all map[string]time.Duration
	for _, p := range protections(op) {
		if p.Fresh == 0 {
			continue
		}
		if all == nil {
			all = map[string]time.Duration{}
		}
		if have, ok := all[p.Scheme]; !ok || p.Fresh < have {
			all[p.Scheme] = p.Fresh
		}
	}
	return all
}
