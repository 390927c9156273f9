package humasessotel_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	humasessotel "github.com/humasess/sessions/contrib/otel"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/memory"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func has[C stores.Store](store stores.Store) bool {
	_, ok := stores.As[C](store)
	return ok
}

// capabilities are all capabilities of a store.
var capabilities = map[string]func(stores.Store) bool{
	"Index":         has[stores.Index],
	"Marker":        has[stores.Marker],
	"MultiLoader":   has[stores.MultiLoader],
	"IDMaker":       has[stores.IDMaker],
	"Memoizer":      has[stores.Memoizer],
	"ClockUser":     has[stores.ClockUser],
	"Closer":        has[stores.Closer],
	"Transactional": has[stores.Transactional],
	"Watcher":       has[stores.Watcher],
	"Scanner":       has[stores.Scanner],
	"ClientSide":    has[stores.ClientSide],
	"Replayable":    has[stores.Replayable],
}

// bare has no capability.
type bare struct{ stores.Store }

// Each of these types adds one capability to a store, and hides nothing.
type (
	withIndex         struct{ stores.Index }
	withMarker        struct{ stores.Marker }
	withMultiLoader   struct{ stores.MultiLoader }
	withMemoizer      struct{ stores.Memoizer }
	withScanner       struct{ stores.Scanner }
	withTransactional struct{ stores.Store }
	withIDs           struct{ stores.Store }
)

func (withTransactional) InTransaction(context.Context) bool { return true }
func (withIDs) NewID(context.Context, string) (stores.ID, error) {
	return stores.ID{8}, nil
}
func (w withTransactional) Unwrap() stores.Store { return w.Store }

// The wrapped store must have exactly the capabilities of the store inside.
func TestCapabilities(t *testing.T) {
	inner := memory.New(nil)
	tests := map[string]stores.Store{
		"memory":                             inner,
		"client-side":                        cookie.New(sealer(t), &cookie.Options{Revoked: memory.NewRevocations()}),
		"none":                               bare{inner},
		"Index":                              withIndex{inner},
		"Marker":                             withMarker{inner},
		"MultiLoader":                        withMultiLoader{inner},
		"Memoizer":                           withMemoizer{inner},
		"Scanner":                            withScanner{inner},
		"Transactional":                      withTransactional{bare{inner}},
		"IDMaker":                            withIDs{inner},
		"a wrapper around others":            withTransactional{withIndex{inner}},
		"observed twice":                     newRig(t, humasessotel.Options{}).Store(withScanner{inner}),
		"a wrapper around one that observes": withTransactional{newRig(t, humasessotel.Options{}).Store(withIndex{inner})},
	}
	for name, inside := range tests {
		t.Run(name, func(t *testing.T) {
			wrapped := newRig(t, humasessotel.Options{}).Store(inside)
			for _, capability := range slices.Sorted(maps.Keys(capabilities)) {
				if got, want := capabilities[capability](wrapped), capabilities[capability](inside); got != want {
					t.Errorf("%s: got %v, want %v as the store inside", capability, got, want)
				}
			}
		})
	}
	if got := newRig(t, humasessotel.Options{}).Store(nil); got != nil {
		t.Errorf("got %v around no store, want nil, which New of humasess refuses", got)
	}
}

// A new capability in package stores must be in the table above.
func TestCapabilitiesComplete(t *testing.T) {
	files, err := filepath.Glob("../../stores/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d files and %v", len(files), err)
	}
	embeds := map[string][]string{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "_test.go") {
			collectInterfaces(file, embeds)
		}
	}
	var isStore func(name string) bool
	isStore = func(name string) bool {
		return name == "Store" || slices.ContainsFunc(embeds[name], isStore)
	}
	// The core makes request stores by ClientSide.Bind, so no wrapper is around them.
	ofRequests := func(name string) bool {
		return name == "RequestStore" || slices.Contains(embeds[name], "RequestStore")
	}
	var want []string
	for name := range embeds {
		if name != "Store" && isStore(name) && !ofRequests(name) {
			want = append(want, name)
		}
	}
	slices.Sort(want)
	equal(t, "the capabilities of package stores", slices.Sorted(maps.Keys(capabilities)), want)
}

func collectInterfaces(file *ast.File, embeds map[string][]string) {
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if i, ok := spec.Type.(*ast.InterfaceType); ok {
			embeds[spec.Name.Name] = nil
			for _, f := range i.Methods.List {
				if embedded, ok := f.Type.(*ast.Ident); ok && len(f.Names) == 0 {
					embeds[spec.Name.Name] = append(embeds[spec.Name.Name], embedded.Name)
				}
			}
		}
		return true
	})
}

// Each method that is observed makes one span, and no other.
func TestEachMethodHasASpan(t *testing.T) {
	r := newRig(t, humasessotel.Options{})
	inner := humasesstest.Wrap(memory.New(nil))
	store := r.Store(inner)
	ctx := t.Context()
	seen := "" // the span in the context of the store inside
	for _, op := range []humasesstest.Op{
		humasesstest.OpLoad, humasesstest.OpCreate, humasesstest.OpUpdate, humasesstest.OpTouch, humasesstest.OpDelete, humasesstest.OpList,
		humasesstest.OpRevokeIdentity, humasesstest.OpMarkChanged, humasesstest.OpScan, humasesstest.OpCount, humasesstest.OpClear,
	} {
		inner.Before(op, func(ctx context.Context) error {
			seen = trace.SpanFromContext(ctx).(sdktrace.ReadOnlySpan).Name()
			return nil
		})
	}
	id, err := stores.RandomID()
	if err != nil {
		t.Fatal(err)
	}
	capability := func(name string, found bool) {
		if !found {
			t.Fatalf("got no %s", name)
		}
	}
	memoizer, ok := stores.As[stores.Memoizer](store)
	capability("Memoizer", ok)
	multi, ok := stores.As[stores.MultiLoader](store)
	capability("MultiLoader", ok)
	for _, tt := range []struct {
		want string
		call func() error
	}{
		{"create session", func() error {
			_, err := store.Create(ctx, stores.Create{ID: id, Identity: "ada", Idle: time.Hour, Absolute: time.Hour})
			return err
		}},
		{"load session", func() error { _, err := store.Load(ctx, id); return err }},
		{"load session", func() error { _, _, err := memoizer.LoadMemo(ctx, id); return err }},
		{"load session", func() error { _, err := memoizer.Load(ctx, id); return err }},
		{"load_many session", func() error { _, err := multi.LoadMany(ctx, []stores.ID{id, {1}}); return err }},
		{"update session", func() error {
			_, err := store.Update(ctx, stores.Update{ID: id, Version: 1, Payload: []byte("x")})
			return err
		}},
		{"touch session", func() error { _, err := store.Touch(ctx, id, time.Hour); return err }},
		{"list session", func() error { _, err := stores.List(ctx, store, "ada"); return err }},
		{"mark_changed session", func() error { _, err := stores.MarkChanged(ctx, store, "ada"); return err }},
		{"scan session", func() error { _, err := stores.Scan(ctx, store, nil, "", 10); return err }},
		{"count session", func() error { _, err := stores.Count(ctx, store, nil); return err }},
		{"delete session", func() error { return store.Delete(ctx, id, stores.Condition{}) }},
		{"revoke_identity session", func() error {
			_, err := stores.RevokeIdentity(ctx, store, "ada", stores.ID{})
			return err
		}},
		{"clear session", func() error { _, err := stores.Clear(ctx, store, nil); return err }},
	} {
		seen = ""
		if err := tt.call(); err != nil {
			t.Errorf("%s: %v", tt.want, err)
		}
		if seen != tt.want {
			t.Errorf("the store inside has span %q, want %q", seen, tt.want)
		}
		equal(t, "spans of "+tt.want, r.names(), []string{tt.want})
	}
}

// ownList is a wrapper with a List of its own around a Marker.
type ownList struct {
	withIndex
	inner stores.Store
}

func (ownList) List(context.Context, string) ([]stores.Record, error) {
	return []stores.Record{{Identity: "of the wrapper"}}, nil
}

func (o ownList) Unwrap() stores.Store { return o.inner }

// An index is observed, also if another capability of the store is an index as well.
func TestOutermostIndex(t *testing.T) {
	r := newRig(t, humasessotel.Options{})
	inner := memory.New(nil)
	for name, store := range map[string]stores.Store{"alone": withIndex{inner}, "around a marker": ownList{withIndex{inner}, inner}} {
		want, failed := stores.List(t.Context(), store, "ada")
		got, err := stores.List(t.Context(), r.Store(store), "ada")
		if err != nil || failed != nil || len(got) != len(want) {
			t.Errorf("%s: got %v and %v, want %v as the store inside", name, got, err, want)
		}
		equal(t, name, r.names(), []string{"list session"})
	}
}

type plainRevocations struct{ stores.Revocations }
type inTransaction struct{ stores.Revocations }

func (inTransaction) InTransaction(context.Context) bool { return true }

type manyInTransaction struct{ stores.MultiRevocations }

func (manyInTransaction) InTransaction(context.Context) bool { return true }

func TestRevocations(t *testing.T) {
	inner := memory.NewRevocations()
	for name, inside := range map[string]stores.Revocations{
		"MultiRevocations": inner, "none": plainRevocations{inner},
		"TransactionalRevocations": inTransaction{inner}, "both": manyInTransaction{inner},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, humasessotel.Options{})
			wrapped := r.Revocations(inside)
			_, got := wrapped.(stores.MultiRevocations)
			if _, want := inside.(stores.MultiRevocations); got != want {
				t.Errorf("MultiRevocations: got %v, want %v", got, want)
			}
			transactional, got := wrapped.(stores.TransactionalRevocations)
			if _, want := inside.(stores.TransactionalRevocations); got != want {
				t.Errorf("TransactionalRevocations: got %v, want %v", got, want)
			}
			if got && !transactional.InTransaction(t.Context()) {
				t.Error("InTransaction: got false, want true as the revocations inside")
			}
			id := stores.ID{9}
			_, failed := wrapped.Check(t.Context(), id, "ada")
			err := errors.Join(failed, wrapped.End(t.Context(), stores.ID{byte(len(name))}, time.Hour, 1))
			_, failed = wrapped.RevokeIdentity(t.Context(), "ada", 2)
			_, many := stores.CheckMany(t.Context(), wrapped, []stores.Subject{{ID: id}})
			if err := errors.Join(err, failed, many); err != nil {
				t.Error(err)
			}
			want := []string{"check revocation", "end revocation", "revoke_identity revocation", "check revocation"}
			if _, ok := inside.(stores.MultiRevocations); ok {
				want[3] = "check_many revocation"
			}
			equal(t, "spans", r.names(), want)
		})
	}
}
