package main

import (
	"context"
	"log/slog"
	"slices"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/stores"
)

// data is a program's data in a session, in their stored form. Their type and
// encoding are the program's choice.
type data []byte

// sessions are the sessions of one program.
type sessions struct {
	*humasess.Manager[data]
	store   stores.Store
	unknown int // records that could not be read
}

// sessions connects to the store, for the sessions of one user, or for all sessions
// if user is "".
func (c *call) sessions(ctx context.Context, user string) (*sessions, error) {
	store, err := c.open(ctx, false)
	if err != nil {
		return nil, err
	}
	return c.manage(store, user)
}

func (c *call) manage(store stores.Store, user string) (*sessions, error) {
	s := &sessions{store: store}
	var err error
	s.Manager, err = humasess.New(store, &humasess.Options[data]{
		Identity:   identity(user),
		SchemeName: c.scheme,
		// A statement that a database has got ends with this budget only, and not with
		// the context of the call.
		StoreTimeout: c.timeout,
		Codec: humasess.Codec{
			Marshal:   func(v any) ([]byte, error) { return slices.Clone(*v.(*data)), nil },
			Unmarshal: func(b []byte, v any) error { *v.(*data) = append(data{}, b...); return nil },
		},
		Logger: slog.New(slog.DiscardHandler), // errors are returned
		OnEvent: func(_ context.Context, e events.Event) {
			if e.Kind == events.Undecodable {
				s.unknown++
			}
		},
	})
	if err != nil {
		return nil, usagef("--scheme: %v", err)
	}
	return s, nil
}

// identity returns the Identity of a manager. The command cannot read a user from
// stored data, but a manager hides data whose user is not that of their session. So
// Identity returns the chosen user for all data. This is right for the sessions that
// List finds. Without a user, the manager compares nothing.
func identity(user string) func(data) string {
	if user == "" {
		return nil
	}
	return func(d data) string {
		if d == nil {
			return "" // the zero value is anonymous
		}
		return user
	}
}
