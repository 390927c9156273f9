package postgres_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// TestTransactionThatIsRolledBack tests the responses after such a transaction
// of the program, in which sessions ended or got a new token.
func TestTransactionThatIsRolledBack(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	store, _ := open(t, pool)
	key, err := security.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := security.NewAEAD(key)
	if err != nil {
		t.Fatal(err)
	}
	clientSide := cookie.New(sealer, &cookie.Options{Revoked: openRevocations(t, pool)})
	for name, store := range map[string]stores.Store{"Store": store, "Revocations of a cookie store": clientSide} {
		t.Run(name, func(t *testing.T) { rolledBack(t, pool, store, store == clientSide) })
	}
}

func rolledBack(t *testing.T, pool *pgxpool.Pool, store stores.Store, clientSide bool) {
	t.Helper()
	revoked, failed := 0, 0
	sessions, err := humasess.New(store, &humasess.Options[user]{
		Identity: func(u user) string { return u.Name },
		OnEvent: func(_ context.Context, e events.Event) {
			switch e.Kind {
			case events.Revoked:
				revoked++
			case events.StoreFailed:
				failed++
			}
		},
	})
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
		Do   string `query:"do"`
		Fail bool   `query:"fail"`
		Late bool   `query:"late"`
	}
	changedMind := huma.Error422UnprocessableEntity("changed my mind")
	huma.Post(api, "/tx", func(ctx context.Context, in *input) (*struct{}, error) {
		err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			inside := postgres.WithTx(ctx, tx)
			var err error
			switch in.Do {
			case "RevokeAll":
				_, err = in.Session.RevokeAll(inside)
			case "RevokeOthers":
				_, err = in.Session.RevokeOthers(inside)
			case "Destroy":
				err = errors.Join(in.Session.Destroy(), in.Session.Commit(inside))
			case "Revoke":
				err = in.Session.Revoke(inside, in.Session.ID())
			case "RevokeOthers and Commit":
				_, err = in.Session.RevokeOthers(inside)
				err = errors.Join(err, in.Session.Commit(inside))
			case "Take":
				_, err = in.Session.Take(inside)
			case "Update":
				err = errors.Join(in.Session.Update(func(u *user) error { u.N++; return nil }), in.Session.Commit(inside))
			case "RevokeOthers, Destroy":
				_, err = in.Session.RevokeOthers(inside)
				err = errors.Join(err, in.Session.Destroy())
			case "Renew":
				err = errors.Join(in.Session.Renew(), in.Session.Commit(inside))
			}
			if err == nil && in.Fail {
				err = changedMind
			}
			return err
		})
		if err == nil && in.Late {
			err = changedMind
		}
		return nil, err
	})
	huma.Get(api, "/me", func(context.Context, *struct{ humasess.Required[user] }) (*struct{}, error) { return nil, nil })
	// A program may retry a transaction that the server has rolled back.
	type retryInput struct {
		humasess.Login[user]
		Do string `query:"do"`
	}
	huma.Post(api, "/retry", func(ctx context.Context, in *retryInput) (*struct{}, error) {
		var err error
		for _, end := range []error{pgx.ErrTxCommitRollback, nil} {
			err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
				if in.Do == "Start" {
					err = in.Session.Start(user{Name: "ada"})
				} else {
					err = in.Session.Destroy()
				}
				return errors.Join(err, in.Session.Commit(postgres.WithTx(ctx, tx)), end)
			})
			if !errors.Is(err, pgx.ErrTxCommitRollback) {
				break
			}
		}
		return nil, err
	})
	// Middleware may commit after the response is sent.
	type txKey struct{}
	late := huma.Operation{Method: http.MethodPost, Path: "/late", Middlewares: huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		err := pgx.BeginFunc(ctx.Context(), pool, func(tx pgx.Tx) error {
			next(huma.WithValue(ctx, txKey{}, tx))
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}}}
	huma.Register(api, late, func(ctx context.Context, in *retryInput) (*struct{}, error) {
		inside := postgres.WithTx(ctx, ctx.Value(txKey{}).(pgx.Tx))
		err := in.Session.Destroy()
		if in.Do == "Start" {
			err = in.Session.Start(user{Name: "ada"})
		}
		return nil, errors.Join(err, in.Session.Commit(inside), in.Session.Commit(inside))
	})
	for _, do := range []string{"Start", "Destroy"} {
		t.Run(do+" in a transaction that ends after the response", func(t *testing.T) {
			cookie := humasesstest.Login(t, sessions, user{Name: "ada"})
			c, old := humasesstest.NewClient(mux), humasesstest.NewClient(mux)
			c.SetCookie(cookie)
			old.SetCookie(cookie)
			failed = 0
			if w := c.Do(http.MethodPost, "/late?do="+do, nil); w.Code != http.StatusNoContent {
				t.Fatalf("got %d %s, want 204", w.Code, w.Body)
			}
			if failed != 0 {
				t.Errorf("got %d failures of the store, want none: the response must not wait for the transaction", failed)
			}
			if w := old.Do(http.MethodGet, "/me", nil); w.Code != http.StatusUnauthorized {
				t.Errorf("the session of before: got %d, want 401", w.Code)
			}
		})
	}
	for _, do := range []string{"Start", "Destroy"} {
		t.Run(do+" in a transaction that is tried again", func(t *testing.T) {
			cookie := humasesstest.Login(t, sessions, user{Name: "ada"})
			c, old := humasesstest.NewClient(mux), humasesstest.NewClient(mux)
			c.SetCookie(cookie)
			old.SetCookie(cookie)
			if w := c.Do(http.MethodPost, "/retry?do="+do, nil); w.Code != http.StatusNoContent {
				t.Fatalf("got %d %s, want 204", w.Code, w.Body)
			}
			if w := old.Do(http.MethodGet, "/me", nil); w.Code != http.StatusUnauthorized {
				t.Errorf("the session of before: got %d, want 401", w.Code)
			}
			if w := c.Do(http.MethodGet, "/me", nil); (w.Code == http.StatusNoContent) != (do == "Start") {
				t.Errorf("afterwards: got %d", w.Code)
			}
		})
	}
	for _, tt := range []struct {
		do     string
		fail   string // when the program fails: "fail" in the transaction, "late" after it
		lives  bool   // whether the session is live, with the cookie that the client then has
		events int
	}{
		{"RevokeAll", "", false, 1},
		{"RevokeAll", "fail", true, 0},
		{"RevokeOthers", "", true, 1},
		{"RevokeOthers", "fail", true, 0},
		{"Destroy", "", false, 0},
		{"Destroy", "fail", false, 0}, // the session stays
		{"Revoke", "fail", false, 0},
		{"Take", "", false, 0},
		{"Take", "fail", false, 0},
		{"Take", "late", false, 0},
		{"RevokeOthers", "late", true, 0},
		{"RevokeOthers and Commit", "", true, 1},
		{"RevokeOthers and Commit", "fail", true, 0},
		{"RevokeOthers and Commit", "late", true, 0},
		{"Update", "", true, 0},
		{"Update", "fail", true, 0},
		{"RevokeOthers, Destroy", "", false, 1},
		{"RevokeOthers, Destroy", "fail", false, 0},
		{"RevokeOthers, Destroy", "late", false, 0},
		{"Renew", "", true, 0},
		{"Renew", "fail", true, 0},
	} {
		name := tt.do
		if tt.fail != "" {
			name += ", " + tt.fail
		}
		if tt.do == "Renew" && clientSide {
			continue // the store does not support it
		}
		t.Run(name, func(t *testing.T) {
			first := humasesstest.Login(t, sessions, user{Name: "ada"})
			c := humasesstest.NewClient(mux)
			c.SetCookie(first)
			revoked = 0
			path := "/tx?do=" + url.QueryEscape(tt.do)
			want := http.StatusNoContent
			if tt.fail != "" {
				path, want = path+"&"+tt.fail+"=true", http.StatusUnprocessableEntity
			}
			if w := c.Do(http.MethodPost, path, nil); w.Code != want {
				t.Fatalf("got %d %s, want %d", w.Code, w.Body, want)
			}
			if revoked != tt.events {
				t.Errorf("events: got %d, want %d", revoked, tt.events)
			}
			want = http.StatusUnauthorized
			if tt.lives {
				want = http.StatusNoContent
			}
			if w := c.Do(http.MethodGet, "/me", nil); w.Code != want {
				t.Errorf("afterwards: got %d, want %d", w.Code, want)
			}
			if old := humasesstest.NewClient(mux); !tt.lives {
				old.SetCookie(first)
				if w := old.Do(http.MethodGet, "/me", nil); w.Code != http.StatusUnauthorized {
					t.Errorf("a copy of the cookie: got %d, want 401", w.Code)
				}
			}
		})
	}
}
