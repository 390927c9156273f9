package memory

import (
	"math"
	"time"

	"github.com/humasess/sessions/stores"
)

// clock turns times into nanoseconds since an epoch, because each kept time
// then takes 8 bytes instead of 24. Both directions saturate 292 years from the
// epoch, so durations cannot overflow.
type clock struct {
	now   func() time.Time
	epoch time.Time // without a monotonic reading: deadlines follow the wall
}

func (c *clock) read() int64 { return int64(c.now().Sub(c.epoch)) }

func (c *clock) time(n int64) time.Time { return c.epoch.Add(time.Duration(n)) }

// nanos undoes time. It saturates, as Sub does.
func (c *clock) nanos(t time.Time) int64 { return int64(t.Sub(c.epoch)) }

// record describes e, which the caller has read-locked. Its payload is not a
// copy.
func (c *clock) record(e *entry, now int64) stores.Record {
	return stores.Record{
		ID:       e.id,
		Identity: e.group.name,
		Version:  e.version,
		LastSeen: c.time(e.lastSeen),
		Expires:  c.time(e.expires),
		Deadline: c.time(e.deadline),
		Now:      c.time(now),
		Payload:  e.body.payload,
	}
}

// after returns now + d for a d that is not negative.
func after(now int64, d time.Duration) int64 {
	if now > math.MaxInt64-int64(d) {
		return math.MaxInt64
	}
	return now + int64(d)
}

// UseClock replaces the clock; nil is [time.Now].
func (s *Store) UseClock(now func() time.Time) {
	if now == nil {
		now = time.Now
	}
	c := &clock{now: now, epoch: now().Round(0).UTC()}
	s.mu.Lock()
	defer s.mu.Unlock()
	// Kept times count from the old epoch, so the new clock keeps it.
	if old := s.clock.Load(); old != nil && s.count > 0 {
		c.epoch = old.epoch
	}
	s.clock.Store(c)
}
