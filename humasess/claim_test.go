package humasess_test

import (
	"bytes"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/stored"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

type operator account

// wrapper is a store around another one.
type wrapper struct{ stores.Store }

func (w wrapper) Unwrap() stores.Store { return w.Store }

// uncomparable is a store whose values cannot be compared.
type uncomparable struct {
	stores.Store
	_ []int
}

// claimFor makes a manager and returns the error of New.
func claimFor[T any](t *testing.T, s stores.Store, scheme string) (*humasess.Manager[T], error) {
	t.Helper()
	return humasess.New(s, &humasess.Options[T]{SchemeName: scheme, Logger: slog.New(slog.DiscardHandler)})
}

func TestNewRefusesASecondType(t *testing.T) {
	same := func() (a, b stores.Store) { s := memory.New(nil); return s, s }
	tests := []struct {
		name            string
		stores          func() (a, b stores.Store)
		scheme, another string
		refused         bool
	}{
		{"same store", same, "x", "x", true},
		{"default scheme", same, "", "", true},
		{"default scheme by its name", same, "", "sessionCookie", true},
		{"wrapper and store", func() (a, b stores.Store) { a, b = same(); return wrapper{a}, b }, "x", "x", true},
		{"store and wrapper", func() (a, b stores.Store) { a, b = same(); return a, &wrapper{b} }, "x", "x", true},
		{"two wrappers", func() (a, b stores.Store) { a, b = same(); return &wrapper{a}, wrapper{&wrapper{b}} }, "x", "x", true},
		{"another scheme", same, "x", "y", false},
		{"another store", func() (a, b stores.Store) { return memory.New(nil), memory.New(nil) }, "x", "x", false},
		{"wrappers around two", func() (a, b stores.Store) { return wrapper{memory.New(nil)}, wrapper{memory.New(nil)} }, "x", "x", false},
		{"stores that do not compare", func() (a, b stores.Store) {
			a, _ = same()
			return uncomparable{Store: a}, uncomparable{Store: a}
		}, "x", "x", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := tt.stores()
			first, err := claimFor[account](t, a, tt.scheme)
			if err != nil {
				t.Fatal(err)
			}
			defer runtime.KeepAlive(first)
			_, err = claimFor[operator](t, b, tt.another)
			if (err != nil) != tt.refused {
				t.Fatalf("another type: got error %v, want one: %v", err, tt.refused)
			}
			if err == nil {
				return
			}
			scheme := tt.scheme
			if scheme == "" {
				scheme = "sessionCookie"
			}
			for _, part := range []string{"humasess_test.account", "humasess_test.operator", `"` + scheme + `"`, "Options.SchemeName", "prefix, schema or file"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error: got %q, want %q in it", err, part)
				}
			}
			again, err := claimFor[account](t, b, tt.another)
			if err != nil {
				t.Fatalf("same type: got error %v, want none", err)
			}
			for _, m := range []*humasess.Manager[account]{first, again} {
				if err := m.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := claimFor[operator](t, b, tt.another); err != nil {
				t.Errorf("after Close: got error %v, want none", err)
			}
		})
	}
}

// Every manager of a type has to be closed, and closing one again is harmless.
func TestCloseFreesTheScheme(t *testing.T) {
	s := memory.New(nil)
	var all []*humasess.Manager[account]
	for range 3 {
		m, err := claimFor[account](t, s, "x")
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	for i, m := range all {
		if _, err := claimFor[operator](t, s, "x"); err == nil {
			t.Fatalf("%d of %d closed: another type got the scheme", i, len(all))
		}
		for range 2 {
			if err := m.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	m, err := claimFor[operator](t, s, "x")
	if err != nil {
		t.Fatalf("all closed: got error %v, want none", err)
	}
	if err := all[0].Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := claimFor[account](t, s, "x"); err == nil {
		t.Error("closing an old manager freed the claim of the new one")
	}
	runtime.KeepAlive(m)
}

func TestDroppedManagerFreesTheScheme(t *testing.T) {
	s := memory.New(nil)
	if _, err := claimFor[account](t, s, "x"); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	if _, err := claimFor[operator](t, s, "x"); err != nil {
		t.Errorf("got error %v, want none", err)
	}
}

// clientSide is a store whose sessions cannot be renewed, which New refuses with
// RotateEvery.
type clientSide struct{ stores.Store }

func (clientSide) Bind(string, string) (func() stores.RequestStore, error) { return nil, nil }

func TestRefusedOptionsLeaveNoClaim(t *testing.T) {
	s := clientSide{memory.New(nil)}
	if _, err := humasess.New(s, &humasess.Options[account]{RotateEvery: time.Hour}); err == nil {
		t.Fatal("got no error")
	}
	if _, err := claimFor[operator](t, s, ""); err != nil {
		t.Errorf("got error %v, want none", err)
	}
}

// Of types that want a scheme at the same time, exactly one gets it.
func TestClaimsAtTheSameTime(t *testing.T) {
	for range 20 {
		s := memory.New(nil)
		var group sync.WaitGroup
		got := make([]any, 2)
		for i, f := range []func() (any, error){
			func() (any, error) { return claimFor[account](t, s, "x") },
			func() (any, error) { return claimFor[operator](t, s, "x") },
		} {
			group.Go(func() {
				if m, err := f(); err == nil {
					got[i] = m
				}
			})
		}
		group.Wait()
		if (got[0] == nil) == (got[1] == nil) {
			t.Fatalf("got %v, want one manager", got)
		}
		runtime.KeepAlive(got)
	}
}

// Each write names the type of the program that writes.
func TestRecordsNameTheirType(t *testing.T) {
	s := memory.New(nil)
	m, err := humasess.New(s, &humasess.Options[account]{Identity: func(a account) string { return a.ID }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Issue(t.Context(), account{ID: "ada"}); err != nil {
		t.Fatal(err)
	}
	only := func() stores.Record {
		t.Helper()
		page, err := s.Scan(t.Context(), nil, "", 10)
		if err != nil || len(page.Records) != 1 {
			t.Fatalf("Scan: got %d records and error %v, want 1", len(page.Records), err)
		}
		return page.Records[0]
	}
	check := func(want string) {
		t.Helper()
		if scheme, got, err := stored.Origin(only().Payload); err != nil || scheme != "sessionCookie" || got != want {
			t.Errorf("got scheme %q, type %q and error %v, want %q", scheme, got, err, want)
		}
	}
	check("humasess_test.account")

	// The name before the type was renamed has as many letters.
	r := only()
	payload := bytes.Replace(r.Payload, []byte("humasess_test.account"), []byte("humasess_test.renamed"), 1)
	if _, err := s.Update(t.Context(), stores.Update{ID: r.ID, Version: r.Version, Payload: payload}); err != nil {
		t.Fatal(err)
	}
	check("humasess_test.renamed")
	if all, err := m.List(t.Context(), "ada"); err != nil || len(all) != 1 {
		t.Errorf("a renamed type: got %d sessions and error %v, want 1", len(all), err)
	}
	if n, err := m.UpdateIdentity(t.Context(), "ada", func(a *account) error { a.N++; return nil }); err != nil || n != 1 {
		t.Fatalf("UpdateIdentity: got %d and error %v", n, err)
	}
	check("humasess_test.account")
}
