package memory_test

import (
	"errors"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// TestRoom creates sessions 1, 2, 3, ... of the given identities, in a store
// that holds four. It tells which sessions are live in the end.
func TestRoom(t *testing.T) {
	const anonymous = ""
	for _, test := range []struct {
		name       string
		identities []string
		full       bool // the last Create answers ErrFull
		live       []int
	}{
		{"the oldest anonymous gives way", []string{anonymous, "a", anonymous, "b", anonymous}, false, []int{2, 3, 4, 5}},
		{"the anonymous give way to users", []string{"a", anonymous, "b", "c", "d"}, false, []int{1, 3, 4, 5}},
		{"they do even where one user has more", []string{"a", "a", "a", anonymous, "a"}, false, []int{1, 2, 3, 5}},
		{"users do not give way to the anonymous", []string{"a", "a", "a", "b", anonymous}, true, []int{1, 2, 3, 4}},
		{"the largest gives way to another", []string{"a", "b", "b", "b", "c"}, false, []int{1, 3, 4, 5}},
		{"the largest gives way to the second", []string{"a", "b", "b", "b", "a"}, false, []int{1, 3, 4, 5}},
		{"equals give way to themselves", []string{"b", "b", "a", "a", "a"}, false, []int{1, 2, 4, 5}},
		{"an identity that becomes as large loses its own oldest", []string{"a", "b", "b", "c", "a"}, false, []int{2, 3, 4, 5}},
		{"no identity loses its only session", []string{"a", "b", "c", "d", "e"}, true, []int{1, 2, 3, 4}},
		{"but to oneself", []string{"a", "b", "c", "d", "c"}, false, []int{1, 2, 4, 5}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t, &memory.Options{MaxSessions: 4, Now: newClock().Now})
			for i, identity := range test.identities {
				created, err := s.Create(t.Context(), spec(i+1, identity))
				var want error
				if test.full && i == len(test.identities)-1 {
					want = stores.ErrFull
				}
				if !errors.Is(err, want) {
					t.Fatalf("Create %d: got error %v, want %v", i+1, err, want)
				}
				if created.Evicted != 0 {
					t.Errorf("Create %d reports %d evicted, want 0: nothing gave way to a limit", i+1, created.Evicted)
				}
			}
			if got := s.Len(); got != 4 {
				t.Errorf("Len = %d, want 4", got)
			}
			wantLive(t, s, len(test.identities), test.live...)
			for _, identity := range []string{"a", "b", "c", "d", "e"} {
				records, err := s.List(t.Context(), identity)
				if err != nil {
					t.Fatal(err)
				}
				want := 0
				for _, n := range test.live {
					if test.identities[n-1] == identity {
						want++
					}
				}
				if len(records) != want {
					t.Errorf("List(%q) returns %d sessions, want %d", identity, len(records), want)
				}
			}
		})
	}
}

func TestExpiredGiveWayFirst(t *testing.T) {
	c := newClock()
	s := open(t, &memory.Options{MaxSessions: 4, Now: c.Now})
	create(t, s, spec(1, ""))
	create(t, s, spec(2, "a"))
	short := spec(3, "a")
	short.Idle = time.Minute
	create(t, s, short)
	short.ID = id(4)
	create(t, s, short)
	// It expires although another session had the earlier expiry at first.
	if _, err := s.Update(t.Context(), stores.Update{ID: id(2), Version: 1, Idle: 30 * time.Second}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Touch(t.Context(), id(1), 10*time.Hour); err != nil {
		t.Fatal(err)
	}
	c.Add(2 * time.Minute)
	create(t, s, spec(5, ""))
	create(t, s, spec(6, ""))
	create(t, s, spec(7, ""))
	if got := s.Len(); got > 4 {
		t.Errorf("Len = %d, want 4 at most", got)
	}
	wantLive(t, s, 7, 1, 5, 6, 7)
	create(t, s, spec(8, ""))
	wantLive(t, s, 8, 5, 6, 7, 8)
}

func TestLimitMakesRoom(t *testing.T) {
	s := open(t, &memory.Options{MaxSessions: 4, Now: newClock().Now})
	for n, identity := range []string{"a", "b", "b", "b"} {
		create(t, s, spec(n+1, identity))
	}
	limited := spec(5, "b")
	limited.Limit = 3
	if got := create(t, s, limited).Evicted; got != 1 {
		t.Errorf("Create reports %d evicted, want 1", got)
	}
	limited = spec(6, "a")
	limited.Limit = 1
	if got := create(t, s, limited).Evicted; got != 1 {
		t.Errorf("Create reports %d evicted, want 1", got)
	}
	wantLive(t, s, 6, 3, 4, 5, 6)
}

// TestLargestAmongMany fills a store by identities of all sizes and takes a
// session from the largest again and again, until all are of one size.
func TestLargestAmongMany(t *testing.T) {
	const users = 20
	c := newClock()
	s := open(t, &memory.Options{MaxSessions: users * (users + 1) / 2, Now: c.Now})
	n := 0
	for u := range users {
		for range u + 1 {
			n++
			create(t, s, spec(n, string(rune('a'+u))))
		}
	}
	sizes := func() (largest, total int) {
		for u := range users {
			records, err := s.List(t.Context(), string(rune('a'+u)))
			if err != nil {
				t.Fatal(err)
			}
			largest, total = max(largest, len(records)), total+len(records)
		}
		return largest, total
	}
	for fresh := range 153 {
		before, _ := sizes()
		n++
		create(t, s, spec(n, "fresh"+string(rune('a'+fresh%26))+string(rune('a'+fresh/26))))
		after, total := sizes()
		if after > before || total != s.Len()-fresh-1 {
			t.Fatalf("create %d: the largest went from %d to %d, %d are left of %d", fresh, before, after, total, s.Len())
		}
	}
	// 210 sessions less 153: one identity has 1, one has 2, the others have 3.
	if largest, total := sizes(); largest != 3 || total != 57 {
		t.Errorf("the largest has %d of %d sessions, want 3 of 57", largest, total)
	}
}
