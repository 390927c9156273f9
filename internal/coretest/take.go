package coretest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
)

// ceremony is the data of a sign-in in several steps. It has no identity.
type ceremony struct {
	Challenge string
	Steps     int
}

// callbacks is the number of requests that take one session at once.
const callbacks = 64

// Take finishes one ceremony in 64 requests at once, through two stores as of two
// processes. All of them have loaded the session before the first one takes it, and
// exactly one gets the data.
func Take(t *testing.T, one, other stores.Store) {
	t.Helper()
	r := &takes{}
	r.at = [2]http.Handler{ceremonies(t, one, &r.gate), ceremonies(t, other, &r.gate)}
	for _, tt := range []struct {
		path string
		code int
	}{{"/finish", http.StatusOK}, {"/finish?fail=true", http.StatusTeapot}} {
		for round := range 3 {
			name := fmt.Sprintf("challenge%d", round)
			c := r.begin(t, name)
			taken, codes := r.finish(t, c, tt.path)
			if len(taken) != 1 || taken[0].Challenge != name || codes[tt.code] != 1 || codes[http.StatusNotFound] != callbacks-1 {
				t.Errorf("%s: got %v and the data %+v, want one of %d with %q, and %d for the others", tt.path, codes, taken, tt.code, name, http.StatusNotFound)
			}
			for _, handler := range r.at {
				r.gate.Add(1)
				Do(t, Move(c, handler), "POST", "/finish", http.StatusUnauthorized)
			}
		}
	}
	if _, ok := stores.As[stores.ClientSide](one); ok {
		return // an older copy of the cookie may win, so a change may be lost
	}
	for range 3 {
		r.whileChanging(t)
	}
}

// takes are two servers, on which the requests of the gate finish together.
type takes struct {
	at   [2]http.Handler
	gate sync.WaitGroup
}

func (r *takes) begin(t *testing.T, name string) *humasesstest.Client {
	t.Helper()
	c := humasesstest.NewClient(r.at[0])
	Do(t, c, "POST", "/begin?name="+name, http.StatusNoContent)
	return c
}

// finish returns the data that the callbacks got, and how often each status.
func (r *takes) finish(t *testing.T, c *humasesstest.Client, path string) (taken []ceremony, codes map[int]int) {
	t.Helper()
	var mu sync.Mutex
	codes = map[int]int{}
	r.gate.Add(callbacks)
	Together(callbacks, func(i int) {
		w := Move(c, r.at[i%2]).Do("POST", path, nil)
		mu.Lock()
		defer mu.Unlock()
		codes[w.Code]++
		if got := w.Header().Get("Taken"); got != "" {
			taken = append(taken, decode[ceremony](t, got))
		}
		if set := w.Header().Get("Set-Cookie"); w.Code == http.StatusNotFound && set != "" {
			t.Errorf("a callback that got nothing sets the cookie %q", set)
		}
	})
	return taken, codes
}

// whileChanging takes a session that other requests change. The data have each change
// that was acknowledged.
func (r *takes) whileChanging(t *testing.T) {
	t.Helper()
	c := r.begin(t, "counted")
	r.gate.Add(1)
	var stepped atomic.Int64
	var data ceremony
	Together(17, func(i int) {
		if i == 0 {
			w := Move(c, r.at[1]).Do("POST", "/finish", nil)
			data = decode[ceremony](t, w.Header().Get("Taken"))
			return
		}
		switch w := Move(c, r.at[i%2]).Do("POST", "/step", nil); w.Code {
		case http.StatusNoContent:
			stepped.Add(1)
		case http.StatusUnauthorized:
		default:
			t.Errorf("step: got %d %s, want 204 or 401", w.Code, w.Body)
		}
	})
	if int64(data.Steps) != stepped.Load() {
		t.Errorf("got %d steps, want the %d that were acknowledged", data.Steps, stepped.Load())
	}
}

// ceremonies returns an API that begins ceremonies and finishes them, when all requests
// of the gate have loaded their session.
func ceremonies(t *testing.T, store stores.Store, gate *sync.WaitGroup) http.Handler {
	t.Helper()
	m, err := humasess.New(store, &humasess.Options[ceremony]{
		SchemeName: "ceremony", Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Test", "1"))
	if err := m.Attach(api); err != nil {
		t.Fatal(err)
	}
	type (
		input struct {
			humasess.Session[ceremony]
			Name string `query:"name"`
			Fail bool   `query:"fail"`
		}
		output struct {
			Status int
			Taken  string `header:"Taken"`
		}
	)
	huma.Post(api, "/begin", func(_ context.Context, in *input) (*struct{}, error) {
		return nil, in.Session.Update(func(c *ceremony) error { c.Challenge = in.Name; return nil })
	})
	huma.Post(api, "/step", func(_ context.Context, in *input) (*struct{}, error) {
		if !in.Session.Active() {
			return nil, huma.Error401Unauthorized("no ceremony")
		}
		return nil, in.Session.Update(func(c *ceremony) error { c.Steps++; return nil })
	})
	huma.Post(api, "/finish", func(ctx context.Context, in *input) (*output, error) {
		gate.Done()
		gate.Wait()
		data, err := in.Session.Take(ctx)
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(data)
		if err != nil {
			return nil, err
		}
		out := &output{Status: http.StatusOK, Taken: string(text)}
		if in.Fail {
			return nil, huma.ErrorWithHeaders(huma.NewError(http.StatusTeapot, "after all"), http.Header{"Taken": {string(text)}})
		}
		return out, nil
	})
	return mux
}
