// Package schemeclaim lets the managers of one program notice that two types of
// session data have one scheme on one store.
package schemeclaim

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
	"weak"

	"github.com/humasess/sessions/stores"
)

// Claim says that a manager keeps sessions of one type under a scheme on a
// store. Two types under one scheme would accept each other's tokens, because a
// record is bound to its scheme and not to its type.
type Claim struct {
	store  stores.Store // the innermost one
	scheme string
	kind   reflect.Type
}

// claims are those of the managers that are in use. The pointers are weak, so
// that a manager that the program drops frees its claim and its store.
var claims struct {
	sync.Mutex
	all []weak.Pointer[Claim]
}

// New returns the claim of a manager, or an error if a manager of another
// type has the scheme on the store.
func New(store stores.Store, scheme string, kind reflect.Type) (*Claim, error) {
	c := &Claim{innermost(store), scheme, kind}
	if !reflect.ValueOf(c.store).Comparable() {
		return c, nil // two such stores cannot be told apart
	}
	claims.Lock()
	defer claims.Unlock()
	// The store is compared last, because it is the dearest to compare.
	var other *Claim
	claims.all = slices.DeleteFunc(claims.all, func(p weak.Pointer[Claim]) bool {
		o := p.Value()
		if o != nil && o.scheme == scheme && o.kind != kind && o.store == c.store {
			other = o
		}
		return o == nil
	})
	if other != nil {
		return nil, fmt.Errorf("humasess: New called for %s with scheme %q, which %s has on the same store: "+
			"each would accept the tokens of the other; set Options.SchemeName, or give one of them a store with a prefix, schema or file of its own",
			fullName(kind), scheme, fullName(other.kind))
	}
	claims.all = append(claims.all, weak.Make(c))
	return c, nil
}

// Release gives the scheme free. It may be called several times.
func (c *Claim) Release() {
	claims.Lock()
	defer claims.Unlock()
	claims.all = slices.DeleteFunc(claims.all, func(p weak.Pointer[Claim]) bool {
		o := p.Value()
		return o == nil || o == c
	})
}

// innermost returns the store that all wrappers lead to.
func innermost(store stores.Store) stores.Store {
	for {
		w, ok := store.(interface{ Unwrap() stores.Store })
		if !ok {
			return store
		}
		inner := w.Unwrap()
		if inner == nil {
			return store
		}
		store = inner
	}
}

// fullName tells types of one name in two packages apart.
func fullName(t reflect.Type) string {
	if t.Name() == "" || t.PkgPath() == "" {
		return t.String()
	}
	return t.PkgPath() + "." + t.Name()
}
