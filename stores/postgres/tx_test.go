package postgres_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
)

type signUpInput struct {
	humasess.Login[user]
	Name string `query:"name"`
	Fail bool   `query:"fail"`
}

// TestSignUpInOneTransaction shows that a user's row and session are committed
// together, or not at all.
func TestSignUpInOneTransaction(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	store, name := open(t, pool)
	ctx := t.Context()
	users := pgx.Identifier{name, "users"}.Sanitize()
	if _, err := pool.Exec(ctx, "CREATE TABLE "+users+" (name text PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	var counters events.Counters
	sessions, err := humasess.New(store, &humasess.Options[user]{Identity: func(u user) string { return u.Name }, OnEvent: counters.Count})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Test", "1"))
	if err := sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	huma.Post(api, "/signup", func(ctx context.Context, in *signUpInput) (*struct{}, error) {
		before, err := sessions.List(context.Background(), in.Name)
		if err != nil {
			return nil, err
		}
		return nil, pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			if err := in.Session.Start(user{Name: in.Name}); err != nil {
				return err
			}
			if err := in.Session.Commit(postgres.WithTx(ctx, tx)); err != nil {
				return err
			}
			if others, err := sessions.List(context.Background(), in.Name); err != nil || len(others) != len(before) {
				t.Errorf("before the commit: others see %d sessions and error %v, want %d", len(others), err, len(before))
			}
			if _, err := tx.Exec(ctx, "INSERT INTO "+users+" VALUES ($1)", in.Name); err != nil {
				return huma.Error409Conflict("name is taken")
			}
			if in.Fail {
				return huma.Error422UnprocessableEntity("changed my mind")
			}
			return nil
		})
	})
	tests := []struct {
		name, path         string
		status, rows, live int
	}{
		{"committed", "/signup?name=ada", 204, 1, 1},
		{"name taken", "/signup?name=ada", 409, 1, 1},
		{"rolled back", "/signup?name=bob&fail=true", 422, 0, 0},
		{"committed after that", "/signup?name=bob", 204, 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := humasesstest.NewClient(mux)
			do(t, c, "POST", tt.path, tt.status)
			if got := c.Cookie(coretest.CookieName) != ""; got != (tt.status == 204) {
				t.Errorf("cookie: got %v, want %v", got, tt.status == 204)
			}
			who := tt.path[len("/signup?name="):][:3]
			var rows int
			if err := pool.QueryRow(ctx, "SELECT count(*) FROM "+users+" WHERE name = $1", who).Scan(&rows); err != nil || rows != tt.rows {
				t.Errorf("rows: got %d and error %v, want %d", rows, err, tt.rows)
			}
			if live, err := sessions.List(ctx, who); err != nil || len(live) != tt.live {
				t.Errorf("sessions: got %d and error %v, want %d", len(live), err, tt.live)
			}
		})
	}
	signIns := events.Series{Kind: events.Created, Reason: events.ReasonSignIn}
	if got := counters.Value(signIns); got != 2 {
		t.Errorf("got %d sign-ins, want the 2 that were committed", got)
	}
	if err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		_, err := sessions.Issue(postgres.WithTx(ctx, tx), user{Name: "eve"})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if got := counters.Value(signIns); got != 3 {
		t.Errorf("got %d sign-ins, want 3: no response decides about that of Issue", got)
	}
	huma.Post(api, "/retry", func(ctx context.Context, in *signUpInput) (*struct{}, error) {
		if err := in.Session.Start(user{Name: in.Name}); err != nil {
			return nil, err
		}
		first := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			return errors.Join(in.Session.Commit(postgres.WithTx(ctx, tx)), errors.New("take it back"))
		})
		if first == nil {
			t.Error("the transaction was not rolled back")
		}
		return nil, errors.Join(in.Session.Start(user{Name: in.Name}), in.Session.Commit(ctx))
	})
	do(t, humasesstest.NewClient(mux), "POST", "/retry?name=dan", 204)
	if got := counters.Value(signIns); got != 4 {
		t.Errorf("got %d sign-ins, want 4: a transaction was rolled back before the last one", got)
	}
}

// TestRevokeInTransaction shows that a revocation counts from the end of the
// caller's transaction. After a rollback it does not count at all.
func TestRevokeInTransaction(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	store, _ := open(t, pool)
	ctx := t.Context()
	begin := func(t *testing.T) (context.Context, pgx.Tx) {
		tx, err := pool.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
		return postgres.WithTx(ctx, tx), tx
	}
	revoke := func(t *testing.T, ctx context.Context, identity string) {
		if _, err := store.RevokeIdentity(ctx, identity, stores.ID{}); err != nil {
			t.Fatalf("RevokeIdentity: %v", err)
		}
	}
	t.Run("R2 rolled back", func(t *testing.T) {
		id := mustAdd(t, store)
		inTx, tx := begin(t)
		revoke(t, inTx, "ada")
		if _, err := store.Load(inTx, id); !errors.Is(err, stores.ErrNotFound) {
			t.Errorf("inside: got %v, want ErrNotFound", err)
		}
		if err := tx.Rollback(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Load(ctx, id); err != nil {
			t.Errorf("after the rollback: got %v, want the session", err)
		}
	})
	t.Run("R2 a start while it is open is refused", func(t *testing.T) {
		var commit func()
		handler, sessions := serve(t, store, nil, hooks{Login: func() { commit() }})
		inTx, tx := begin(t)
		commit = func() {} // this session is signed in before
		before := coretest.SignIn(t, handler, "eve")
		revoke(t, inTx, coretest.Owner("eve"))
		// The request begins after the call, reads the old password, and starts
		// its session after the transaction has ended. A request that began
		// less than a round trip before the commit cannot be ordered, so the
		// server waits.
		commit = func() {
			if _, err := tx.Exec(ctx, "SELECT pg_sleep(0.25)"); err != nil {
				t.Error(err)
			}
			if err := tx.Commit(ctx); err != nil {
				t.Error(err)
			}
		}
		c := humasesstest.NewClient(handler)
		do(t, c, "POST", "/login?name=eve", 401)
		do(t, before, "GET", "/me", 401)
		commit = func() {}
		do(t, coretest.SignIn(t, handler, "eve"), "GET", "/me", 200)
		if live, err := sessions.List(ctx, "eve"); len(live) != 1 || err != nil {
			t.Errorf("got %d sessions and error %v, want one", len(live), err)
		}
	})
	t.Run("only at READ COMMITTED", func(t *testing.T) {
		tx, err := pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.Serializable})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback(ctx) }()
		_, err = add(postgres.WithTx(ctx, tx), store, 0)
		says(t, "Create", err, "READ COMMITTED")
	})
}
