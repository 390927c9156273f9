package humasess

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/stores"
)

// opened is a record's payload, taken apart. It is never changed once made,
// so that requests can share it beside the record in memory. Without data it
// belongs to a record whose payload holds them.
type opened[T any] struct {
	payload.Fields

	value   T    // to copy from, never to hand out
	decoded bool // value is set
}

// record is a live session as one load has found it.
type record[T any] struct {
	stores.Record
	open   *opened[T]
	loaded time.Time // on the core's clock
}

// fetch loads one record and takes it apart.
func (m *Manager[T]) fetch(ctx context.Context, id stores.ID) (record[T], error) {
	if m.memoizer == nil {
		rec, err := m.store.Load(ctx, id)
		if err != nil {
			return record[T]{}, err
		}
		return m.openRecord(rec)
	}
	rec, memo, err := m.memoizer.LoadMemo(ctx, id)
	if err != nil {
		return record[T]{}, err
	}
	if o, ok := memo.Value().(*opened[T]); ok {
		return record[T]{Record: rec, open: o, loaded: m.now()}, nil
	}
	r, err := m.openRecord(rec)
	if err == nil && r.open.Scheme == m.scheme {
		m.share(&r)
		memo.Set(r.open)
	}
	return r, err
}

// openRecord takes a record of the store apart.
func (m *Manager[T]) openRecord(rec stores.Record) (record[T], error) {
	p, err := payload.Decode(rec.Payload)
	if err != nil {
		return record[T]{}, undecodablePayload(rec, err)
	}
	return record[T]{Record: rec, open: &opened[T]{Fields: p}, loaded: m.now()}, nil
}

// share decodes the data where a copy of the result can be handed out. The
// value comes from the stored bytes and from nowhere else, or a caller would
// hold a part of it.
func (m *Manager[T]) share(r *record[T]) {
	if !m.values.CanCopy() {
		return
	}
	v, err := m.values.Decode(r.open.Data)
	if err == nil && m.matches(v, r.Identity) == nil {
		r.open.value, r.open.decoded = *v, true
	}
}

// full returns the whole payload, the data too.
func (r *record[T]) full() payload.Fields {
	if r.open.Data != nil {
		return r.open.Fields
	}
	p, err := payload.Decode(r.Payload)
	if err != nil {
		panic("humasess: payload of an open record: " + err.Error())
	}
	return p
}

// storeNow is the store's clock, carried on from the load by the core's.
func (r *record[T]) storeNow(m *Manager[T]) time.Time {
	return r.Now.Add(m.now().Sub(r.loaded))
}

// decode returns the record's data as the caller's own.
func (m *Manager[T]) decode(r *record[T]) (*T, error) {
	o := r.open
	if o.decoded {
		v := m.values.Copy(&o.value)
		return &v, nil
	}
	v, err := m.values.Decode(o.Data)
	return m.checked(r, v, err)
}

// errUndecodable wraps what OnUndecodable returned beside ErrHide.
var errUndecodable = errors.New("humasess: stored session data does not decode")

// decodeOwn is decode for a record that no other request has: the first time,
// the value is in the record's memory, which nobody reads again.
func (m *Manager[T]) decodeOwn(r *record[T]) (*T, error) {
	if m.memoizer != nil {
		return m.decode(r)
	}
	o := r.open
	err := m.values.DecodeInto(o.Data, &o.value)
	return m.checked(r, &o.value, err)
}

// checked returns decoded data unless they failed to decode or belong to another
// identity than the record. Then Options.OnUndecodable decides.
func (m *Manager[T]) checked(r *record[T], v *T, err error) (*T, error) {
	if err == nil {
		err = m.matches(v, r.Identity)
	}
	if err == nil {
		return v, nil
	}
	if m.opts.OnUndecodable == nil {
		return nil, fmt.Errorf("%w: %w", gate.ErrHide, err)
	}
	migrated, err := m.opts.OnUndecodable(append([]byte(nil), r.open.Data...), err)
	switch {
	case err == nil:
		if err = m.matches(&migrated, r.Identity); err != nil {
			return nil, fmt.Errorf("%w: OnUndecodable: %w", gate.ErrHide, err)
		}
	case !errors.Is(err, gate.ErrHide):
		err = fmt.Errorf("%w: %w", errUndecodable, err)
	}
	return &migrated, err
}

func undecodablePayload(rec stores.Record, err error) error {
	return fmt.Errorf("session %v: %w", rec.ID, err)
}
