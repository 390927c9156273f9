package openapi

import "slices"

// Diff returns the changes from one policy to another, those that loosen first.
//
// It compares sets of requests and not text. So the order of operations, their IDs,
// descriptions and the names of path parameters change nothing. A new operation loosens
// unless it asks for a user. A removed operation is [Other].
//
// A changed option of a manager is one change. It is not repeated for each operation,
// except that AcceptSchemes and RequireByDefault also show the operations that they open
// or close. Diff does not see the code of the functions and guards that a policy names.
func Diff(old, new Policy) []Change { //nolint:predeclared,revive // the contract has these names
	changes := diffManagers(old.Managers, new.Managers)
	up, down := widened(old.Managers, new.Managers), widened(new.Managers, old.Managers)
	pairs, added, gone := pair(withPath(old.Operations), withPath(new.Operations))
	hidden := countHidden(old.Operations, new.Operations, up, down)
	changes = append(changes, hidden.changes(gone)...)
	for _, p := range pairs {
		changes = append(changes, diffOperation(p[0], p[1], up, down)...)
	}
	before, after := titles(old.Operations), titles(new.Operations)
	for _, op := range added {
		c := Change{Effect: op.added(), Subject: op.title(), New: op.describe()}
		if before[op.title()] || hidden.mayBe(op) {
			c.Effect = Loosens
		}
		changes = append(changes, c)
	}
	for _, op := range gone {
		c := Change{Effect: Other, Subject: op.title(), Old: op.describe()}
		if after[op.title()] {
			c.Effect = Loosens // the other one answers all requests now
		}
		changes = append(changes, c)
	}
	slices.SortStableFunc(changes, func(a, b Change) int { return int(b.Effect) - int(a.Effect) })
	return changes
}

// diffOperation returns at most one change.
func diffOperation(was, is Operation, up, down widening) []Change {
	effect := Other
	switch {
	case up.loosens(was, is), is.AllowCrossSite && !was.AllowCrossSite, orNever(is.HandlerFresh) > orNever(was.HandlerFresh):
		effect = Loosens
	case down.loosens(is, was), was.AllowCrossSite && !is.AllowCrossSite, orNever(is.HandlerFresh) < orNever(was.HandlerFresh):
		effect = Tightens
	case was.Access == is.Access && was.NoTouch == is.NoTouch && was.Hidden == is.Hidden && !up.readsOthers(was, is):
		return nil
	}
	return []Change{{Effect: effect, Subject: is.title(), Old: was.describe(), New: is.describe()}}
}

// pair finds the operations of both policies that serve the same requests. Where several
// have one route, those with the same policy belong together, and then those with the same
// path.
func pair(before, after []Operation) (pairs [][2]Operation, added, gone []Operation) {
	same := func(op Operation) string { return op.key() }
	for _, by := range []func(Operation) string{same, Operation.title, Operation.route} {
		waiting := map[string][]int{}
		for i, op := range before {
			waiting[by(op)] = append(waiting[by(op)], i)
		}
		var rest, left []Operation
		taken := make([]bool, len(before))
		for _, op := range after {
			k := by(op)
			if w := waiting[k]; len(w) > 0 {
				pairs = append(pairs, [2]Operation{before[w[0]], op})
				taken[w[0]], waiting[k] = true, w[1:]
				continue
			}
			rest = append(rest, op)
		}
		for i, op := range before {
			if !taken[i] {
				left = append(left, op)
			}
		}
		before, after = left, rest
	}
	slices.SortStableFunc(pairs, func(a, b [2]Operation) int { return a[1].order(b[1]) })
	slices.SortStableFunc(before, Operation.order)
	return pairs, after, before
}

func withPath(all []Operation) []Operation {
	return slices.DeleteFunc(slices.Clone(all), func(op Operation) bool { return op.Path == "" })
}

// titles has the paths and methods of operations. The file does not tell which of two with
// the same path and method the router calls.
func titles(all []Operation) map[string]bool {
	has := make(map[string]bool, len(all))
	for _, op := range all {
		has[op.title()] = op.Path != ""
	}
	return has
}
