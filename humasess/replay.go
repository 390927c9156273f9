package humasess

import (
	"context"
	"errors"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/lifecycle"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/humasess/internal/storecall"
	"github.com/humasess/sessions/humasess/internal/turns"
	"github.com/humasess/sessions/stores"
)

// startOver takes the base as another request has left it, asks again whether the
// request may use it, and runs its edits on the new data.
//
// After an error the base and the changes are the old ones. With the version of the new
// base, a program that goes on would overwrite the change of the other request.
func (s writes[T]) startOver(ctx context.Context, turn *turns.Turn[record.Record[T]], replay int) (err error) {
	was, base, changes, pending := s.rec, *s.rec, s.pending, *s.pending
	defer func() {
		if err == nil {
			return
		}
		if s.rec = was; was != &s.m.none.rec {
			*was = base
		}
		if s.pending = changes; changes != &s.m.none.pending {
			*changes = pending
		}
	}()
	rec, ok := newer(turn, s.rec.Version)
	if !ok {
		if err := storecall.PauseReplay(ctx, replay); err != nil {
			return s.storeFailed(err)
		}
		err = s.m.records.Fetch(ctx, s.rec.ID(), &rec)
		switch {
		case errors.Is(err, stores.ErrNotFound), errors.Is(err, payload.ErrFormat):
			return s.revoked()
		case err != nil:
			return s.storeFailed(err)
		}
	}
	who := s.opening().ownerOf(&rec, s.rec.Token)
	if who == notOwner {
		return s.revoked()
	}
	s.setBase(rec, s.rec.Token)
	if err := s.opening().adopt(who); err != nil {
		return gate.Fail(gate.ErrConflict, err)
	}
	if s.life.Hidden {
		return gate.Fail(gate.ErrConflict, nil)
	}
	if s.former {
		if s.life.Rotate == lifecycle.RotateAtOnce {
			return gate.Fail(gate.ErrConflict, nil) // another client of the session has renewed it
		}
		s.life.Rotate = lifecycle.RotateNo
	}
	if err := s.readmit(); err != nil {
		return err
	}
	return s.replayEdits()
}

// newer returns the record that the request before in the queue has written, if it is
// later than a version. Decoded data that are not shared belong to that request, so
// the caller gets none of them.
func newer[T any](turn *turns.Turn[record.Record[T]], version int64) (record.Record[T], bool) {
	rec, ok := turn.Handed()
	if !ok || rec.Version <= version {
		return record.Record[T]{}, false
	}
	if rec.Open.Checked == nil {
		rec.Open = &record.Opened[T]{Fields: rec.Open.Fields}
	}
	return rec, true
}

func (s writes[T]) replayEdits() error {
	edits := s.pending.edits
	if len(edits) == 0 {
		return nil
	}
	data, err := s.m.records.Decode(s.rec)
	if err != nil {
		return gate.Fail(gate.ErrConflict, err)
	}
	for _, edit := range edits {
		if err := s.changes().runEdit(edit, data); err != nil {
			return gate.Fail(gate.ErrConflict, err)
		}
	}
	s.pending.edits = edits[:len(edits)-1]
	return s.changes().apply(data, edits[len(edits)-1])
}

// readmit checks the roles and guards of the request again.
func (s writes[T]) readmit() error {
	if s.r == nil {
		return nil
	}
	data, err := s.m.records.Decode(s.rec)
	if err != nil {
		return gate.Fail(gate.ErrConflict, err)
	}
	if s.needed != nil && !s.m.users.Covers(*data, *s.needed) {
		return gate.Fail(gate.ErrConflict, nil)
	}
	shown := func() gate.Session {
		return s.view().frozen(*data, lifecycle.State{Base: true, Carried: s.life.Carried}, &pending[T]{})
	}
	err = s.r.Recheck(s.state, shown, func(ctx huma.Context, guard any) error { return guard.(Guard[T]).Check(ctx, *data) })
	if err != nil {
		return gate.Fail(gate.ErrConflict, err)
	}
	return nil
}
