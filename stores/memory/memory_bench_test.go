//go:build !race

package memory_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// How many bytes does a session cost when there are a million?
func BenchmarkBytesPerSession(b *testing.B) {
	cost := 0.0
	for b.Loop() {
		cost = fill(b, memory.New(nil), 1_000_000)
	}
	b.ReportMetric(cost, "B/session")
}

// Does the time to read depend on how many sessions the store holds?
func BenchmarkLoad(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int
	}{{"1k", 1_000}, {"1M", 1_000_000}} {
		b.Run(size.name, func(b *testing.B) {
			s := open(b, nil)
			fill(b, s, size.n)
			b.Run("Load", func(b *testing.B) { read(b, func(n int) error { _, err := s.Load(b.Context(), id(n)); return err }) })
			b.Run("LoadMemo", func(b *testing.B) {
				read(b, func(n int) error { _, _, err := s.LoadMemo(b.Context(), id(n)); return err })
			})
		})
	}
}

// Does the time to read depend on how many sessions its user has?
func BenchmarkLoadOfOneIdentity(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int
	}{{"10", 10}, {"10k", 10_000}} {
		b.Run(size.name, func(b *testing.B) {
			s := open(b, nil)
			for i := range 10_000 {
				c := sample(i + 1)
				if i < size.n {
					c.Identity = "sessionCookie/everybody"
				}
				create(b, s, c)
			}
			read(b, func(n int) error { _, _, err := s.LoadMemo(b.Context(), id(n)); return err })
		})
	}
}

// read calls load for the same few sessions in stores of any size. So it
// measures the store and not the processor's cache.
func read(b *testing.B, load func(n int) error) {
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n = n%10 + 1
		if err := load(n); err != nil {
			b.Fatal(err)
		}
	}
}

// Do readers slow each other down?
func BenchmarkLoadParallel(b *testing.B) {
	s := open(b, nil)
	fill(b, s, 10_000)
	for _, test := range []struct {
		name     string
		sessions int
	}{{"one session", 1}, {"10k sessions", 10_000}} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(64)
			var seed atomic.Int64
			ctx := b.Context()
			b.RunParallel(func(pb *testing.PB) {
				n := int(seed.Add(997))
				for pb.Next() {
					n++
					if _, _, err := s.LoadMemo(ctx, id(n%test.sessions+1)); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// How long do the writes take, at ten thousand sessions?
func BenchmarkWrite(b *testing.B) {
	const n = 10_000
	prepare := func(b *testing.B) *memory.Store {
		s := open(b, nil)
		fill(b, s, n)
		b.ReportAllocs()
		return s
	}
	b.Run("Create and Delete", func(b *testing.B) {
		s := prepare(b)
		c := sample(n + 1)
		for b.Loop() {
			create(b, s, c)
			if err := s.Delete(b.Context(), c.ID, stores.Condition{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Update", func(b *testing.B) {
		s := prepare(b)
		u := stores.Update{ID: id(1), Version: 1, Payload: make([]byte, payloadSize), Idle: time.Hour}
		for b.Loop() {
			updated, err := s.Update(b.Context(), u)
			if err != nil {
				b.Fatal(err)
			}
			u.Version = updated.Version
		}
	})
	b.Run("Touch throttled", func(b *testing.B) {
		s := prepare(b)
		for b.Loop() {
			if _, err := s.Touch(b.Context(), id(1), time.Hour); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Touch written", func(b *testing.B) {
		clock := newClock()
		s := open(b, &memory.Options{Now: clock.Now})
		for i := range n {
			c := sample(i + 1)
			c.Absolute = 1 << 62 // out of reach
			create(b, s, c)
		}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if i%n == 0 {
				clock.Add(7 * time.Minute) // makes all due for a touch
			}
			if _, err := s.Touch(b.Context(), id(i%n+1), time.Hour); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Create in a full store", func(b *testing.B) {
		s := open(b, &memory.Options{MaxSessions: n})
		for i := range n {
			create(b, s, spec(i+1, ""))
		}
		b.ReportAllocs()
		for i := n; b.Loop(); i++ {
			create(b, s, spec(i+1, ""))
		}
	})
}

// How long do list and revoke take for each session of the user?
func BenchmarkIdentity(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int
	}{{"1", 1}, {"10", 10}, {"10k", 10_000}} {
		s := open(b, nil)
		sessions := make([]stores.Create, size.n)
		for i := range sessions {
			sessions[i] = sample(i + 1)
			sessions[i].Identity = "alice"
			create(b, s, sessions[i])
		}
		b.Run("List "+size.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.List(b.Context(), "alice"); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size.n), "ns/session")
		})
		b.Run("Create and RevokeIdentity "+size.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.RevokeIdentity(b.Context(), "alice", stores.ID{}); err != nil {
					b.Fatal(err)
				}
				for _, c := range sessions {
					create(b, s, c)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size.n), "ns/session")
		})
	}
}

// How long do other calls wait, at worst, while a million sessions are created
// and while the sweeper removes them?
func BenchmarkLongestHold(b *testing.B) {
	const n = 1_000_000
	var creates, sweeps []time.Duration
	for b.Loop() {
		s := open(b, nil)
		creates = make([]time.Duration, n)
		for i := range creates {
			c := sample(i + 1)
			start := time.Now()
			create(b, s, c)
			creates[i] = time.Since(start)
		}
		slices.Sort(creates)
		sweeps = sweepAll(b, n)
	}
	report := func(label string, took []time.Duration) {
		b.ReportMetric(float64(took[len(took)-1].Microseconds()), label+"-max-µs")
		b.ReportMetric(float64(took[len(took)*9999/10000].Microseconds()), label+"-p99.99-µs")
		b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1000, label+"-p50-µs")
	}
	report("create", creates)
	report("sweep", sweeps)
}

// sweepAll fills a store with n sessions, lets all expire, and returns how
// long each slice of the sweep takes, sorted.
func sweepAll(tb testing.TB, n int) []time.Duration {
	c := newClock()
	s := open(tb, &memory.Options{Now: c.Now, SweepEvery: 100 * time.Hour, MaxSessions: n})
	fill(tb, s, n)
	c.Add(48 * time.Hour)
	var took []time.Duration
	for shard := range memory.Shards {
		for more := true; more; {
			start := time.Now()
			more = s.SweepSlice(shard)
			took = append(took, time.Since(start))
		}
	}
	if got := s.Len(); got != 0 {
		tb.Errorf("after the sweep Len = %d, want 0", got)
	}
	slices.Sort(took)
	return took
}
