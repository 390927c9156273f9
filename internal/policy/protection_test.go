package policy_test

import (
	"maps"
	"testing"
)

func TestProtect(t *testing.T) {
	t.Run("twice is once", func(t *testing.T) {
		f := newFixture(t, nil, userScheme)
		op := f.operation("/")
		protect(op, "admin") // huma runs the modifiers of an unprefixed group
		f.mustAdd(t, op)     // when it documents the operation,
		protect(op, "admin") // and when it routes it
		if got, want := asJSON(t, op.Security), `[{"session":["admin"]}]`; got != want {
			t.Errorf("got security %s, want %s", got, want)
		}
		if got := f.policy(t, op).Requirements; len(got) != 1 {
			t.Errorf("got requirements %s, want one", asJSON(t, got))
		}
	})
	t.Run("two protections add up", func(t *testing.T) {
		f := newFixture(t, nil, userScheme)
		op := f.operation("/", required)
		protect(op, "admin")
		protect(op, "audit")
		f.mustAdd(t, op)
		if got, want := asJSON(t, op.Security), `[{"session":["admin","audit"]}]`; got != want {
			t.Errorf("got security %s, want %s", got, want)
		}
	})
	t.Run("copies of the operation share nothing that it changes", func(t *testing.T) {
		f := newFixture(t, nil, userScheme)
		op := f.operation("/")
		op.Metadata = map[string]any{"mine": 1}
		shared := maps.Clone(op.Metadata)
		version := *op
		protect(&version, "admin")
		another := version
		protect(&another, "audit")
		if len(op.Metadata) != len(shared) {
			t.Errorf("got metadata %v on the original, want %v", op.Metadata, shared)
		}
		if version.Metadata["mine"] != 1 {
			t.Errorf("got metadata %v, want the user's kept", version.Metadata)
		}
		f.mustAdd(t, &version)
		if got, want := asJSON(t, version.Security), `[{"session":["admin"]}]`; got != want {
			t.Errorf("got security %s, want %s", got, want)
		}
	})
}
