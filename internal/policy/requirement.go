package policy

import (
	"errors"
	"maps"
	"slices"
)

// Requirements is the value of an operation's `security`. Any one of the
// alternatives suffices. An alternative holds when all of its schemes hold, with
// all of the listed roles. A nil value declares nothing, an empty one is public.
type Requirements []map[string][]string

// use is how one operation uses one scheme.
type use struct {
	scheme Scheme
	kind   Kind
	roles  []string
}

var errPublic = errors.New("`security: []` makes the operation public, but its input embeds a session type: leave Security nil, or embed Login if the operation starts the session")

// merge computes the requirement of an operation. It combines the requirement that
// the program wrote on the operation with the uses of the session types. If the
// program wrote none, it begins with the requirement of the document.
//
// merge adds required sessions to every alternative that the program wrote. The
// exception is an alternative with a scheme that brings the session's user, if the program
// has named the session in another one. For an optional session it adds a variant with the
// cookie before each alternative, unless the program has named the scheme. Login makes the
// operation public if the program wrote nothing.
func merge(written, global Requirements, uses []use, brings func(map[string][]string, Scheme) bool) (Requirements, error) {
	result := cloneAll(written)
	if len(uses) == 0 {
		return result, nil
	}
	if written == nil {
		result = inherited(global, uses)
	} else if len(written) == 0 {
		if slices.ContainsFunc(uses, func(u use) bool { return u.kind != Login }) {
			return nil, errPublic
		}
		return Requirements{}, nil
	}
	if len(result) == 0 {
		result = Requirements{{}}
	}
	for _, u := range uses {
		if u.kind == Required || u.kind == Guarded {
			named := mentionsAny(written, u.scheme.keys())
			for _, alternative := range result {
				key := u.scheme.carriedBy(alternative)
				if _, here := alternative[key]; named && !here && brings(alternative, u.scheme) {
					continue
				}
				alternative[key] = union(alternative[key], u.roles)
			}
		}
	}
	for _, u := range uses {
		if u.kind == Optional && !mentionsAny(result, u.scheme.keys()) {
			result = withOption(result, u.scheme.Key)
		}
	}
	result = tidy(result)
	if len(result) == 1 && len(result[0]) == 0 {
		return Requirements{}, nil
	}
	return result, nil
}

// inherited returns the document's requirement without the schemes of the
// operation's optional sessions. For a login it returns nil, because the
// operation is public.
func inherited(global Requirements, uses []use) Requirements {
	result := cloneAll(global)
	for _, u := range uses {
		if u.kind == Login {
			return nil
		}
		if u.kind == Optional {
			for _, alternative := range result {
				for _, key := range u.scheme.keys() {
					delete(alternative, key)
				}
			}
		}
	}
	return result
}

// withOption adds, before each alternative, a variant with the scheme.
func withOption(all Requirements, scheme string) Requirements {
	result := make(Requirements, 0, 2*len(all))
	for _, alternative := range all {
		with := maps.Clone(alternative)
		with[scheme] = []string{}
		result = append(result, with, alternative)
	}
	return result
}

// tidy removes duplicates, and moves the alternative without a scheme to the
// end, because some generators read only the first alternative.
func tidy(all Requirements) Requirements {
	result := make(Requirements, 0, len(all))
	for _, alternative := range all {
		if !slices.ContainsFunc(result, func(other map[string][]string) bool {
			return maps.EqualFunc(alternative, other, slices.Equal)
		}) {
			result = append(result, alternative)
		}
	}
	slices.SortStableFunc(result, func(a, b map[string][]string) int {
		return boolInt(len(a) == 0) - boolInt(len(b) == 0)
	})
	return result
}

// withoutRoles returns a copy in which the given schemes list no roles.
func (r Requirements) withoutRoles(omit func(scheme string) bool) Requirements {
	result := cloneAll(r)
	for _, alternative := range result {
		for scheme := range alternative {
			if omit(scheme) {
				alternative[scheme] = []string{}
			}
		}
	}
	return result
}

func cloneAll(r Requirements) Requirements {
	if r == nil {
		return nil
	}
	result := make(Requirements, len(r))
	for i, alternative := range r {
		result[i] = make(map[string][]string, len(alternative))
		for scheme, roles := range alternative {
			// Never null: some generators refuse it.
			result[i][scheme] = append([]string{}, roles...)
		}
	}
	return result
}

func mentions(all Requirements, scheme string) bool {
	return slices.ContainsFunc(all, func(alternative map[string][]string) bool {
		_, ok := alternative[scheme]
		return ok
	})
}

func mentionsAny(all Requirements, schemes []string) bool {
	return slices.ContainsFunc(schemes, func(key string) bool { return mentions(all, key) })
}

// union returns the strings of both slices in order. It never returns nil.
func union(a, b []string) []string {
	result := append([]string{}, a...)
	for _, s := range b {
		if !slices.Contains(result, s) {
			result = append(result, s)
		}
	}
	return result
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
