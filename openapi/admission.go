package openapi

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// satisfies reports whether each request that fulfils the conditions of a also fulfils
// those of other.
func (a Admission) satisfies(other Admission) bool {
	if other.SameOrigin && !a.SameOrigin {
		return false
	}
	for scheme, scopes := range other.Credentials {
		if mine, has := a.Credentials[scheme]; !has || !containsAll(mine, scopes) {
			return false
		}
	}
	for _, theirs := range other.Users {
		i := slices.IndexFunc(a.Users, func(c Condition) bool { return c.Credential == theirs.Credential })
		if i < 0 || !a.Users[i].satisfies(theirs) {
			return false
		}
	}
	return true
}

func (c Condition) satisfies(other Condition) bool {
	return containsAll(c.Roles, other.Roles) && containsAll(c.Guards, other.Guards) &&
		!slices.ContainsFunc(other.Proofs, func(p Proof) bool { return !p.impliedBy(c.Proofs) })
}

// impliedBy reports whether all proofs together are as strong as p. An authentication by a
// method within a time is an authentication within that time.
func (p Proof) impliedBy(all []Proof) bool {
	within := func(q Proof) bool { return p.Fresh == 0 || q.Fresh != 0 && q.Fresh <= p.Fresh }
	if p.Fresh != 0 && !slices.ContainsFunc(all, within) {
		return false
	}
	return !slices.ContainsFunc(p.Methods, func(method string) bool {
		return !slices.ContainsFunc(all, func(q Proof) bool { return within(q) && slices.Contains(q.Methods, method) })
	})
}

func containsAll(all, some []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

// admitted reports whether one of the kinds of requests covers all requests of kind a.
func (a Admission) admitted(all []Admission) bool { return slices.ContainsFunc(all, a.satisfies) }

// covers reports whether every request of the kinds in some is of a kind in all.
func covers(all, some []Admission) bool {
	return !slices.ContainsFunc(some, func(a Admission) bool { return !a.admitted(all) })
}

// fewest removes each admission that another one covers, and sorts the rest.
func fewest(all []Admission) []Admission {
	kept := []Admission{}
	for i, a := range all {
		covered := slices.ContainsFunc(kept, a.satisfies) ||
			slices.ContainsFunc(all[i+1:], func(later Admission) bool { return a.satisfies(later) && !later.satisfies(a) })
		if !covered {
			kept = append(kept, a)
		}
	}
	slices.SortStableFunc(kept, func(a, b Admission) int {
		return cmp.Or(cmp.Compare(len(a.Credentials), len(b.Credentials)), strings.Compare(a.key(), b.key()))
	})
	return kept
}

// key is the same for equal admissions only.
func (a Admission) key() string {
	data, _ := json.Marshal(a) //nolint:errchkjson // has only plain fields
	return string(data)
}

// both returns the admission with the conditions of a and b on credentials.
func both(a, b map[string][]string) map[string][]string {
	merged := maps.Clone(a)
	if merged == nil {
		merged = map[string][]string{}
	}
	for scheme, scopes := range b {
		merged[scheme] = union(merged[scheme], scopes)
	}
	return merged
}

// union returns the strings of both slices in order. It never returns nil, which JSON writes
// as null.
func union(a, b []string) []string {
	all := append(append([]string{}, a...), b...)
	slices.Sort(all)
	return slices.Compact(all)
}
