package postgres_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// small returns a pool of n connections, all of them open.
func small(t *testing.T, n int32) *pgxpool.Pool {
	t.Helper()
	pool := shared(t)
	config := pool.Config()
	config.MaxConns = n
	few, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(few.Close)
	return few
}

// TestAbandonedRequests lets clients hang up while their statements run. That
// must not cost connections, because one client could use it against all
// others.
func TestAbandonedRequests(t *testing.T) {
	t.Parallel()
	store, name := open(t, shared(t))
	id := mustAdd(t, store)
	pool := small(t, 4)
	store = postgres.New(pool, &postgres.Options{Schema: name, SweepEvery: -1})
	together(8, func(int) { // opens all connections
		if _, err := store.Load(t.Context(), id); err != nil {
			t.Error(err)
		}
	})
	before := pool.Stat().NewConnsCount()
	var stop atomic.Bool
	var abandoned atomic.Int64
	const honest = 300
	together(17, func(i int) {
		if i == 16 {
			defer stop.Store(true)
			for range honest {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				_, err := store.Load(ctx, id)
				cancel()
				if err != nil {
					t.Errorf("the client that waits: %v", err)
				}
			}
			return
		}
		for n := 0; !stop.Load(); n++ {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			timer := time.AfterFunc(time.Duration(n%20)*50*time.Microsecond, cancel)
			if _, err := store.LoadMany(ctx, []stores.ID{id, {1}}); err != nil {
				abandoned.Add(1)
				if !errors.Is(err, context.Canceled) {
					t.Errorf("a client that hangs up: %v", err)
				}
			}
			timer.Stop()
			cancel()
		}
	})
	t.Logf("%d calls ended while they waited", abandoned.Load())
	if got := pool.Stat().NewConnsCount() - before; got != 0 {
		t.Errorf("%d connections were made again, want none", got)
	}
}

// TestHangUp cancels a call whose statement waits, and one that waits for a
// connection.
func TestHangUp(t *testing.T) {
	t.Parallel()
	store, name := open(t, shared(t))
	id := mustAdd(t, store)
	pool := small(t, 1)
	store = postgres.New(pool, &postgres.Options{Schema: name, SweepEvery: -1})
	other := shared(t)
	hold := func(t *testing.T) pgx.Tx {
		tx, err := other.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), "SELECT FROM "+pgx.Identifier{name, "humasess_sessions"}.Sanitize()+" FOR UPDATE"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
		return tx
	}
	touch := func(ctx context.Context) <-chan error {
		end := make(chan error, 1)
		go func() { _, err := store.Touch(ctx, id, time.Hour); end <- err }()
		// On a busy machine the call may end before the pool is looked at.
		for begin := time.Now(); pool.Stat().AcquiredConns() == 0 && len(end) == 0 && time.Since(begin) < patience; {
			rest()
		}
		return end
	}
	if _, err := store.Load(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	before := pool.Stat().NewConnsCount()
	t.Run("a statement that has begun goes on", func(t *testing.T) {
		tx := hold(t)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		end := touch(ctx)
		waiting, hangUp := context.WithTimeout(t.Context(), patience)
		hangUp()
		if _, err := store.Load(waiting, id); !errors.Is(err, context.Canceled) {
			t.Errorf("without a connection: got %v, want context.Canceled", err)
		}
		waiting, hangUp = context.WithTimeout(t.Context(), patience)
		time.AfterFunc(10*time.Millisecond, hangUp)
		if _, err := store.Load(waiting, id); !errors.Is(err, context.Canceled) {
			t.Errorf("waiting for a connection: got %v, want context.Canceled", err)
		}
		cancel()
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-end; err != nil {
			t.Errorf("Touch: %v", err)
		}
		if got := pool.Stat().NewConnsCount(); got != before {
			t.Errorf("got %d connections, want %d", got, before)
		}
	})
	t.Run("the deadline ends it", func(t *testing.T) {
		hold(t)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := <-touch(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want context.DeadlineExceeded", err)
		}
	})
	t.Run("without a deadline, cancellation ends it", func(t *testing.T) {
		hold(t)
		ctx, cancel := context.WithCancel(t.Context())
		end := touch(ctx)
		cancel()
		if err := <-end; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	})
	t.Run("in the caller's transaction", func(t *testing.T) {
		for _, cancelled := range []bool{true, false} {
			tx := hold(t)
			mine, err := pool.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			limit := patience
			if !cancelled {
				limit = 100 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(postgres.WithTx(t.Context(), mine), limit)
			end := make(chan error, 1)
			go func() { _, err := store.Touch(ctx, id, time.Hour); end <- err }()
			for begin := time.Now(); cancelled && time.Since(begin) < patience; rest() {
				if number(t, other, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND strpos(query, $1) > 0", name) > 0 {
					cancel()
					break
				}
			}
			if cancelled {
				if err := tx.Rollback(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if err := <-end; cancelled && err != nil || !cancelled && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("cancelled %v: got %v", cancelled, err)
			}
			cancel()
			_ = tx.Rollback(t.Context())
			_ = mine.Rollback(t.Context())
		}
	})
	t.Run("the next call has no deadline of the one before", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if _, err := store.Load(ctx, id); err != nil {
			t.Fatal(err)
		}
		for limit := 200 * time.Millisecond; ; limit *= 2 { // a busy machine needs longer
			soon, cancel := context.WithTimeout(t.Context(), limit)
			_, err := store.Load(soon, id)
			if err == nil {
				<-soon.Done()
			}
			cancel()
			if err == nil {
				break
			} else if !errors.Is(err, context.DeadlineExceeded) || limit > patience {
				t.Fatal(err)
			}
		}
		if _, err := store.Load(context.Background(), id); err != nil {
			t.Errorf("Load: %v", err)
		}
	})
}

// TestForgottenWithTx commits sessions outside the program's transactions,
// which hold all connections.
func TestForgottenWithTx(t *testing.T) {
	t.Parallel()
	_, name := open(t, shared(t))
	pool := small(t, 8)
	store := postgres.New(pool, &postgres.Options{Schema: name, SweepEvery: -1})
	var begun, refused sync.WaitGroup // connections stay taken until no call waits
	begun.Add(8)
	refused.Add(8)
	together(8, func(int) {
		tx, err := pool.Begin(t.Context())
		begun.Done()
		if err != nil {
			refused.Done()
			t.Error(err)
			return
		}
		defer func() { _ = tx.Rollback(context.Background()) }()
		begun.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, err = add(ctx, store, 0)
		refused.Done()
		refused.Wait()
		says(t, "Create", err, "no connection of the pool became free", "WithTx")
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want context.DeadlineExceeded", err)
		}
		if _, err := add(postgres.WithTx(t.Context(), tx), store, 0); err != nil {
			t.Errorf("with WithTx: %v", err)
		}
	})
}
