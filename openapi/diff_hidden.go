package openapi

import (
	"maps"
	"slices"

	"github.com/humasess/sessions/internal/policy"
)

// tally counts the operations without a path in both policies, by their policy.
type tally struct {
	kinds []*hiddenKind
}

// hiddenKind are operations without a path that have the same policy.
type hiddenKind struct {
	op      Operation
	was, is int
}

// countHidden counts without the differences that a change of a manager explains.
func countHidden(before, after []Operation, up, down widening) tally {
	var t tally
	byKey := map[string]*hiddenKind{}
	count := func(all []Operation, of []Manager, plain func(Operation) []Admission, add func(k *hiddenKind, n int)) {
		for _, op := range all {
			if op.Path != "" {
				continue
			}
			as := op
			as.Admits, as.Sessions = fewest(plain(op)), op.users(of)
			k := byKey[as.key()]
			if k == nil {
				k = &hiddenKind{op: op}
				byKey[as.key()] = k
				t.kinds = append(t.kinds, k)
			}
			add(k, op.Count)
		}
	}
	old := func(op Operation) []Admission { return up.renamed(down.after(op)) }
	count(before, up.from, old, func(k *hiddenKind, n int) { k.was += n })
	count(after, up.to, up.after, func(k *hiddenKind, n int) { k.is += n })
	return t
}

// changes returns a line for each kind of which the number has changed. Where operations
// are gone, others may be the same ones with another policy, which cannot be compared.
func (t tally) changes(gone []Operation) []Change {
	var changes []Change
	less := slices.ContainsFunc(t.kinds, func(k *hiddenKind) bool { return k.is < k.was })
	for _, k := range t.kinds {
		if k.was == k.is {
			continue
		}
		c := Change{Effect: Other, Subject: k.op.title(), Old: k.op.counted(k.was), New: k.op.counted(k.is)}
		if k.is > k.was {
			c.Effect = k.op.added()
			if less || slices.ContainsFunc(gone, func(op Operation) bool { return !covers(bare(op.Admits), k.op.Admits) }) {
				c.Effect = Loosens
			}
		}
		changes = append(changes, c)
	}
	return changes
}

// mayBe reports whether a new operation may be one of those that are gone, and admits a
// request which that one refused.
func (t tally) mayBe(op Operation) bool {
	return slices.ContainsFunc(t.kinds, func(k *hiddenKind) bool { return k.is < k.was && !covers(k.op.Admits, op.Admits) })
}

// bare removes the conditions that are not known of operations without a path.
func bare(all []Admission) []Admission {
	all = slices.Clone(all)
	for i := range all {
		all[i].SameOrigin = false
		all[i].Credentials = maps.Clone(all[i].Credentials)
		for key := range all[i].Credentials {
			delete(all[i].Credentials, policy.CSRFKey(key))
		}
	}
	return all
}
