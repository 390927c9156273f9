package policy

import (
	"errors"
	"maps"
	"slices"
)

// Requirements is the value of an operation's `security`: any one of the
// alternatives suffices, and each holds when all of its schemes do, with all
// of the roles listed. nil declares nothing, empty is public.
type Requirements []map[string][]string

// use is how one operation uses one scheme.
type use struct {
	scheme string
	kind   Kind
	roles  []string
}

var errPublic = errors.New("`security: []` makes the operation public, but it uses a session: leave Security nil, or embed Login if its job is to start the session")

// merge works out the requirement of an operation from what the user wrote on
// it, what the document says for operations that write nothing, and the
// session types that its input embeds.
//
// Required sessions are added to every alternative that the user wrote.
// Optional ones add a variant with the cookie before each, unless the user
// mentioned the scheme already. Login makes an operation public that says
// nothing else.
func merge(written, global Requirements, uses []use) (Requirements, error) {
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
			for _, alternative := range result {
				alternative[u.scheme] = union(alternative[u.scheme], u.roles)
			}
		}
	}
	for _, u := range uses {
		if u.kind == Optional && !mentions(result, u.scheme) {
			result = withOption(result, u.scheme)
		}
	}
	result = tidy(result)
	if len(result) == 1 && len(result[0]) == 0 {
		return Requirements{}, nil
	}
	return result, nil
}

// inherited is the document's requirement without the schemes that the
// operation says something about itself. A login is public altogether.
func inherited(global Requirements, uses []use) Requirements {
	result := cloneAll(global)
	for _, u := range uses {
		if u.kind == Login {
			return nil
		}
		if u.kind == Optional {
			for _, alternative := range result {
				delete(alternative, u.scheme)
			}
		}
	}
	return result
}

// withOption puts a variant with the scheme before each alternative.
func withOption(all Requirements, scheme string) Requirements {
	result := make(Requirements, 0, 2*len(all))
	for _, alternative := range all {
		with := maps.Clone(alternative)
		with[scheme] = []string{}
		result = append(result, with, alternative)
	}
	return result
}

// tidy leaves out what is there already, and puts the alternative without any
// scheme last: some generators take only the first.
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

// withoutRoles empties the role lists of the given schemes, in a copy.
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

// union keeps order and returns a slice that is never nil.
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
