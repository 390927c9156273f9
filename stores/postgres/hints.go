package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// mostHints is how many sessions one call may end with a notification for
	// each. It is bounded because all databases of a server share one queue.
	mostHints = 64

	// maxChannel is the length in bytes from which the server refuses a
	// channel's name.
	maxChannel = 63

	// These are the pauses between attempts to listen. After a connection that
	// held for longer than maxPause, the next pause is minPause again.
	minPause = 100 * time.Millisecond
	maxPause = 30 * time.Second

	// A connection may be lost without an error, so ping after each quiet
	// minute.
	quiet        = time.Minute
	answerWithin = 10 * time.Second
)

// hints holds the settings to notify and to listen.
type hints struct {
	connect func(context.Context) (*pgx.Conn, error)
	channel string
	logger  *slog.Logger
}

func channelFor(schema, prefix string) string {
	name := schema + "." + prefix + "ended"
	if len(name) > maxChannel {
		sum := sha256.Sum256([]byte(name))
		name = "humasess_" + hex.EncodeToString(sum[:16])
	}
	return name
}

// argument returns the channel as SQL, or NULL without Options.Hints.
func (h hints) argument() string {
	if h.connect == nil {
		return "NULL"
	}
	return literal(h.channel)
}

// Watch implements [stores.Watcher] on a connection of Options.Hints, and
// connects again when that connection is lost. Any number of calls may run at
// the same time, each with its own connection. [Store.Close] does not end it;
// its context does. Without the option the error matches
// [errors.ErrUnsupported].
func (s *Store) Watch(ctx context.Context, ended func(stores.ID)) error {
	h := s.hints
	if h.connect == nil {
		return fmt.Errorf("postgres: Watch needs Options.Hints: %w", errors.ErrUnsupported)
	}
	for pause := minPause; ; pause = min(2*pause, maxPause) {
		begin := time.Now()
		err := h.listen(ctx, ended)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Since(begin) > maxPause {
			pause = minPause
		}
		h.logger.WarnContext(ctx, "humasess: hints of ended sessions are interrupted", "error", err)
		// The pause is random, so processes that lost the server together do
		// not come back together.
		timer := time.NewTimer(pause/2 + rand.N(pause)) //nolint:gosec // spreads load; it is not a secret
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// listen passes on hints until its connection ends.
func (h hints) listen(ctx context.Context, ended func(stores.ID)) error {
	conn, err := h.open(ctx)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerWithin)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	if err := within(ctx, answerWithin, func(ctx context.Context) error {
		_, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{h.channel}.Sanitize())
		return err
	}); err != nil {
		return err
	}
	ended(stores.ID{}) // from here on no hint is missed
	for {
		var n *pgconn.Notification
		err := within(ctx, quiet, func(ctx context.Context) (err error) {
			n, err = conn.WaitForNotification(ctx)
			return err
		})
		switch {
		case err == nil:
			id, err := stores.ParseID(n.Payload)
			if err != nil {
				id = stores.ID{} // many sessions, or the format of a later version
			}
			ended(id)
		case ctx.Err() != nil || conn.IsClosed():
			return err
		default:
			if err := within(ctx, answerWithin, conn.Ping); err != nil {
				return err
			}
		}
	}
}

func (h hints) open(ctx context.Context) (conn *pgx.Conn, err error) {
	err = within(ctx, maxPause, func(ctx context.Context) error {
		conn, err = h.connect(ctx)
		return err
	})
	if err == nil && conn == nil {
		err = errors.New("postgres: Options.Hints returned no connection")
	}
	return conn, err
}

func within(ctx context.Context, most time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	return f(ctx)
}
