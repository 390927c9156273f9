//go:build unix

package faults_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/humasess/sessions/stores"
)

// upserting writes an update whatever the session's version is, and creates the session
// again if it has ended.
type upserting struct {
	stores.Store

	identities sync.Map // by ID
}

func (s *upserting) Unwrap() stores.Store { return s.Store }

func (s *upserting) Load(ctx context.Context, id stores.ID) (stores.Record, error) {
	r, err := s.Store.Load(ctx, id)
	if err == nil {
		s.identities.Store(id, r.Identity)
	}
	return r, err
}

func (s *upserting) Update(ctx context.Context, u stores.Update) (stores.Updated, error) {
	done, err := s.Store.Update(ctx, u)
	identity, known := s.identities.Load(u.ID)
	if !errors.Is(err, stores.ErrNotFound) || !known {
		return done, err
	}
	created, err := s.Store.Create(ctx, stores.Create{
		ID: u.ID, Identity: identity.(string), Payload: u.Payload, Idle: time.Hour, Absolute: time.Hour,
	})
	return stores.Updated{Version: created.Version, Expires: created.Expires, Deadline: created.Deadline, Now: created.Now}, err
}

// forgetful takes any error of a load for a session that is not there.
type forgetful struct{ stores.Store }

func (s forgetful) Unwrap() stores.Store { return s.Store }

func (s forgetful) Load(ctx context.Context, id stores.ID) (stores.Record, error) {
	r, err := s.Store.Load(ctx, id)
	if err != nil && !errors.Is(err, stores.ErrNotFound) {
		err = stores.ErrNotFound
	}
	return r, err
}

// patient waits for a load as long as it takes.
type patient struct{ stores.Store }

func (s patient) Unwrap() stores.Store { return s.Store }

func (s patient) Load(ctx context.Context, id stores.ID) (stores.Record, error) {
	return s.Store.Load(context.WithoutCancel(ctx), id)
}
