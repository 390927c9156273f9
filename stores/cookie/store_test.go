package cookie_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/memory"
	"github.com/humasess/sessions/stores/storetest"
)

func key(tb testing.TB) security.Key {
	tb.Helper()
	k, err := security.GenerateKey()
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func aead(tb testing.TB, keys ...security.Key) security.Sealer {
	tb.Helper()
	s, err := security.NewAEAD(keys...)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// jar is a store made of request stores. It keeps the newest cookie of each session, as
// a browser does, and uses it for the next call. Calls run one after another.
// Only the 96 random bits keep two sessions from having one ID.
type jar struct {
	newRequest func() stores.RequestStore

	mu     sync.Mutex
	values map[stores.ID]string
}

func (j *jar) with(id stores.ID, do func(stores.RequestStore) error, others ...stores.Replaced) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	values := []string{j.values[id]}
	for _, other := range others {
		values = append(values, j.values[other.ID])
	}
	t := j.newRequest()
	for _, value := range values {
		if value == "" {
			continue
		}
		if _, _, err := t.Open(value); err != nil {
			return err
		}
	}
	err := do(t)
	if v := string(t.AppendValue(nil, id)); v != "" && err == nil {
		j.values[id] = v
	}
	return err
}

func (j *jar) Load(ctx context.Context, id stores.ID) (r stores.Record, err error) {
	err = j.with(id, func(t stores.RequestStore) error { r, err = t.Load(ctx, id); return err })
	return r, err
}

func (j *jar) Create(ctx context.Context, c stores.Create) (r stores.Created, err error) {
	err = j.with(c.ID, func(t stores.RequestStore) error { r, err = t.Create(ctx, c); return err }, c.Replaces...)
	return r, err
}

func (j *jar) Update(ctx context.Context, u stores.Update) (r stores.Updated, err error) {
	err = j.with(u.ID, func(t stores.RequestStore) error { r, err = t.Update(ctx, u); return err })
	return r, err
}

func (j *jar) Touch(ctx context.Context, id stores.ID, idle time.Duration) (at time.Time, err error) {
	err = j.with(id, func(t stores.RequestStore) error { at, err = t.Touch(ctx, id, idle); return err })
	return at, err
}

func (j *jar) Delete(ctx context.Context, id stores.ID, when stores.Condition) error {
	j.mu.Lock()
	_, known := j.values[id]
	j.mu.Unlock()
	if !known {
		return errors.Join(ctx.Err(), stores.ErrNotFound)
	}
	return j.with(id, func(t stores.RequestStore) error { return t.Delete(ctx, id, when) })
}

// exempt are the promises that a cookie cannot keep; docs/stores.md lists them.
var exempt = map[int]string{
	2: "of two requests with one cookie both write",
	3: "only Options.Revoked makes a logout final",
	5: "no server knows all sessions of an identity",
	6: "no server counts the sessions of an identity",
	7: "there is no index",
	8: "as long as they fit into a cookie, see TestBytes",

	11: "the limit is that of a cookie, see TestSize",
}

func TestConformance(t *testing.T) {
	var mu sync.Mutex
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC) // cookies hold whole seconds
	storetest.Run(t, func(t *testing.T) stores.Store {
		s := cookie.New(aead(t, key(t)), &cookie.Options{Revoked: memory.NewRevocations()})
		s.UseClock(func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return now
		})
		newRequest, err := s.Bind("__Host-id", "sessionCookie")
		if err != nil {
			t.Fatal(err)
		}
		return &jar{newRequest: newRequest, values: map[stores.ID]string{}}
	}, &storetest.Options{Exempt: exempt, Advance: func(d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(d)
	}})
}

// The page for users lists the promises that the suite does not check.
func TestExemptionsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/stores.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 12 || strings.TrimSpace(cells[0]) != "`cookie`" {
			continue
		}
		for promise, cell := range cells[1:] {
			_, not := exempt[promise+1]
			if kept := strings.TrimSpace(cell) == "yes"; kept == not {
				t.Errorf("promise %d: docs/stores.md says %q, exempt is %v", promise+1, cell, not)
			}
		}
		return
	}
	t.Error("docs/stores.md has no row for the cookie store")
}

func TestStoreItselfHoldsNothing(t *testing.T) {
	s, ctx := cookie.New(aead(t, key(t)), nil), t.Context()
	_, load := s.Load(ctx, stores.ID{})
	_, create := s.Create(ctx, stores.Create{})
	_, update := s.Update(ctx, stores.Update{})
	_, touch := s.Touch(ctx, stores.ID{}, time.Hour)
	for i, err := range []error{load, create, update, touch, s.Delete(ctx, stores.ID{}, stores.Condition{})} {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("call %d: got %v, want errors.ErrUnsupported", i, err)
		}
	}
}

// Any invalid value gives the same answer.
func TestOpenRefuses(t *testing.T) {
	for name, seal := range map[string]func(...security.Key) (security.Sealer, error){"aead": security.NewAEAD, "securecookie": security.NewSecureCookie} {
		t.Run(name, func(t *testing.T) {
			k := key(t)
			sealer, err := seal(k)
			if err != nil {
				t.Fatal(err)
			}
			other, err := seal(key(t))
			if err != nil {
				t.Fatal(err)
			}
			requests := func(s security.Sealer, name, manager string) stores.RequestStore {
				newRequest, err := cookie.New(s, &cookie.Options{AllowReplayAfterLogout: true}).Bind(name, manager)
				if err != nil {
					t.Fatal(err)
				}
				return newRequest()
			}
			made := requests(sealer, "__Host-id", "a")
			id := stores.ID{1, 2, 3}
			if _, err := made.Create(t.Context(), stores.Create{ID: id, Identity: "ada", Payload: []byte("data"), Idle: time.Hour, Absolute: time.Hour}); err != nil {
				t.Fatal(err)
			}
			value := string(made.AppendValue(nil, id))
			if got, _, err := requests(sealer, "__Host-id", "a").Open(value); err != nil || got != id {
				t.Fatalf("as made: got %v, %v", got, err)
			}
			refuse := func(label string, request stores.RequestStore, value string) {
				t.Helper()
				if got, old, err := request.Open(value); got != (stores.ID{}) || old || err != stores.ErrNotFound {
					t.Errorf("%s: got %v, %v, %v, want exactly ErrNotFound", label, got, old, err)
				}
			}
			same := requests(sealer, "__Host-id", "a")
			for bit := range len(value) * 8 {
				b := []byte(value)
				b[bit/8] ^= 1 << (bit % 8)
				refuse("K1 flipped bit", same, string(b))
			}
			for i := range value {
				refuse("K1 cut off", same, value[:i])
			}
			refuse("K2 other cookie", requests(sealer, "__Host-it", "a"), value)
			refuse("K2 other manager", requests(sealer, "__Host-id", "b"), value)
			refuse("K3 other key", requests(other, "__Host-id", "a"), value)
			token, err := sealer.Seal(make([]byte, 48), security.Binding{Cookie: "__Host-id", Manager: "a", Purpose: "token"})
			if err != nil {
				t.Fatal(err)
			}
			refuse("K2 other purpose", same, token)
			huge := strings.Repeat("A", 1<<20)
			if n := testing.AllocsPerRun(10, func() { _, _, _ = same.Open(huge) }); n > 0 {
				t.Errorf("oversized: got %v allocations, want none", n)
			}
		})
	}
}

func memoryStore() stores.Store { return memory.New(nil) }
