package postgres_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
)

// TestTakeInTransactions takes one session in parallel transactions of the program, of
// which some are rolled back. One that was committed has the data.
func TestTakeInTransactions(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	store, _ := open(t, pool)
	sessions, err := humasess.New(store, &humasess.Options[user]{Identity: func(u user) string { return u.Name }})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Test", "1"))
	if err := sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	type input struct {
		humasess.Session[user]
		Undo bool `query:"undo"`
	}
	var loaded sync.WaitGroup
	var mu sync.Mutex
	committed := 0
	changedMind := errors.New("changed my mind")
	huma.Post(api, "/take", func(ctx context.Context, in *input) (*struct{}, error) {
		loaded.Done()
		loaded.Wait()
		err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			_, err := in.Session.Take(postgres.WithTx(ctx, tx))
			if err == nil && in.Undo {
				err = changedMind
			}
			return err
		})
		switch {
		case err == nil:
			mu.Lock()
			committed++
			mu.Unlock()
		case errors.Is(err, changedMind):
			return nil, nil // an error response would end the session
		case !errors.Is(err, humasess.ErrNotFound):
			t.Errorf("got %v, want ErrNotFound", err)
		}
		return nil, err
	})
	for range 5 {
		committed = 0
		cookie := humasesstest.Login(t, sessions, user{Name: "ada"})
		loaded.Add(8)
		coretest.Together(8, func(i int) {
			c := humasesstest.NewClient(mux)
			c.SetCookie(cookie)
			path := "/take"
			if i%2 == 0 {
				path += "?undo=true"
			}
			c.Do(http.MethodPost, path, nil)
		})
		if committed != 1 {
			t.Errorf("got %d transactions with the data, want 1", committed)
		}
	}
}
