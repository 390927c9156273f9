package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// repeating is a store whose IDs run out of imagination.
type repeating struct {
	*memory.Store
	ids []stores.ID // the last one for ever
}

func (s *repeating) NewID(context.Context, string) (stores.ID, error) {
	id := s.ids[0]
	if len(s.ids) > 1 {
		s.ids = s.ids[1:]
	}
	return id, nil
}

func TestIDCollision(t *testing.T) {
	issue := func(t *testing.T, ids ...stores.ID) (m *humasess.Manager[account], first *http.Cookie, second *http.Cookie, err error) {
		opts := accountOptions()
		m, err = humasess.New(&repeating{memory.New(nil), ids}, &opts)
		if err != nil {
			t.Fatal(err)
		}
		first = humasesstest.Login(t, m, account{ID: "u1", N: 1})
		second, err = m.Issue(context.Background(), account{ID: "u2", N: 2})
		return m, first, second, err
	}
	list := func(t *testing.T, m *humasess.Manager[account], identity string, want int) {
		t.Helper()
		infos, err := m.List(context.Background(), identity)
		if err != nil || len(infos) != want {
			t.Fatalf("sessions of %s: got %v, %v, want %d", identity, infos, err, want)
		}
		if want == 1 && infos[0].Data.ID != identity {
			t.Errorf("session of %s: got data of %s", identity, infos[0].Data.ID)
		}
	}
	a, b := stores.ID{1}, stores.ID{2}
	t.Run("T7 the second create takes another ID", func(t *testing.T) {
		m, first, second, err := issue(t, a, a, a, b)
		if err != nil {
			t.Fatalf("Issue: %v", err)
		}
		list(t, m, "u1", 1)
		list(t, m, "u2", 1)
		mux := http.NewServeMux()
		api := humago.New(mux, huma.DefaultConfig("Test", "1.0.0"))
		if err := m.Attach(api); err != nil {
			t.Fatal(err)
		}
		var got account
		huma.Get(api, "/", func(_ context.Context, in *struct{ humasess.Required[account] }) (*struct{}, error) {
			got = in.Value()
			return nil, nil
		})
		for i, cookie := range []*http.Cookie{first, second} {
			c := humasesstest.NewClient(mux)
			c.SetCookie(cookie)
			wantStatus(t, c.Do(http.MethodGet, "/", nil), http.StatusNoContent)
			if got.N != i+1 {
				t.Errorf("cookie %d opens the session with %+v", i+1, got)
			}
		}
	})
	t.Run("T7 with no other ID it fails, and the first session is intact", func(t *testing.T) {
		m, _, second, err := issue(t, a)
		if err == nil || second != nil {
			t.Fatalf("Issue: got %v and error %v, want an error", second, err)
		}
		if !errors.Is(err, humasess.ErrUnavailable) {
			t.Errorf("error: got %v, want %v: nothing was revoked", err, humasess.ErrUnavailable)
		}
		list(t, m, "u1", 1)
		list(t, m, "u2", 0)
	})
}

// tagged is a store whose IDs say which identity they were made for, as those
// of a cluster do. A create with another identity's ID would fail there.
type tagged struct {
	*memory.Store
	t *testing.T
}

func tagOf(identity string) byte {
	if identity == "" {
		return 0
	}
	return identity[len(identity)-1]
}

func (s *tagged) NewID(ctx context.Context, identity string) (stores.ID, error) {
	id, err := stores.RandomID()
	id[0] = tagOf(identity)
	return id, err
}

func (s *tagged) Create(ctx context.Context, c stores.Create) (stores.Created, error) {
	if c.ID[0] != tagOf(c.Identity) {
		s.t.Errorf("Create of identity %q: got an ID that was made for one that ends in %q", c.Identity, c.ID[0])
	}
	return s.Store.Create(ctx, c)
}

func TestIDIsMadeForItsIdentity(t *testing.T) {
	become := func(id string) handler[account] {
		return func(_ context.Context, s *humasess.Session[account]) error {
			return s.Update(func(a *account) error { a.ID = id; return nil })
		}
	}
	tests := []struct {
		name  string
		steps []handler[account]
	}{
		{"Start", []handler[account]{start(account{ID: "u1"})}},
		{"Start, then another identity", []handler[account]{start(account{ID: "u1"}), become("u2")}},
		{"anonymous, then an identity", []handler[account]{increment, become("u1")}},
		{"two changes of identity", []handler[account]{become("u3"), become("u4")}},
		{"there and back", []handler[account]{become("u3"), become("u0"), become("u3")}},
	}
	for _, tt := range tests {
		for _, signedIn := range []bool{false, true} {
			name := tt.name
			if signedIn {
				name += ", signed in before"
			}
			t.Run(name, func(t *testing.T) {
				opts := accountOptions()
				m, err := humasess.New(&tagged{memory.New(nil), t}, &opts)
				if err != nil {
					t.Fatal(err)
				}
				mux := http.NewServeMux()
				api := humago.New(mux, huma.DefaultConfig("Test", "1.0.0"))
				if err := m.Attach(api); err != nil {
					t.Fatal(err)
				}
				var promised, got string
				huma.Post(api, "/", func(ctx context.Context, in *struct{ humasess.Session[account] }) (*struct{}, error) {
					for _, step := range tt.steps {
						if err := step(ctx, &in.Session); err != nil {
							return nil, err
						}
					}
					promised = in.ID()
					return nil, nil
				})
				huma.Get(api, "/", func(_ context.Context, in *struct{ humasess.Required[account] }) (*struct{}, error) {
					got = in.ID()
					return nil, nil
				})
				c := humasesstest.NewClient(mux)
				if signedIn {
					c.SetCookie(humasesstest.Login(t, m, account{ID: "u0"}))
				}
				wantStatus(t, c.Do(http.MethodPost, "/", nil), http.StatusNoContent)
				wantStatus(t, c.Do(http.MethodGet, "/", nil), http.StatusNoContent)
				if got != promised || got == "" {
					t.Errorf("ID: got %q, want %q as ID said before the commit", got, promised)
				}
			})
		}
	}
}
