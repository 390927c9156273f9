package postgres_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
)

// TestTransactionThatIsRolledBack is about responses after a transaction of the
// program in which sessions ended or got a new token.
func TestTransactionThatIsRolledBack(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	store, _ := open(t, pool)
	revoked := 0
	sessions, err := humasess.New(store, &humasess.Options[user]{
		Identity: func(u user) string { return u.Name },
		OnEvent: func(_ context.Context, e humasess.Event) {
			if e.Kind == humasess.EventRevoked {
				revoked++
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
	}
	huma.Post(api, "/tx", func(ctx context.Context, in *input) (*struct{}, error) {
		return nil, pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
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
			case "Renew":
				err = errors.Join(in.Session.Renew(), in.Session.Commit(inside))
			}
			if err == nil && in.Fail {
				err = huma.Error422UnprocessableEntity("changed my mind")
			}
			return err
		})
	})
	huma.Get(api, "/me", func(context.Context, *struct{ humasess.Required[user] }) (*struct{}, error) { return nil, nil })
	// A program may try a transaction again that the server has rolled back.
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
		fail   bool
		lives  bool // the session, with the cookie that the client has then
		events int
	}{
		{"RevokeAll", false, false, 1},
		{"RevokeAll", true, true, 0},
		{"RevokeOthers", false, true, 1},
		{"RevokeOthers", true, true, 0},
		{"Destroy", false, false, 0},
		{"Destroy", true, false, 0}, // it stands
		{"Revoke", true, false, 0},
		{"Renew", false, true, 0},
		{"Renew", true, true, 0},
	} {
		name := tt.do
		if tt.fail {
			name += " rolled back"
		}
		t.Run(name, func(t *testing.T) {
			cookie := humasesstest.Login(t, sessions, user{Name: "ada"})
			c := humasesstest.NewClient(mux)
			c.SetCookie(cookie)
			revoked = 0
			path := "/tx?do=" + tt.do
			want := http.StatusNoContent
			if tt.fail {
				path, want = path+"&fail=true", http.StatusUnprocessableEntity
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
				old.SetCookie(cookie)
				if w := old.Do(http.MethodGet, "/me", nil); w.Code != http.StatusUnauthorized {
					t.Errorf("a copy of the cookie: got %d, want 401", w.Code)
				}
			}
		})
	}
}
