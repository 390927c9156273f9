// Package record takes the records of a store apart, and makes new ones.
package record

import (
	"math"
	"time"

	"github.com/humasess/sessions/humasess/internal/identity"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/internal/credential"
	"github.com/humasess/sessions/stores"
)

// Opened is a record's payload, taken apart. It is never changed once made, so that
// requests can share it beside the record in memory.
type Opened[T any] struct {
	payload.Fields

	Value   T                 // to copy from, never to hand out
	Checked *identity.Type[T] // that Value belongs to the record's identity; nil without a Value
}

// Record is a live session as one load has found it. The whole is small, because each
// request with a session has one.
type Record[T any] struct {
	Token    credential.Token // that opened it; without a secret if it was found by its ID
	Identity string           // as in [stores.Record], like the fields that follow
	Version  int64
	LastSeen Instant
	Expires  Instant
	Deadline Instant
	Now      Instant

	Open  *Opened[T]
	Spare *T // the data, decoded and not handed out yet

	loaded time.Duration // on the core's clock, since epoch
}

// ID returns the public ID of the session.
func (r *Record[T]) ID() stores.ID { return r.Token.ID() }

// StoreNow is the store's clock, carried on from the load by the core's, which shows
// now.
func (r *Record[T]) StoreNow(now time.Time) Instant {
	return r.Now.Add(now.Sub(epoch) - r.loaded)
}

// Updated notes that the record was written when the core's clock showed now.
func (r *Record[T]) Updated(u *stores.Updated, now time.Time) {
	r.Version, r.Expires, r.Deadline = u.Version, InstantOf(u.Expires), InstantOf(u.Deadline)
	r.Now = InstantOf(u.Now)
	r.LastSeen, r.loaded = r.Now, now.Sub(epoch)
}

// epoch is a time on the monotonic clock. A duration since then needs less memory than a
// time, and steps of the wall clock do not change it.
var epoch = time.Now()

// Instant is a time in Unix nanoseconds. It needs less memory than a [time.Time].
type Instant int64

// InstantOf returns the nearest instant to t.
func InstantOf(t time.Time) Instant {
	const most, least = math.MaxInt64 / int64(time.Second), math.MinInt64 / int64(time.Second)
	switch s := t.Unix(); {
	case s >= most:
		return math.MaxInt64
	case s <= least:
		return math.MinInt64
	}
	return Instant(t.UnixNano())
}

// Time returns the instant as a time.
func (i Instant) Time() time.Time { return time.Unix(0, int64(i)).UTC() }

// Add returns the instant that is d later.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d) }

// Sub returns the time from j to i, or the nearest duration, as [time.Time.Sub] does. A
// store may leave a time zero.
func (i Instant) Sub(j Instant) time.Duration {
	switch d := time.Duration(i - j); {
	case i > j && d < 0:
		return math.MaxInt64
	case i < j && d > 0:
		return math.MinInt64
	default:
		return d
	}
}
