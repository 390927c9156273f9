package gate

import (
	"crypto/rand"
	"errors"
	"reflect"
	"runtime"
	"sync"
	"weak"

	"github.com/humasess/sessions/internal/policy"
)

// A struct that embeds Required, Guarded or Login may have its own Resolve, and then
// huma never calls that of the session. So the marker of such a type is a required
// header.
// The gate answers it with a random value that names the operation's entry. The
// marker checks that the policy of the entry declares exactly the marker's own
// type, kind and guard. It refuses every other text, such as a client's or the default
// of its field. huma takes the default if neither a gate nor a client sets a value,
// also with SkipValidateParams.

const (
	requiredMarker = markerPrefix + "Required"
	guardedMarker  = markerPrefix + "Guarded"
	loginMarker    = markerPrefix + "Login"
)

// proofs maps the value of a marker to the entry of the operation. It is global
// because UnmarshalText gets only text. Its pointers are weak, so it does not keep
// an API alive.
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

// CheckProof refuses every text except the value of an entry whose policy has
// exactly this declaration.
func CheckProof(text []byte, kind policy.Kind, t, guard reflect.Type) error {
	e := entryOf(text)
	if e == nil {
		return errUnenforced
	}
	if !e.declares(kind, t, guard) {
		e.misbound.Store(true)
		return errUnenforced
	}
	return nil
}

var errUnenforced = errors.New("humasess: the operation has a session that is not enforced: " + EmbedHint)

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

// answerKind returns the value of the marker of a type that embeds Session, or "" if
// the policy has no declaration of that kind.
func (r *Request) answerKind(name string) string {
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
