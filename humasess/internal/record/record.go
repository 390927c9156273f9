// Package record takes the records of a store apart, and makes new ones.
package record

import (
	"time"

	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/stores"
)

// Opened is a record's payload, taken apart. It is never changed once made, so that
// requests can share it beside the record in memory. Without data it belongs to a record
// whose payload holds them.
type Opened[T any] struct {
	payload.Fields

	Value   T    // to copy from, never to hand out
	Decoded bool // Value is set
}

// Record is a live session as one load has found it.
type Record[T any] struct {
	stores.Record

	Open   *Opened[T]
	Loaded time.Time // on the core's clock
}

// Full returns the whole payload, the data too.
func (r *Record[T]) Full() payload.Fields {
	if r.Open.Data != nil {
		return r.Open.Fields
	}
	p, err := payload.Decode(r.Payload)
	if err != nil {
		panic("humasess: payload of an open record: " + err.Error())
	}
	return p
}

// StoreNow is the store's clock, carried on from the load by the core's, which shows
// now.
func (r *Record[T]) StoreNow(now time.Time) time.Time {
	return r.Now.Add(now.Sub(r.Loaded))
}
