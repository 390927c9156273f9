package redis_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// TestDoneElsewhere ends sessions with one client while requests in another
// wait for that. The other one checks its sessions only once in an hour.
func TestDoneElsewhere(t *testing.T) {
	t.Parallel()
	const rounds = 100
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			server, name := f.server(t), prefix(t)
			open := func() *humasess.Manager[user] {
				m, err := humasess.New(hinted(t, dial(t, server), name), &humasess.Options[user]{
					Identity: func(u user) string { return u.Name }, DoneInterval: time.Hour,
				})
				if err != nil {
					t.Fatal(err)
				}
				return m
			}
			here, there := open(), open()
			t.Cleanup(func() {
				if err := here.Close(context.Background()); err != nil {
					t.Error(err)
				}
			})
			waits, over := make(chan struct{}), make(chan time.Time)
			handler := here.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				s, _ := humasess.From[user](r.Context())
				done := s.Done()
				waits <- struct{}{}
				<-done
				over <- time.Now()
			}))
			took := make([]time.Duration, rounds+1)
			for i := range took {
				req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com/", nil)
				req.AddCookie(humasesstest.Login(t, there, user{Name: "ada"}))
				go handler.ServeHTTP(httptest.NewRecorder(), req)
				<-waits
				begin := time.Now()
				if n, err := there.RevokeIdentity(t.Context(), "ada"); n != 1 || err != nil {
					t.Fatalf("got %d revoked and error %v, want 1", n, err)
				}
				select {
				case at := <-over:
					took[i] = at.Sub(begin)
				case <-time.After(patience):
					t.Fatalf("round %d: Done was not closed", i)
				}
			}
			took = took[1:] // the first round waits for the subscription
			slices.Sort(took)
			t.Logf("from the call to the end of the request: p50 %v, p99 %v", took[rounds/2], took[rounds*99/100-1])
		})
	}
}
