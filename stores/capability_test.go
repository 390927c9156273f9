package stores_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
)

// plain is a store without capabilities. It knows only the IDs in its table.
type plain struct {
	stores.Store
	known  map[stores.ID]error // the errors that Load returns
	loaded []stores.ID
}

func (p *plain) Load(_ context.Context, id stores.ID) (stores.Record, error) {
	p.loaded = append(p.loaded, id)
	err, ok := p.known[id]
	if !ok {
		err = stores.ErrNotFound
	}
	if err != nil {
		return stores.Record{}, err
	}
	return stores.Record{ID: id, Version: 1}, nil
}

// wrapper has no capability, but wraps a store that may have some.
type wrapper struct {
	stores.Store
	inner stores.Store
}

func (w *wrapper) Unwrap() stores.Store { return w.inner }

// capable has the capabilities and reports their use.
type capable struct {
	stores.Store
	used []string
	now  func() time.Time
}

func (c *capable) List(_ context.Context, identity string) ([]stores.Record, error) {
	c.used = append(c.used, "List "+identity)
	return []stores.Record{{Identity: identity}}, nil
}

func (c *capable) RevokeIdentity(_ context.Context, identity string, except stores.ID) (stores.Revoked, error) {
	c.used = append(c.used, "RevokeIdentity "+identity+" "+except.String())
	return stores.Revoked{Count: 3, Ago: stores.NotRevoked}, nil
}

// marker is a capable store that remembers changes too.
type marker struct{ capable }

func (m *marker) MarkChanged(_ context.Context, identity string) (stores.Changed, error) {
	m.used = append(m.used, "MarkChanged "+identity)
	return stores.Changed{Ago: stores.NotRevoked, Mark: 4}, nil
}

func (c *capable) Scan(_ context.Context, head []byte, cursor string, limit int) (stores.Page, error) {
	c.used = append(c.used, fmt.Sprintf("Scan %s %s %d", head, cursor, limit))
	return stores.Page{Next: "more"}, nil
}

func (c *capable) Count(_ context.Context, head []byte) (int, error) {
	c.used = append(c.used, "Count "+string(head))
	return 7, nil
}

func (c *capable) Clear(_ context.Context, head []byte) (stores.Cleared, error) {
	c.used = append(c.used, "Clear "+string(head))
	return stores.Cleared{Count: 3}, nil
}

func (c *capable) LoadMany(_ context.Context, ids []stores.ID) ([]stores.Record, error) {
	c.used = append(c.used, "LoadMany")
	return make([]stores.Record, len(ids)), nil
}

func (c *capable) NewID(ctx context.Context, identity string) (stores.ID, error) {
	c.used = append(c.used, "NewID "+identity)
	return stores.ID{42}, ctx.Err()
}

func (c *capable) UseClock(now func() time.Time) { c.now = now }

var (
	_ stores.Index       = (*capable)(nil)
	_ stores.MultiLoader = (*capable)(nil)
	_ stores.IDMaker     = (*capable)(nil)
	_ stores.Marker      = (*marker)(nil)
	_ stores.Scanner     = (*capable)(nil)
	_ stores.ClockUser   = (*capable)(nil)
)

func TestAs(t *testing.T) {
	inside := &capable{}
	tests := []struct {
		name  string
		store stores.Store
		want  stores.Store // nil for none
	}{
		{"the store itself", inside, inside},
		{"wrapped once", &wrapper{inner: inside}, inside},
		{"wrapped twice", &wrapper{inner: &wrapper{inner: inside}}, inside},
		{"the outermost of two", &wrapper{inner: &layered{capable: inside}}, nil},
		{"plain", &plain{}, nil},
		{"wrapped plain", &wrapper{inner: &plain{}}, nil},
		{"wrapped nothing", &wrapper{}, nil},
		{"nil", nil, nil},
	}
	// A layered store has the capability, and so has the store inside; the
	// layer wins.
	tests[3].want = tests[3].store.(*wrapper).inner
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := stores.As[stores.Index](tt.store)
			if ok != (tt.want != nil) {
				t.Fatalf("got %v, want %v", ok, tt.want != nil)
			}
			if ok && stores.Store(got) != tt.want {
				t.Errorf("got %T %p, want %T %p", got, got, tt.want, tt.want)
			}
			if !ok && got != nil {
				t.Errorf("got %v, want nil", got)
			}
		})
	}
	t.Run("a capability that nothing has", func(t *testing.T) {
		if _, ok := stores.As[stores.Closer](&wrapper{inner: inside}); ok {
			t.Error("got true, want false")
		}
	})
}

// layered has a capability of its own and wraps a store with the same one.
type layered struct{ *capable }

func (l *layered) Unwrap() stores.Store { return l.capable }

func TestLoadMany(t *testing.T) {
	a, b, c := stores.ID{1}, stores.ID{2}, stores.ID{3}
	broken := errors.New("broken")
	t.Run("one by one, without those that are gone", func(t *testing.T) {
		p := &plain{known: map[stores.ID]error{a: nil, c: nil}}
		records, err := stores.LoadMany(context.Background(), p, []stores.ID{a, b, c})
		if err != nil {
			t.Fatalf("error: got %v, want nil", err)
		}
		var got []stores.ID
		for _, r := range records {
			got = append(got, r.ID)
		}
		if want := []stores.ID{a, c}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
	t.Run("an error is not passed over", func(t *testing.T) {
		p := &plain{known: map[stores.ID]error{a: nil, b: broken, c: nil}}
		records, err := stores.LoadMany(context.Background(), p, []stores.ID{a, b, c})
		if !errors.Is(err, broken) || records != nil {
			t.Errorf("got %v and error %v, want none and %v", records, err, broken)
		}
		if want := []stores.ID{a, b}; !slices.Equal(p.loaded, want) {
			t.Errorf("loaded: got %v, want %v", p.loaded, want)
		}
	})
	t.Run("at once", func(t *testing.T) {
		x := &capable{}
		records, err := stores.LoadMany(context.Background(), &wrapper{inner: x}, []stores.ID{a, b})
		if err != nil || len(records) != 2 || !slices.Equal(x.used, []string{"LoadMany"}) {
			t.Errorf("got %d records, calls %q and error %v, want 2 by one LoadMany", len(records), x.used, err)
		}
	})
	t.Run("none", func(t *testing.T) {
		records, err := stores.LoadMany(context.Background(), &plain{}, nil)
		if err != nil || len(records) != 0 {
			t.Errorf("got %v and error %v, want none", records, err)
		}
	})
}

func TestNewID(t *testing.T) {
	t.Run("by the store", func(t *testing.T) {
		x := &capable{}
		id, err := stores.NewID(t.Context(), &wrapper{inner: x}, "ada")
		if err != nil || id != (stores.ID{42}) || !slices.Equal(x.used, []string{"NewID ada"}) {
			t.Errorf("got %v, calls %q and error %v", id, x.used, err)
		}
	})
	t.Run("by the wrapper of a store", func(t *testing.T) {
		id, err := stores.NewID(t.Context(), &choosing{wrapper{inner: &capable{}}}, "ada")
		if err != nil || id != (stores.ID{44}) {
			t.Errorf("got %v and error %v, want that of the wrapper", id, err)
		}
	})
	t.Run("the context ends the wait", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := stores.NewID(ctx, &capable{}, "ada"); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	})
	t.Run("at random", func(t *testing.T) {
		withReader(t, fill(9), func() {
			id, err := stores.NewID(t.Context(), &plain{}, "ada")
			if err != nil || id[0] != 9 || id[15] != 9 {
				t.Errorf("got %v and error %v, want 16 times 9", id, err)
			}
		})
	})
}

// choosing makes IDs in the place of the store inside.
type choosing struct{ wrapper }

func (choosing) NewID(context.Context, string) (stores.ID, error) { return stores.ID{44}, nil }

func TestIndexHelpers(t *testing.T) {
	ctx := context.Background()
	t.Run("List of a store with an index", func(t *testing.T) {
		x := &capable{}
		records, err := stores.List(ctx, &wrapper{inner: x}, "ada")
		if err != nil || len(records) != 1 || records[0].Identity != "ada" {
			t.Errorf("got %v and error %v, want one of ada", records, err)
		}
	})
	t.Run("RevokeIdentity of a store with an index", func(t *testing.T) {
		x := &capable{}
		except := stores.ID{5}
		revoked, err := stores.RevokeIdentity(ctx, &wrapper{inner: x}, "ada", except)
		if err != nil || revoked.Count != 3 || revoked.Ago != stores.NotRevoked {
			t.Errorf("got %+v and error %v, want 3 revoked", revoked, err)
		}
		if want := []string{"RevokeIdentity ada " + except.String()}; !slices.Equal(x.used, want) {
			t.Errorf("calls: got %q, want %q", x.used, want)
		}
	})
	t.Run("MarkChanged of a store with marks of changes", func(t *testing.T) {
		x := &marker{}
		changed, err := stores.MarkChanged(ctx, &wrapper{inner: x}, "ada")
		if err != nil || changed.Mark != 4 || !slices.Equal(x.used, []string{"MarkChanged ada"}) {
			t.Errorf("got %+v, calls %q and error %v, want mark 4", changed, x.used, err)
		}
	})
	t.Run("MarkChanged of an index without", func(t *testing.T) {
		_, err := stores.MarkChanged(ctx, &wrapper{inner: &capable{}}, "ada")
		wantUnsupported(t, err)
	})
	t.Run("List without an index", func(t *testing.T) {
		_, err := stores.List(ctx, &wrapper{inner: &plain{}}, "ada")
		wantUnsupported(t, err)
	})
	t.Run("RevokeIdentity without an index", func(t *testing.T) {
		_, err := stores.RevokeIdentity(ctx, &plain{}, "ada", stores.ID{})
		wantUnsupported(t, err)
	})
}

func TestScannerHelpers(t *testing.T) {
	ctx, head := context.Background(), []byte("head")
	t.Run("of a store that can", func(t *testing.T) {
		x := &capable{}
		wrapped := &wrapper{inner: x}
		page, err := stores.Scan(ctx, wrapped, head, "from", 5)
		if err != nil || page.Next != "more" {
			t.Errorf("Scan: got %+v, %v", page, err)
		}
		if n, err := stores.Count(ctx, wrapped, head); err != nil || n != 7 {
			t.Errorf("Count: got %d, %v, want 7", n, err)
		}
		if c, err := stores.Clear(ctx, wrapped, head); err != nil || c.Count != 3 {
			t.Errorf("Clear: got %+v, %v, want 3", c, err)
		}
		if want := []string{"Scan head from 5", "Count head", "Clear head"}; !slices.Equal(x.used, want) {
			t.Errorf("calls: got %q, want %q", x.used, want)
		}
	})
	t.Run("of one that cannot", func(t *testing.T) {
		_, err := stores.Scan(ctx, &wrapper{inner: &plain{}}, head, "", 5)
		wantUnsupported(t, err)
		_, err = stores.Count(ctx, &plain{}, head)
		wantUnsupported(t, err)
		_, err = stores.Clear(ctx, &plain{}, head)
		wantUnsupported(t, err)
	})
}

func wantUnsupported(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Fatalf("error: got %v, want one that matches errors.ErrUnsupported", err)
	}
	if !strings.Contains(err.Error(), "_test.") {
		t.Errorf("error text: got %q, want the store's type in it", err)
	}
}

func TestMemo(t *testing.T) {
	t.Run("empty", func(t *testing.T) {
		if got := (&stores.Memo{}).Value(); got != nil {
			t.Errorf("got %v, want nil", got)
		}
	})
	t.Run("set, replaced, and set to nil", func(t *testing.T) {
		var m stores.Memo
		for _, v := range []any{1, "two", nil, 3} {
			m.Set(v)
			if got := m.Value(); got != v {
				t.Errorf("got %v, want %v", got, v)
			}
		}
	})
	t.Run("concurrent", func(t *testing.T) {
		var m stores.Memo
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for range 1000 {
					m.Set(i)
					if v, ok := m.Value().(int); !ok || v < 0 || v > 7 {
						t.Errorf("got %v, want 0 to 7", v)
						return
					}
				}
			})
		}
		wg.Wait()
	})
}
