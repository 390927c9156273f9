package humasess_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// stamped loses its fields, because its methods encode the number alone. New cannot
// see that in the type.
type stamped account

func (s stamped) MarshalJSON() ([]byte, error)     { return json.Marshal(s.N) }
func (s *stamped) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &s.N) }

// TestDataThatDoNotComeBack is about data whose identity or roles the codec does
// not give back.
func TestDataThatDoNotComeBack(t *testing.T) {
	t.Run("an identity that is not UTF-8", func(t *testing.T) {
		r := newRig(t, accountOptions())
		c := r.signedIn(account{ID: "u1"})
		for name, do := range map[string]handler[account]{
			"Start": start(account{ID: "\xff\xfe"}), "Update": moveTo("a\x80"),
			"roles": func(_ context.Context, s *humasess.Session[account]) error {
				return s.Update(func(a *account) error { a.Roles = []string{"\xff"}; return nil })
			},
		} {
			r.events.take()
			w := r.call(c, func(ctx context.Context, s *humasess.Session[account]) error {
				err := do(ctx, s)
				if !errors.Is(err, humasess.ErrInvalid) {
					t.Errorf("%s: got %v, want %v", name, err, humasess.ErrInvalid)
				}
				return err
			})
			wantStatus(t, w, http.StatusInternalServerError)
			wantKinds(t, r.events, events.Undecodable)
			if got, ok := r.data(c); !ok || got.ID != "u1" {
				t.Errorf("%s: got %+v, %v, want the session as it was", name, got, ok)
			}
		}
		// In other data, JSON replaces characters that it cannot encode.
		r.must(c, func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(a *account) error { a.Note = "\xff"; return nil })
		})
		if _, err := r.sessions.Issue(t.Context(), account{ID: "\xff"}); !errors.Is(err, humasess.ErrInvalid) {
			t.Errorf("Issue: got %v, want %v", err, humasess.ErrInvalid)
		}
		_, err := r.sessions.UpdateIdentity(t.Context(), "u1", func(a *account) error { a.Roles = []string{"\xff"}; return nil })
		if !errors.Is(err, humasess.ErrInvalid) {
			t.Errorf("UpdateIdentity: got %v, want %v", err, humasess.ErrInvalid)
		}
	})
	t.Run("a marshaler that writes a part", func(t *testing.T) {
		r := newRig(t, humasess.Options[stamped]{
			Identity: func(s stamped) string { return s.ID }, Roles: func(s stamped) []string { return s.Roles },
		})
		w := r.call(r.client(), start(stamped{ID: "u1"}))
		wantStatus(t, w, http.StatusInternalServerError)
		wantCookies(t, w, 0)
	})
	t.Run("a codec that does not read its own output", func(t *testing.T) {
		o := accountOptions()
		o.Codec = humasess.Codec{Marshal: json.Marshal, Unmarshal: func(b []byte, v any) error {
			if strings.Contains(string(b), "u1") {
				return errors.New("unreadable")
			}
			return json.Unmarshal(b, v)
		}}
		r := newRig(t, o)
		w := r.loginCall(r.client(), start(account{ID: "u1"}))
		wantStatus(t, w, http.StatusInternalServerError)
	})
	t.Run("roles in another order are the same", func(t *testing.T) {
		turn := 0
		o := accountOptions()
		o.Roles = func(a account) []string {
			if turn++; turn%2 == 0 {
				return []string{"b", "a", "a"}
			}
			return []string{"a", "b"}
		}
		o.Codec = humasess.Codec{Marshal: json.Marshal, Unmarshal: json.Unmarshal}
		r := newRig(t, o)
		wantStatus(t, r.loginCall(r.client(), start(account{ID: "u1"})), http.StatusNoContent)
	})
}

// renamed is account after a release that has moved the identity to another field.
type renamed account

func renamedOptions() humasess.Options[renamed] {
	return humasess.Options[renamed]{
		Identity: func(u renamed) string { return u.Note }, Roles: func(u renamed) []string { return u.Roles },
	}
}

// TestStoredIdentity is about stored data that decode with another identity than
// their record has.
func TestStoredIdentity(t *testing.T) {
	// old returns a store with a session of an account, and its cookie.
	old := func(t *testing.T) (*memory.Store, *http.Cookie) {
		t.Helper()
		store := memory.New(nil)
		o := accountOptions()
		m, err := humasess.New(store, &o)
		if err != nil {
			t.Fatal(err)
		}
		cookie := humasesstest.Login(t, m, account{ID: "u1", Roles: []string{"admin"}})
		if err := m.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		return store, cookie
	}
	for name, codec := range map[string]humasess.Codec{
		"shared in memory": {}, "decoded each time": {Marshal: json.Marshal, Unmarshal: json.Unmarshal},
	} {
		t.Run("it is hidden, "+name, func(t *testing.T) {
			store, cookie := old(t)
			o := renamedOptions()
			o.Codec = codec
			o.Logger = everything.Logger(0)
			m, mux := attach(t, store, o)
			c := humasesstest.NewClient(mux)
			c.SetCookie(cookie)
			for range 2 { // also from memory
				wantStatus(t, c.Do(http.MethodGet, "/required", nil), http.StatusUnauthorized)
			}
			infos, err := m.List(t.Context(), "u1")
			if err != nil || len(infos) != 0 {
				t.Errorf("List: got %v, %v, want none", infos, err)
			}
		})
		t.Run("OnUndecodable migrates it, "+name, func(t *testing.T) {
			store, cookie := old(t)
			o := renamedOptions()
			o.Codec = codec
			o.OnUndecodable = func(data []byte, _ error) (renamed, error) {
				var a account
				err := json.Unmarshal(data, &a)
				return renamed{Note: a.ID, Roles: a.Roles}, err
			}
			m, mux := attach(t, store, o)
			c := humasesstest.NewClient(mux)
			c.SetCookie(cookie)
			for range 2 {
				wantStatus(t, c.Do(http.MethodGet, "/required", nil), http.StatusNoContent)
			}
			infos, err := m.List(t.Context(), "u1")
			if err != nil || len(infos) != 1 || infos[0].Data.Note != "u1" {
				t.Errorf("List: got %+v, %v, want the migrated data", infos, err)
			}
		})
		t.Run("a migration to another user is hidden, "+name, func(t *testing.T) {
			store, cookie := old(t)
			o := renamedOptions()
			o.Codec = codec
			o.Logger = everything.Logger(0)
			o.OnUndecodable = func([]byte, error) (renamed, error) { return renamed{Note: "u2"}, nil }
			_, mux := attach(t, store, o)
			c := humasesstest.NewClient(mux)
			c.SetCookie(cookie)
			wantStatus(t, c.Do(http.MethodGet, "/required", nil), http.StatusUnauthorized)
		})
	}
}

// attach returns a manager on the store, and an API with an operation at
// /required.
func attach(t *testing.T, store *memory.Store, o humasess.Options[renamed]) (*humasess.Manager[renamed], *http.ServeMux) {
	t.Helper()
	m, err := humasess.New(store, &o)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Test", "1.0.0"))
	if err := m.Attach(api); err != nil {
		t.Fatal(err)
	}
	huma.Get(api, "/required", func(_ context.Context, in *struct{ humasess.Required[renamed] }) (*struct{}, error) {
		if got := in.Value(); got.Note != "u1" {
			t.Errorf("data: got %+v, want those of u1", got)
		}
		return nil, nil
	})
	return m, mux
}
