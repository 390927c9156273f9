package coretest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
)

// DoneElsewhere ends sessions with one store while requests with another one wait
// for that. The managers check their sessions only once in an hour, so the stores
// must send hints. Each call of open returns a store as another process would open
// it.
func DoneElsewhere(t *testing.T, open func() stores.Store) {
	t.Helper()
	const rounds = 100
	manager := func() *humasess.Manager[User] {
		m, err := humasess.New(open(), &humasess.Options[User]{
			Identity: func(u User) string { return u.Name }, DoneInterval: time.Hour,
		})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	here, there := manager(), manager()
	t.Cleanup(func() {
		if err := here.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	waits, over := make(chan struct{}), make(chan time.Time)
	handler := here.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, _ := humasess.From[User](r.Context())
		done := s.Done()
		waits <- struct{}{}
		<-done
		over <- time.Now()
	}))
	took := make([]time.Duration, rounds+1)
	for i := range took {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com/", nil)
		req.AddCookie(humasesstest.Login(t, there, User{Name: "ada"}))
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
}

// TwoProcesses requires that a change by one process holds in another at its next
// request. The API there is in another process. Both admit [TwoProcessesLimit]
// sessions of a user, and sessions is the manager of the API here.
func TwoProcesses(t *testing.T, here, there http.Handler, sessions *humasess.Manager[User]) {
	t.Helper()
	t.Run("R1 logout", func(t *testing.T) {
		a := SignIn(t, here, "ada")
		b := Move(a, there)
		if got := N(t, Do(t, b, "POST", "/bump", 200)); got != 1 {
			t.Errorf("counter there: got %d, want 1", got)
		}
		if got := N(t, Do(t, a, "POST", "/bump", 200)); got != 2 {
			t.Errorf("counter here: got %d, want 2", got)
		}
		Do(t, b, "POST", "/logout", 200)
		Do(t, a, "GET", "/me", 401)
		c := SignIn(t, there, "ada")
		Do(t, Move(c, here), "POST", "/logout", 200)
		Do(t, c, "GET", "/me", 401)
	})
	t.Run("R2 revoke all", func(t *testing.T) {
		a, b := SignIn(t, here, "bob"), SignIn(t, there, "bob")
		if count, err := sessions.RevokeIdentity(t.Context(), "bob"); count != 2 || err != nil {
			t.Errorf("got %d revoked and error %v, want 2", count, err)
		}
		Do(t, a, "GET", "/me", 401)
		Do(t, b, "GET", "/me", 401)
		a, b = SignIn(t, here, "bob"), SignIn(t, there, "bob")
		Do(t, b, "POST", "/revoke-all", 200)
		Do(t, a, "GET", "/me", 401)
	})
	t.Run("R6 limit", func(t *testing.T) {
		at := []http.Handler{here, there}
		clients := make([]*humasesstest.Client, 20)
		Together(len(clients), func(i int) { clients[i] = SignIn(t, at[i%2], "eve") })
		live := 0
		for i, c := range clients {
			if Move(c, at[(i+1)%2]).Do("GET", "/me", nil).Code == http.StatusOK {
				live++
			}
		}
		if live != TwoProcessesLimit {
			t.Errorf("got %d sessions, want %d", live, TwoProcessesLimit)
		}
	})
}

// TwoProcessesLimit is the MaxPerIdentity for [TwoProcesses].
const TwoProcessesLimit = 3
