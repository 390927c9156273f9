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
	// mostHints is how many sessions one call may end and have each notified:
	// the queue of the server is one for all of its databases.
	mostHints = 64

	// maxChannel is where the server refuses the name of a channel, in bytes.
	maxChannel = 63

	// Between attempts to listen. A connection that held for longer than the
	// second begins at the first again.
	minPause = 100 * time.Millisecond
	maxPause = 30 * time.Second

	// A connection can be gone without a word: ask after each quiet minute.
	quiet        = time.Minute
	answerWithin = 10 * time.Second
)

// hints is what notifies and listens.
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

// argument is the channel as SQL, NULL when nothing is to be notified.
func (h hints) argument() string {
	if h.connect == nil {
		return "NULL"
	}
	return literal(h.channel)
}

// Watch implements [stores.Watcher] on a connection of Options.Hints, and
// connects again whenever that is lost. Each call has its own; any number may
// run at once. It outlives [Store.Close]: end it by its context. Without the
// option the error matches [errors.ErrUnsupported].
func (s *Store) Watch(ctx context.Context, ended func(stores.ID)) error {
	h := s.hints
	if h.connect == nil {
		return fmt.Errorf("postgres: Watch without Options.Hints: %w", errors.ErrUnsupported)
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
		h.logger.WarnContext(ctx, "humasess: hints that sessions have ended are interrupted", "error", err)
		// Processes that lost the server together do not come back together.
		timer := time.NewTimer(pause/2 + rand.N(pause)) //nolint:gosec // spreads load; nothing secret depends on it
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// listen lasts as long as one connection.
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
	ended(stores.ID{}) // from here on nothing is missed
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
				id = stores.ID{} // many, or a later version's
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
