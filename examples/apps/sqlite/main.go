// Sqlite is a small API whose sessions are in a file. They survive a restart,
// and need no server. It counts the visits of each signed-in user.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores/sqlite"
	_ "modernc.org/sqlite" // or any other driver for SQLite
)

// User is the data of a session.
type User struct {
	ID     string `json:"id"`
	Visits int    `json:"visits"`
}

// LoginInput is the input of a public operation that starts a session.
type LoginInput struct {
	humasess.Login[User]
	Body struct {
		Name     string `json:"name" example:"ada"`
		Password string `json:"password" example:"engine"`
	}
}

// UserInput requires a session.
type UserInput struct{ humasess.Required[User] }

// UserOutput shows the session's data.
type UserOutput struct{ Body User }

// LogoutInput works with and without a session.
type LogoutInput struct{ humasess.Session[User] }

func register(api huma.API, sessions *humasess.Manager[User]) error {
	if err := sessions.Attach(api); err != nil {
		return err
	}
	huma.Post(api, "/login", func(_ context.Context, in *LoginInput) (*struct{}, error) {
		if in.Body.Name != "ada" || in.Body.Password != "engine" {
			return nil, huma.Error401Unauthorized("wrong name or password")
		}
		return nil, in.Session.Start(User{ID: in.Body.Name})
	})
	huma.Post(api, "/visit", func(_ context.Context, in *UserInput) (*UserOutput, error) {
		err := in.Session.Update(func(u *User) error { u.Visits++; return nil })
		return &UserOutput{Body: in.Value()}, err
	})
	huma.Post(api, "/logout", func(_ context.Context, in *LogoutInput) (*struct{}, error) {
		return nil, in.Session.Destroy()
	})
	return nil
}

// server is the API, with the manager and the file to close after it.
type server struct {
	http.Handler
	db       *sql.DB
	sessions *humasess.Manager[User]
}

// docs: begin private

// private creates the file for its owner alone, unless it exists. SQLite gives
// the -wal and -shm files beside it the same rights.
func private(path string) error {
	file, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// docs: end

// open serves the sessions in a file, which it creates if need be.
func open(ctx context.Context, path string) (*server, error) {
	if err := private(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return nil, err
	}
	store := sqlite.New(db, nil)
	if err := store.Migrate(ctx); err != nil {
		return nil, err
	}
	problems, err := store.Check(ctx)
	if err != nil {
		return nil, err
	}
	for _, problem := range problems {
		log.Print(problem)
	}
	sessions, err := humasess.New(store, &humasess.Options[User]{
		Identity: func(u User) string { return u.ID },
		// For plain http on localhost, whose ports share their cookies. Leave it out in production.
		Cookie: humasess.CookieOptions{Name: "sqlite", InsecureAllowHTTP: true},
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	s := &server{Handler: mux, db: db, sessions: sessions}
	return s, register(humago.New(mux, huma.DefaultConfig("SQLite", "1.0.0")), sessions)
}

// close ends background work before it closes the file under it.
func (s *server) close(ctx context.Context) error {
	if err := s.sessions.Close(ctx); err != nil {
		return err
	}
	return s.db.Close()
}

func main() {
	path := flag.String("file", "sessions.db", "where to keep sessions")
	address := flag.String("listen", "localhost:8888", "where to serve")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *path, *address)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, path, address string) error {
	s, err := open(ctx, path)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return errors.Join(err, s.close(ctx))
	}
	fmt.Printf("Docs page: http://%s/docs\n", listener.Addr())
	return s.serve(ctx, listener)
}

// serve runs until ctx ends. Then it ends open streams, waits for requests that
// are running, and closes the file last.
func (s *server) serve(ctx context.Context, listener net.Listener) error {
	api := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		stopped <- errors.Join(s.sessions.Close(limit), api.Shutdown(limit), s.db.Close())
	}()
	if err := api.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
