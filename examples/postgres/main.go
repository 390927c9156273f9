// Postgres is a small API whose users and sessions are in one PostgreSQL
// database. Signing up writes a user and starts a session in one transaction.
// Changing the password ends every other session. Any number of processes share
// them. Give it a connection string.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// User is the data of a session.
type User struct {
	ID string `json:"id"`
}

// CredentialsInput is the input of the public operations that start a session.
type CredentialsInput struct {
	humasess.Login[User]
	Body struct {
		Name     string `json:"name" minLength:"1" maxLength:"64" pattern:"^[^\\x00]*$" example:"ada"` // a text of PostgreSQL has no NUL
		Password string `json:"password" minLength:"8" maxLength:"72" example:"analytical engine"`
	}
}

// PasswordInput requires a session.
type PasswordInput struct {
	humasess.Required[User]
	Body struct {
		Password string `json:"password" minLength:"8" maxLength:"72" example:"difference engine"`
	}
}

// UserInput requires a session.
type UserInput struct{ humasess.Required[User] }

// MeOutput shows the session's data.
type MeOutput struct{ Body User }

const usersTable = `CREATE TABLE IF NOT EXISTS example_users (
	name text PRIMARY KEY,
	salt bytea NOT NULL,
	hash bytea NOT NULL
)`

// hash stands for a password hash. Use argon2id or bcrypt in production.
func hash(salt []byte, password string) []byte {
	sum := sha256.Sum256(append(slices.Clip(salt), password...))
	return sum[:]
}

func newSalt() []byte {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	return salt
}

type app struct {
	pool     *pgxpool.Pool
	sessions *humasess.Manager[User]
}

// signUp adds a user and signs the user in. One transaction writes both, or
// neither.
func (a *app) signUp(ctx context.Context, in *CredentialsInput) (*struct{}, error) {
	salt := newSalt()
	return nil, failed(pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO example_users VALUES ($1, $2, $3)`, in.Body.Name, salt, hash(salt, in.Body.Password))
		if e := (*pgconn.PgError)(nil); errors.As(err, &e) && e.Code == "23505" { // unique_violation
			return huma.Error409Conflict("this name is taken")
		}
		if err != nil {
			return err
		}
		if err := in.Session.Start(User{ID: in.Body.Name}); err != nil {
			return err
		}
		return in.Session.Commit(postgres.WithTx(ctx, tx))
	}))
}

func (a *app) login(ctx context.Context, in *CredentialsInput) (*struct{}, error) {
	var salt, want []byte
	err := a.pool.QueryRow(ctx, `SELECT salt, hash FROM example_users WHERE name = $1`, in.Body.Name).Scan(&salt, &want)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, failed(err)
	}
	if subtle.ConstantTimeCompare(hash(salt, in.Body.Password), want) != 1 {
		return nil, huma.Error401Unauthorized("wrong name or password")
	}
	return nil, in.Session.Start(User{ID: in.Body.Name})
}

// changePassword ends the user's other sessions. A sign-in that has checked the
// old password meanwhile is refused.
func (a *app) changePassword(ctx context.Context, in *PasswordInput) (*struct{}, error) {
	salt := newSalt()
	_, err := a.pool.Exec(ctx, `UPDATE example_users SET salt = $2, hash = $3 WHERE name = $1`,
		in.Value().ID, salt, hash(salt, in.Body.Password))
	if err != nil {
		return nil, failed(err)
	}
	_, err = in.Session.RevokeOthers(ctx)
	return nil, err
}

func (a *app) me(_ context.Context, in *UserInput) (*MeOutput, error) {
	return &MeOutput{Body: in.Value()}, nil
}

// failed keeps the text of a database from the client: it logs the error and returns a 503.
// An answer that is chosen already stays.
func failed(err error) error {
	if chosen := huma.StatusError(nil); err == nil || errors.As(err, &chosen) {
		return err
	}
	log.Print(err)
	return huma.Error503ServiceUnavailable("try again later")
}

// handler is the whole API on a pool of connections.
func handler(ctx context.Context, pool *pgxpool.Pool) (http.Handler, error) {
	store := postgres.New(pool, &postgres.Options{Prefix: "example_"})
	if err := store.Migrate(ctx); err != nil {
		return nil, err
	}
	if _, err := pool.Exec(ctx, usersTable); err != nil {
		return nil, err
	}
	sessions, err := humasess.New(store, &humasess.Options[User]{
		Identity: func(u User) string { return u.ID },
		// For plain http on localhost, whose ports share their cookies. Leave it out in production.
		Cookie: humasess.CookieOptions{Name: "postgres", InsecureAllowHTTP: true},
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Postgres", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		return nil, err
	}
	a := &app{pool, sessions}
	huma.Post(api, "/signup", a.signUp)
	huma.Post(api, "/login", a.login)
	huma.Get(api, "/me", a.me)
	huma.Post(api, "/password", a.changePassword, humasess.Renews)
	return mux, nil
}

// start connects and builds the API. Its errors include advice.
func start(ctx context.Context, dsn string) (http.Handler, *pgxpool.Pool, error) {
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil { // the error quotes the string, and perhaps its password
		return nil, nil, errors.New("-postgres or DATABASE_URL is not a connection string of PostgreSQL")
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	h, err := handler(ctx, pool)
	if err != nil {
		pool.Close()
		return nil, nil, fmt.Errorf("%w\n\nIs PostgreSQL running? With Docker, this starts one:\n"+
			"  docker run --rm -e POSTGRES_PASSWORD=postgres -p 5432:5432 postgres\n"+
			"Another is named by -postgres or DATABASE_URL", err)
	}
	return h, pool, nil
}

func main() {
	dsn := flag.String("postgres", "", "connection string; DATABASE_URL by default")
	address := flag.String("listen", "localhost:8888", "where to serve")
	flag.Parse()
	const fallback = "postgres://postgres:postgres@localhost:5432/postgres" //nolint:gosec // the password of the container above
	*dsn = cmp.Or(*dsn, os.Getenv("DATABASE_URL"), fallback)                // not the flag's default, because -h prints that
	h, _, err := start(context.Background(), *dsn)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("Docs page: http://%s/docs\n", listener.Addr())
	log.Fatal(http.Serve(listener, h))
}
