package events

import (
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
)

// Counters count events by kind and reason, for a program's metrics:
//
//	var counters events.Counters
//	sessions, err := humasess.New(store, &humasess.Options[User]{OnEvent: counters.Count})
//
// The zero Counters are ready for use, are safe for concurrent use, and must not
// be copied. They are an [expvar.Var]. A collector of Prometheus or OpenTelemetry
// reads [Counters.All]. Clients cannot add series: all forged cookies together
// count in one series per reason.
type Counters struct {
	mu     sync.RWMutex
	series map[Series]*atomic.Int64
}

// Series is a kind of events together with a reason.
type Series struct {
	Kind   Kind   // of the events
	Reason Reason // "" for kinds without reasons
}

// String returns "kind" or "kind/reason".
func (s Series) String() string {
	if s.Reason == "" {
		return string(s.Kind)
	}
	return string(s.Kind) + "/" + string(s.Reason)
}

// Count counts an event; it has the signature of Options.OnEvent. An event that
// ends several sessions counts once for each of them.
func (c *Counters) Count(_ context.Context, e Event) {
	s := Series{e.Kind, e.Reason}
	c.mu.RLock()
	n := c.series[s]
	c.mu.RUnlock()
	if n == nil {
		n = c.add(s)
	}
	n.Add(int64(max(e.Count, 1)))
}

func (c *Counters) add(s Series) *atomic.Int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.series == nil {
		c.series = map[Series]*atomic.Int64{}
	}
	if c.series[s] == nil {
		c.series[s] = new(atomic.Int64)
	}
	return c.series[s]
}

// Value returns the count of a series.
func (c *Counters) Value(s Series) int64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if n := c.series[s]; n != nil {
		return n.Load()
	}
	return 0
}

// All returns each series with an event so far, in alphabetical order, with its
// count.
func (c *Counters) All() iter.Seq2[Series, int64] {
	return func(yield func(Series, int64) bool) {
		c.mu.RLock()
		all := make([]Series, 0, len(c.series))
		for s := range c.series {
			all = append(all, s)
		}
		c.mu.RUnlock()
		slices.SortFunc(all, func(a, b Series) int {
			return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Reason, b.Reason))
		})
		for _, s := range all {
			if !yield(s, c.Value(s)) {
				return
			}
		}
	}
}

// String returns all counters as a JSON object, which makes them an
// [expvar.Var].
func (c *Counters) String() string {
	all := map[string]int64{}
	for s, n := range c.All() {
		all[s.String()] = n
	}
	text, err := json.Marshal(all)
	if err != nil {
		return "{}" // a map of strings and numbers always encodes
	}
	return string(text)
}
