package gate

import (
	"crypto/rand"
	"errors"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/humasess/sessions/internal/policy"
)

// A struct that embeds Required, Guarded or Login may have its own Resolve, and then
// huma never calls that of the session. So the marker of such a type is a required
// header.
// The gate answers it with a random value that names the operation's proof. The
// marker checks that the proof has exactly the marker's own type, kind and guard. It
// refuses every other text, such as a client's or the default of its field. huma takes
// the default if neither a gate nor a client sets a value, also with
// SkipValidateParams.

// proof holds the declarations that are enforced for an operation.
type proof struct {
	value        string // of its markers; "" if there are none
	declarations []policy.Declaration
	kinds        [policy.Login + 1]bool // of the declarations
	misbound     atomic.Bool            // the input has declared something else
}

// proofs maps the value of a marker to its proof. It is global because UnmarshalText
// gets only text. Its pointers are weak, so it does not keep an API alive.
var proofs = struct {
	sync.RWMutex
	byValue map[string]weak.Pointer[proof]
}{byValue: map[string]weak.Pointer[proof]{}}

// newProof returns the proof of an operation.
func newProof(declarations []policy.Declaration) *proof {
	p := &proof{declarations: declarations}
	for _, d := range declarations {
		p.kinds[d.Kind] = true
	}
	if !p.kinds[policy.Required] && !p.kinds[policy.Guarded] && !p.kinds[policy.Login] {
		return p
	}
	p.value = rand.Text()
	proofs.Lock()
	defer proofs.Unlock()
	proofs.byValue[p.value] = weak.Make(p)
	runtime.AddCleanup(p, func(value string) {
		proofs.Lock()
		defer proofs.Unlock()
		delete(proofs.byValue, value)
	}, p.value)
	return p
}

var errUnenforced = errors.New("humasess: the operation has a session that is not enforced: " + EmbedHint)

// CheckProof refuses every text except the value of an operation whose policy has
// exactly this declaration.
func CheckProof(text []byte, kind policy.Kind, t, guard reflect.Type) error {
	proofs.RLock()
	p := proofs.byValue[string(text)].Value()
	proofs.RUnlock()
	if p == nil {
		return errUnenforced
	}
	if !p.declares(kind, t, guard) {
		p.misbound.Store(true)
		return errUnenforced
	}
	return nil
}

// declares reports whether the policy has exactly this declaration.
func (p *proof) declares(kind policy.Kind, t, guard reflect.Type) bool {
	for i := range p.declarations {
		if d := &p.declarations[i]; d.Kind == kind && d.Type == t && d.GuardType == guard {
			return true
		}
	}
	return false
}
