package databases_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/stores"
)

// These types are the session data of a program's releases.
type (
	release1 struct {
		Name  string `json:"name"`
		Theme string `json:"theme"`
	}
	release2 struct { // a field added
		Name  string `json:"name"`
		Theme string `json:"theme"`
		Beta  bool   `json:"beta"`
	}
	release3 struct { // one removed, one renamed
		Name   string `json:"name"`
		Colour string `json:"colour"`
	}
)

// release serves one of them, with an operation that reads and one that writes.
func release[T any](t *testing.T, store stores.Store, first T, change func(*T)) http.Handler {
	t.Helper()
	sessions, err := humasess.New(store, &humasess.Options[T]{})
	if err != nil {
		t.Fatal(err)
	}
	if err := sessions.Close(t.Context()); err != nil { // the next release gets the scheme; sessions stay usable
		t.Fatal(err)
	}
	api, handler := onChi.Router(huma.DefaultConfig("Test", "1"))
	if err := sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	type login struct{ humasess.Login[T] }
	type required struct{ humasess.Required[T] }
	huma.Post(api, "/login", func(_ context.Context, in *login) (*struct{}, error) { return nil, in.Session.Start(first) })
	huma.Get(api, "/me", func(_ context.Context, in *required) (*struct{ Body T }, error) {
		return &struct{ Body T }{in.Value()}, nil
	})
	huma.Post(api, "/change", func(_ context.Context, in *required) (*struct{ Body T }, error) {
		err := in.Session.Update(func(v *T) error { change(v); return nil })
		return &struct{ Body T }{in.Value()}, err
	})
	return handler
}

// TestRollingUpgrade moves one session between releases that run at the same
// time, up and back. No user is signed out.
func TestRollingUpgrade(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			p := k.open(t)
			one := release(t, p.store(t), release1{Name: "ada", Theme: "dark"}, func(v *release1) { v.Theme += "er" })
			two := release(t, p.store(t), release2{Name: "ada"}, func(v *release2) { v.Beta = true })
			three := release(t, p.store(t), release3{Name: "ada"}, func(v *release3) { v.Colour = "red" })
			steps := []struct {
				name         string
				on           http.Handler
				method, path string
				want         string
			}{
				{"begun", one, "GET", "/me", `{"name":"ada","theme":"dark"}`},
				{"field added", two, "GET", "/me", `{"name":"ada","theme":"dark","beta":false}`},
				{"written by the new", two, "POST", "/change", `{"name":"ada","theme":"dark","beta":true}`},
				{"written by the old", one, "POST", "/change", `{"name":"ada","theme":"darker"}`},
				{"removed and renamed", three, "POST", "/change", `{"name":"ada","colour":"red"}`},
				{"rolled back", two, "GET", "/me", `{"name":"ada","theme":"","beta":false}`},
				{"rolled back twice", one, "POST", "/change", `{"name":"ada","theme":"er"}`},
			}
			c := coretest.SignIn(t, one, "ada")
			for _, s := range steps {
				moved := coretest.Move(c, s.on)
				if got := coretest.Do(t, moved, s.method, s.path, 200); !sameBody(got, s.want) {
					t.Errorf("%s: got %s, want %s", s.name, got, s.want)
				}
			}
		})
	}
}

// TestRollingPayload simulates a newer release of this module that adds a field
// to a record. The field is still there after this release has written the
// record. A record in a future format is not changed.
func TestRollingPayload(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			p := k.open(t)
			store := p.store(t)
			handler := serve(t, store, nil)
			c := coretest.SignIn(t, handler, "ada")
			rewrite := func(edit func([]byte) []byte) stores.Record {
				t.Helper()
				all, err := stores.List(t.Context(), store, coretest.Owner("ada"))
				if err != nil || len(all) != 1 {
					t.Fatalf("List: got %d sessions and error %v, want 1", len(all), err)
				}
				r := all[0]
				if edit != nil {
					if _, err := store.Update(t.Context(), stores.Update{ID: r.ID, Version: r.Version, Payload: edit(r.Payload)}); err != nil {
						t.Fatalf("Update: %v", err)
					}
				}
				return r
			}
			const field = "\xff\x7f\x05later" // an unknown tag, a length, a value
			rewrite(func(b []byte) []byte { return append(b, field...) })
			if got := coretest.N(t, coretest.Do(t, c, "POST", "/bump", 200)); got != 1 {
				t.Errorf("got %d, want 1", got)
			}
			if r := rewrite(nil); !bytes.Contains(r.Payload, []byte(field)) {
				t.Errorf("got payload %q, want %q in it", r.Payload, field)
			}
			rewrite(func(b []byte) []byte { b[0]++; return b })
			coretest.Do(t, c, "GET", "/me", 401)
			rewrite(func(b []byte) []byte { b[0]--; return b })
			coretest.Do(t, c, "GET", "/me", 200)
		})
	}
}

// sameBody compares bodies, except for the link to the schema.
func sameBody(got, want string) bool {
	var a, b map[string]any
	if json.Unmarshal([]byte(got), &a) != nil || json.Unmarshal([]byte(want), &b) != nil {
		return false
	}
	delete(a, "$schema")
	return maps.Equal(a, b)
}
