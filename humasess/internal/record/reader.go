package record

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/identity"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/humasess/internal/values"
	"github.com/humasess/sessions/internal/credential"
	"github.com/humasess/sessions/stores"
)

// Reader reads the records of one manager. It is safe for concurrent use.
type Reader[T any] struct {
	Store    stores.Store
	Memoizer stores.Memoizer // nil unless the store is one
	Scheme   string
	Values   *values.Type[T]
	Users    *identity.Type[T]
	Now      func() time.Time

	// OnUndecodable is Options.OnUndecodable, which may be nil.
	OnUndecodable func(data []byte, cause error) (T, error)
}

var (
	// ErrUndecodable wraps the error of OnUndecodable unless it is gate.ErrHide.
	ErrUndecodable = errors.New("humasess: stored session data does not decode")

	errDoesNotDecode = errors.New("the codec cannot decode its own output")
)

// Fetch loads one record and takes it apart. It decodes the data where the store keeps
// the result and a copy of it can be handed out. After an error the record is unchanged.
func (r *Reader[T]) Fetch(ctx context.Context, id stores.ID, into *Record[T]) error {
	if r.Memoizer == nil {
		raw, err := r.Store.Load(ctx, id)
		if err != nil {
			return err
		}
		return r.open(&raw, into)
	}
	raw, memo, err := r.Memoizer.LoadMemo(ctx, id)
	if err != nil {
		return err
	}
	if o, ok := memo.Value().(*Opened[T]); ok {
		r.fill(into, &raw, o)
		return nil
	}
	if err := r.open(&raw, into); err != nil {
		return err
	}
	if into.Open.Scheme == r.Scheme {
		r.share(into)
		memo.Set(into.Open)
	}
	return nil
}

// Written loads a record and the name of its last write.
func (r *Reader[T]) Written(ctx context.Context, id stores.ID) (stores.Record, uint64, error) {
	raw, err := r.Store.Load(ctx, id)
	if err != nil {
		return stores.Record{}, 0, err
	}
	p, err := payload.Decode(raw.Payload)
	if err != nil {
		return stores.Record{}, 0, Undecodable(id, err)
	}
	return raw, p.Write, nil
}

// Open takes a record of the store apart.
func (r *Reader[T]) Open(raw stores.Record) (rec Record[T], err error) {
	err = r.open(&raw, &rec)
	return rec, err
}

func (r *Reader[T]) open(raw *stores.Record, into *Record[T]) error {
	p, err := payload.Decode(raw.Payload)
	if err != nil {
		return Undecodable(raw.ID, err)
	}
	r.fill(into, raw, &Opened[T]{Fields: p})
	return nil
}

// New returns a record that the store has just returned.
func (r *Reader[T]) New(raw *stores.Record, open *Opened[T]) (rec Record[T]) {
	r.fill(&rec, raw, open)
	return rec
}

// fill is New with the caller's memory.
func (r *Reader[T]) fill(rec *Record[T], raw *stores.Record, open *Opened[T]) {
	rec.Token = credential.BareToken(raw.ID)
	rec.Identity, rec.Version = raw.Identity, raw.Version
	rec.LastSeen, rec.Expires, rec.Deadline = InstantOf(raw.LastSeen), InstantOf(raw.Expires), InstantOf(raw.Deadline)
	rec.Now, rec.loaded = InstantOf(raw.Now), r.Now().Sub(epoch)
	rec.Open, rec.Spare = open, nil
}

// share decodes the data where a copy of the result can be handed out. The value comes
// from the stored bytes and from nowhere else, or a caller would hold a part of it.
func (r *Reader[T]) share(rec *Record[T]) {
	if !r.Values.CanCopy() {
		return
	}
	v, err := r.Values.Decode(rec.Open.Data)
	if err == nil && r.Users.Match(v, rec.Identity) == nil {
		rec.Open.Value, rec.Open.Checked = *v, r.Users
	}
}

// Decode returns the record's data as the caller's own.
func (r *Reader[T]) Decode(rec *Record[T]) (*T, error) {
	o := rec.Open
	if o.Checked != nil {
		v := r.Values.Copy(&o.Value)
		return &v, nil
	}
	v, err := r.Values.Decode(o.Data)
	return r.checked(rec, v, err)
}

// DecodeOwn is Decode for a record that no other request has: the first time, the value
// is in the record's memory, which nothing reads again.
func (r *Reader[T]) DecodeOwn(rec *Record[T]) (*T, error) {
	if r.Memoizer != nil {
		return r.Decode(rec)
	}
	o := rec.Open
	err := r.Values.DecodeInto(o.Data, &o.Value)
	return r.checked(rec, &o.Value, err)
}

// checked returns decoded data unless they failed to decode or belong to another
// identity than the record. Then OnUndecodable decides.
func (r *Reader[T]) checked(rec *Record[T], v *T, err error) (*T, error) {
	if err == nil {
		err = r.Users.Match(v, rec.Identity)
	}
	if err == nil {
		return v, nil
	}
	if r.OnUndecodable == nil {
		return nil, fmt.Errorf("%w: %w", gate.ErrHide, err)
	}
	migrated, err := r.OnUndecodable(append([]byte(nil), rec.Open.Data...), err)
	switch {
	case err == nil:
		if err = r.Users.Match(&migrated, rec.Identity); err != nil {
			return nil, fmt.Errorf("%w: OnUndecodable: %w", gate.ErrHide, err)
		}
	case !errors.Is(err, gate.ErrHide):
		err = fmt.Errorf("%w: %w", ErrUndecodable, err)
	}
	return &migrated, err
}

// Encode returns data as the store keeps them, and reports whether decoding gives
// exactly the same data. It refuses data that would come back with another identity or
// with other roles: such a session would belong to another user, or to none, from the
// next request on.
func (r *Reader[T]) Encode(data *T) (encoded []byte, exact bool, err error) {
	encoded, err = r.Values.Encode(data)
	if err != nil {
		return nil, false, fmt.Errorf("encode %T: %w", *data, err)
	}
	if r.Values.Exact(data) {
		return encoded, true, nil
	}
	back, err := r.Values.Decode(encoded)
	if err != nil {
		err = fmt.Errorf("%w: %w", errDoesNotDecode, err)
	} else {
		err = r.Users.Kept(data, back)
	}
	if err != nil {
		return nil, false, fmt.Errorf("%T: %w", *data, err)
	}
	return encoded, false, nil
}

// Undecodable names the session in an error of its payload.
func Undecodable(id stores.ID, err error) error { return fmt.Errorf("session %v: %w", id, err) }
