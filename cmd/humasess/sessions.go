package main

import (
	"context"
	"log/slog"
	"slices"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores"
)

// data is what a program keeps in a session, as it is stored: any type, in any
// encoding.
type data []byte

// sessions are those of one program.
type sessions struct {
	*humasess.Manager[data]
	unknown int // records that could not be read
}

// sessions connects to the store.
func (c *call) sessions(ctx context.Context) (*sessions, error) {
	store, err := c.open(ctx, false)
	if err != nil {
		return nil, err
	}
	return c.manage(store)
}

func (c *call) manage(store stores.Store) (*sessions, error) {
	s := &sessions{}
	var err error
	s.Manager, err = humasess.New(store, &humasess.Options[data]{
		Identity:   func(data) string { return "" }, // to be able to ask by user; nothing starts here
		SchemeName: c.scheme,
		Codec: humasess.Codec{
			Marshal:   func(v any) ([]byte, error) { return slices.Clone(*v.(*data)), nil },
			Unmarshal: func(b []byte, v any) error { *v.(*data) = slices.Clone(b); return nil },
		},
		Logger: slog.New(slog.DiscardHandler), // errors are returned
		OnEvent: func(_ context.Context, e humasess.Event) {
			if e.Kind == humasess.EventUndecodable {
				s.unknown++
			}
		},
	})
	if err != nil {
		return nil, usagef("--scheme: %v", err)
	}
	return s, nil
}
