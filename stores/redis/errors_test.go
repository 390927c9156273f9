package redis_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
)

// TestErrorsNameTheStore reads the errors of a server that is gone, as an operator finds
// them in a log.
func TestErrorsNameTheStore(t *testing.T) {
	server := servertest.StartRedis(t)
	store := redis.New(dial(t, server), nil)
	id := mustAdd(t, store, "ada")
	server.Kill(t, server.Addrs[0])
	for name, call := range map[string]func(context.Context) error{
		"Load":     func(ctx context.Context) error { _, err := store.Load(ctx, id); return err },
		"LoadMany": func(ctx context.Context) error { _, err := store.LoadMany(ctx, []stores.ID{id, id}); return err },
		"Update": func(ctx context.Context) error {
			_, err := store.Update(ctx, stores.Update{ID: id, Version: 1, Idle: time.Hour, Absolute: time.Hour})
			return err
		},
		"Touch":          func(ctx context.Context) error { _, err := store.Touch(ctx, id, time.Hour); return err },
		"Delete":         func(ctx context.Context) error { return store.Delete(ctx, id, stores.Condition{}) },
		"List":           func(ctx context.Context) error { _, err := store.List(ctx, "ada"); return err },
		"RevokeIdentity": func(ctx context.Context) error { _, err := store.RevokeIdentity(ctx, "ada", stores.ID{}); return err },
		"Scan":           func(ctx context.Context) error { _, err := store.Scan(ctx, nil, "", 10); return err },
		"Check":          func(ctx context.Context) error { _, err := store.Check(ctx); return err },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			err := call(ctx)
			if err == nil || errors.Is(err, stores.ErrNotFound) || strings.Count(err.Error(), "redis: ") != 1 {
				t.Errorf("got %v, want an error of the connection that says redis: once", err)
			}
		})
	}
}

// TestLostHintsNameTheStore reads the warning of a subscription whose server is gone.
func TestLostHintsNameTheStore(t *testing.T) {
	server := servertest.StartRedis(t)
	begun, lines := make(chan struct{}, 1), make(logged, 100)
	store := redis.New(dial(t, server), &redis.Options{Hints: true, Logger: slog.New(slog.NewTextHandler(lines, nil))})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- store.Watch(ctx, func(stores.ID) { begun <- struct{}{} }) }()
	<-begun
	server.Kill(t, server.Addrs[0])
	if line := <-lines; !strings.Contains(line, "hints of ended sessions are interrupted") || strings.Count(line, "redis: ") != 1 {
		t.Errorf("got %s, want a warning that says redis: once", line)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Watch: got %v, want its context's error", err)
	}
}

// logged has the lines of a log.
type logged chan string

func (l logged) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}
