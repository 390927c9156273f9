//go:build unix

package faults_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/jackc/pgx/v5/pgxpool"
)

// account is the data of a session. The function of an update adds one to N.
type account struct {
	Name string `json:"name"`
	N    int    `json:"n"`
}

type (
	loginInput struct {
		humasess.Login[account]
		Name string `query:"name"`
	}
	signedInInput struct{ humasess.Required[account] }
	anyInput      struct {
		Name string `query:"name"`
	}
	accountOutput struct{ Body account }
)

// newAPI registers one operation for each kind of change. The pool is nil without
// PostgreSQL.
func newAPI(sessions *humasess.Manager[account], pool *pgxpool.Pool) (http.Handler, *phases) {
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Faults", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		panic(err)
	}
	huma.Post(api, "/login", func(ctx context.Context, in *loginInput) (*struct{}, error) {
		defer inHandler(ctx)()
		return nil, in.Session.Start(account{Name: in.Name})
	})
	act := func(path string, do func(context.Context, *humasess.Session[account]) error) {
		huma.Post(api, path, func(ctx context.Context, in *signedInInput) (*accountOutput, error) {
			defer inHandler(ctx)()
			err := do(ctx, &in.Session)
			data, _ := in.Session.Get()
			return &accountOutput{data}, err
		})
	}
	huma.Get(api, "/me", func(ctx context.Context, in *signedInInput) (*accountOutput, error) {
		defer inHandler(ctx)()
		return &accountOutput{in.Value()}, nil
	})
	act("/bump", func(_ context.Context, s *humasess.Session[account]) error { return s.Update(increment) })
	act("/fresh", func(_ context.Context, s *humasess.Session[account]) error { return s.Reauthenticated("pwd") })
	act("/logout", func(_ context.Context, s *humasess.Session[account]) error { return s.Destroy() })
	act("/others", func(ctx context.Context, s *humasess.Session[account]) error {
		_, err := s.RevokeOthers(ctx)
		return err
	})
	act("/transaction", func(ctx context.Context, s *humasess.Session[account]) error {
		return errors.Join(s.Update(increment), commitBeside(ctx, pool, s))
	})
	huma.Post(api, "/revoke", func(ctx context.Context, in *anyInput) (*struct{}, error) {
		_, err := sessions.RevokeIdentity(ctx, in.Name)
		return nil, err
	})
	huma.Get(api, "/stream", func(_ context.Context, in *signedInInput) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(ctx huma.Context) {
			_, _ = ctx.BodyWriter().Write([]byte("open\n"))
			ctx.BodyWriter().(http.Flusher).Flush()
			select {
			case <-in.Session.Done():
			case <-ctx.Context().Done():
			}
		}}, nil
	})
	times := new(phases)
	return times.watch(mux), times
}

func increment(a *account) error { a.N++; return nil }

// commitBeside writes the session while a transaction of the program holds another
// connection of the pool, a mistake that must not hang.
func commitBeside(ctx context.Context, pool *pgxpool.Pool, s *humasess.Session[account]) error {
	tx, err := pool.Begin(ctx)
	if err != nil {
		return huma.Error503ServiceUnavailable("no connection")
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if _, err := tx.Exec(ctx, "SELECT pg_sleep(0.05)"); err != nil { // so that other requests are at the same point
		return huma.Error503ServiceUnavailable("no answer")
	}
	return s.Commit(ctx)
}

// phases are the longest times that requests waited for their session before the
// handler, and for its write after the handler. Each counts from the inside of the
// process, so that the delay of a busy client does not.
type phases struct {
	mu           sync.Mutex
	load, commit time.Duration
}

type handled struct{ begin, end time.Time }

type handledKey struct{}

// inHandler notes the begin and the end of a handler.
func inHandler(ctx context.Context) (end func()) {
	h, _ := ctx.Value(handledKey{}).(*handled)
	h.begin = time.Now()
	return func() { h.end = time.Now() }
}

func (p *phases) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, begin := new(handled), time.Now()
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), handledKey{}, h)))
		end := time.Now()
		if r.URL.Path == "/revoke" || r.URL.Path == "/stream" {
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if h.begin.IsZero() {
			p.load = max(p.load, end.Sub(begin))
			return
		}
		p.load = max(p.load, h.begin.Sub(begin))
		p.commit = max(p.commit, end.Sub(h.end))
	})
}

// take returns the longest times since the last call.
func (p *phases) take() (load, commit time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	load, commit = p.load, p.commit
	p.load, p.commit = 0, 0
	return load, commit
}
