package policy

import (
	"reflect"
	"time"
)

// Kind is how an operation uses a session type.
type Kind uint8

// There is no constant for zero: a forgotten kind is no declaration.
const (
	Optional Kind = iota + 1 // works with or without an active session
	Required                 // 401 unless a session is active
	Guarded                  // Required, and 403 unless a guard admits the session
	Login                    // public: the operation starts a session
)

// Declaration says that an operation's input embeds a session type.
type Declaration struct {
	Type  reflect.Type // of the session's data
	Kind  Kind
	Roles []string // all of them are required
	Guard any      // the core knows its type and calls it; nil if it checks nothing

	// GuardType tells the guards of one data type apart.
	GuardType reflect.Type

	// Fresh is how recently the user must have authenticated, 0 if it does not
	// matter. A negative duration is an error.
	Fresh time.Duration

	// Methods must all be among the methods of the user's authentication, each
	// within Fresh if Fresh is set.
	Methods []string

	// Err is a mistake in the type that makes the declaration. The document
	// refuses the operation with this error.
	Err error

	// Copies is how often the input embeds the type. A Session inside a Required,
	// Guarded or Login does not count twice. [Document] sets it.
	Copies int
}

// strictest keeps one declaration per type, because Required, Guarded and Login
// embed the optional Session, whose marker declares as well. Two guards on one
// type both stay.
func strictest(all []Declaration) []Declaration {
	var kept []Declaration
	for _, d := range all {
		if d.Kind != Optional {
			kept = append(kept, d)
		}
	}
	for _, d := range all {
		if d.Kind == Optional && !hasType(kept, d.Type) {
			kept = append(kept, d)
		}
	}
	for i := range kept {
		for _, d := range all {
			if d.Kind == Optional && d.Type == kept[i].Type {
				kept[i].Copies++
			}
		}
	}
	return kept
}

func hasType(ds []Declaration, t reflect.Type) bool {
	for _, d := range ds {
		if d.Type == t {
			return true
		}
	}
	return false
}
