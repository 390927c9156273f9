package humasess_test

import (
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/stores/memory"
)

// Managers that share a store share decoded data, but each compares the identity by its
// own function.
func TestDecodedByAnotherManager(t *testing.T) {
	inner := memory.New(nil)
	rigWith := func(identity func(account) string) *rig[account] {
		opts := accountOptions()
		opts.Identity = identity
		return newRigOn(t, opts, inner, huma.DefaultConfig("Test", "1.0.0"))
	}
	byID := rigWith(func(a account) string { return a.ID })
	again := rigWith(func(a account) string { return a.ID })
	byNote := rigWith(func(a account) string { return a.Note })

	c := byID.signedIn(account{ID: "u1", Note: "n1"})
	for range 2 { // the second time the data are decoded already
		if _, ok := byID.data(c); !ok {
			t.Fatal("the manager that has started the session does not open it")
		}
	}
	if got, ok := again.data(again.withToken(token(c))); !ok || got.ID != "u1" {
		t.Errorf("a manager with the same identity: got %+v and %v, want the session", got, ok)
	}
	byNote.events.take()
	if got, ok := byNote.data(byNote.withToken(token(c))); ok {
		t.Errorf("a manager with another identity: got %+v, want no session", got)
	}
	wantKinds(t, byNote.events, events.Undecodable)
	if _, ok := byID.data(c); !ok {
		t.Error("the first manager does not open the session any more")
	}
}
