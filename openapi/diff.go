package openapi

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"

	"github.com/humasess/sessions/internal/policy"
)

// Diff returns the changes from one policy to another, those that loosen first.
//
// It compares sets of requests and not text. So the order of operations, their IDs,
// descriptions and the names of path parameters change nothing. A new operation loosens
// unless it asks for a user. A removed operation is [Other].
//
// A changed option of a manager is one change. It is not repeated for each operation,
// except that a credential which a manager accepts everywhere opens each of them. Diff does
// not see the code of the functions and guards that a policy names.
func Diff(old, new Policy) []Change { //nolint:predeclared,revive // the contract has these names
	changes := diffManagers(old.Managers, new.Managers)
	before, after := project(old, new), project(new, old)
	changes = append(changes, diffHidden(before, after)...)
	byRoute := map[string]Operation{}
	for _, op := range before {
		byRoute[op.route()] = op
	}
	for _, op := range after {
		was, known := byRoute[op.route()]
		delete(byRoute, op.route())
		switch {
		case op.Path == "":
		case known:
			changes = append(changes, diffOperation(was, op)...)
		default:
			changes = append(changes, Change{Effect: op.added(), Subject: op.title(), New: op.describe()})
		}
	}
	for _, route := range slices.Sorted(maps.Keys(byRoute)) {
		if op := byRoute[route]; op.Path != "" {
			changes = append(changes, Change{Effect: Other, Subject: op.title(), Old: op.describe()})
		}
	}
	slices.SortStableFunc(changes, func(a, b Change) int { return int(b.Effect) - int(a.Effect) })
	return changes
}

// diffOperation returns at most one change.
func diffOperation(was, is Operation) []Change {
	effect := Other
	switch {
	case !covers(was.Admits, is.Admits), is.CrossSiteAllowed && !was.CrossSiteAllowed:
		effect = Loosens
	case !covers(is.Admits, was.Admits), was.CrossSiteAllowed && !is.CrossSiteAllowed:
		effect = Tightens
	case was.Access == is.Access && was.NoTouch == is.NoTouch && was.Hidden == is.Hidden:
		return nil
	}
	return []Change{{Effect: effect, Subject: is.title(), Old: was.describe(), New: is.describe()}}
}

// diffHidden compares the operations without a path. Where some are gone, others may be
// the same ones with another policy, which cannot be compared.
func diffHidden(before, after []Operation) []Change {
	counts := map[string]int{}
	gone := false
	for _, op := range before {
		if op.Path == "" {
			counts[op.key()] = op.Count
		}
	}
	was := maps.Clone(counts)
	is := map[string]Operation{}
	for _, op := range after {
		if op.Path == "" {
			counts[op.key()] -= op.Count
			is[op.key()] = op
		}
	}
	for _, n := range counts {
		gone = gone || n > 0
	}
	var changes []Change
	for _, op := range slices.Concat(before, after) {
		n := counts[op.key()]
		if op.Path != "" || n == 0 {
			continue
		}
		delete(counts, op.key())
		c := Change{Effect: Other, Subject: op.title(), Old: op.counted(was[op.key()]), New: op.counted(is[op.key()].Count)}
		if n < 0 {
			if c.Effect = op.added(); gone {
				c.Effect = Loosens
			}
		}
		changes = append(changes, c)
	}
	return changes
}

// added returns the effect of an operation that was not there before.
func (op Operation) added() Effect {
	if slices.ContainsFunc(op.Admits, func(a Admission) bool { return len(a.Credentials) == 0 }) || op.Access == Unchecked {
		return Loosens
	}
	return Other
}

var parameter = regexp.MustCompile(`\{[^{}]*\}`)

// route identifies an operation, whatever the names of its path parameters.
func (op Operation) route() string {
	if op.Path == "" {
		return op.key()
	}
	return op.Method + " " + parameter.ReplaceAllString(op.Path, "{}")
}

// key is the same for operations with the same policy.
func (op Operation) key() string {
	op.Count = 0
	data, _ := json.Marshal(op) //nolint:errchkjson // has only plain fields
	return string(data)
}

func (op Operation) title() string {
	if op.Path == "" {
		return "hidden operations"
	}
	return op.Method + " " + op.Path
}

// project returns the operations of one policy without the differences that a change of
// a manager's options explains. diffManagers reports these changes.
func project(p, other Policy) []Operation {
	reads := false
	var tokens, bearers []string // schemes that only one of the policies has
	for _, m := range p.Managers {
		i := slices.IndexFunc(other.Managers, func(o Manager) bool { return o.Scheme == m.Scheme })
		if i < 0 {
			continue
		}
		o := other.Managers[i]
		reads = reads || m.RejectCrossSiteReads != o.RejectCrossSiteReads
		if (m.CSRFHeader == "") != (o.CSRFHeader == "") {
			tokens = append(tokens, policy.CSRFKey(m.Scheme))
		}
		if m.Bearer != nil && o.Bearer == nil {
			bearers = append(bearers, m.Bearer.Scheme)
		}
	}
	if !reads && len(tokens)+len(bearers) == 0 {
		return p.Operations
	}
	all := slices.Clone(p.Operations)
	for i := range all {
		var kept []Admission
		for _, a := range all[i].Admits {
			has := func(key string) bool { _, has := a.Credentials[key]; return has }
			if slices.ContainsFunc(bearers, has) {
				continue
			}
			a.SameOrigin = a.SameOrigin && (!reads || !policy.SafeMethod(all[i].Method))
			if slices.ContainsFunc(tokens, has) {
				a.Credentials = maps.Clone(a.Credentials)
				maps.DeleteFunc(a.Credentials, func(key string, _ []string) bool { return slices.Contains(tokens, key) })
			}
			kept = append(kept, a)
		}
		all[i].Admits = fewest(kept)
	}
	return all
}
