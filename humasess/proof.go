package humasess

import (
	"crypto/rand"
	"reflect"
	"runtime"
	"sync"
	"weak"

	"github.com/humasess/sessions/internal/policy"
)

// A struct over Required, Guarded or Login may have a Resolve of its own, and
// then huma never calls ours. The marker of such a type therefore is a required
// header. The gate answers it with an unguessable value that names the
// operation's entry, and the marker checks that the policy of the entry
// declares exactly the marker's own type, kind and guard. The marker refuses
// the text of a client and the default of its field, which huma takes where
// neither a gate nor a client answers, with SkipValidateParams too.

const (
	requiredMarker = markerPrefix + "Required"
	guardedMarker  = markerPrefix + "Guarded"
	loginMarker    = markerPrefix + "Login"
)

// proofs leads from the value of a marker to the entry of the operation. It is
// global because UnmarshalText gets nothing but text. Its pointers are weak: it
// does not keep an API alive.
var proofs = struct {
	sync.RWMutex
	entries map[string]weak.Pointer[entry]
}{entries: map[string]weak.Pointer[entry]{}}

// prove gives the entry its value.
func (e *entry) prove() {
	e.proof = rand.Text()
	proofs.Lock()
	defer proofs.Unlock()
	proofs.entries[e.proof] = weak.Make(e)
	runtime.AddCleanup(e, func(proof string) {
		proofs.Lock()
		defer proofs.Unlock()
		delete(proofs.entries, proof)
	}, e.proof)
}

func entryOf(proof []byte) *entry {
	proofs.RLock()
	defer proofs.RUnlock()
	return proofs.entries[string(proof)].Value()
}

// declares reports whether the policy has exactly this declaration.
func (e *entry) declares(kind policy.Kind, t, guard reflect.Type) bool {
	for i := range e.policy.Declarations {
		if d := &e.policy.Declarations[i]; d.Kind == kind && d.Type == t && d.GuardType == guard {
			return true
		}
	}
	return false
}

func (e *entry) declaresKind(kind policy.Kind) bool {
	for i := range e.policy.Declarations {
		if e.policy.Declarations[i].Kind == kind {
			return true
		}
	}
	return false
}

// answerKind is the value of the marker of a type that embeds Session, "" if
// the policy has no declaration of that kind.
func (r *request) answerKind(name string) string {
	var kind policy.Kind
	switch name {
	case requiredMarker:
		kind = policy.Required
	case guardedMarker:
		kind = policy.Guarded
	case loginMarker:
		kind = policy.Login
	}
	if r.entry.declaresKind(kind) {
		return r.entry.proof
	}
	r.misbound = true
	return ""
}
