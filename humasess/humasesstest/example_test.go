package humasesstest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// buildAPI is an example of a program's function.
func buildAPI(mux *http.ServeMux) (huma.API, *humasess.Manager[user]) {
	api := humago.New(mux, huma.DefaultConfig("Example", "1.0.0"))
	sessions, err := humasess.New(memory.New(nil), quietOptions())
	if err != nil {
		log.Fatal(err)
	}
	if err := sessions.Attach(api); err != nil {
		log.Fatal(err)
	}
	return api, sessions
}

// printer replaces the *testing.T of a test, to show its messages.
type printer struct{ testing.TB }

func (printer) Helper()                  {}
func (printer) Context() context.Context { return context.Background() }
func (printer) Logf(string, ...any)      {}
func (printer) Errorf(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stdout, format+"\n", args...)
}

// A test of a program's document is one call.
func ExampleCheckDocument() {
	var t printer // func TestDocument(t *testing.T) {

	mux := http.NewServeMux()
	api, sessions := buildAPI(mux)
	huma.Get(api, "/me", func(context.Context, *meInput) (*struct{}, error) { return nil, nil })
	huma.Get(api, "/health", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
	humasesstest.CheckDocument(t, api, &humasesstest.CheckOptions{
		Sessions: []humasesstest.CheckSession{{
			Name:    "nobody",
			Cookies: []*http.Cookie{humasesstest.Login(t, sessions, user{ID: "grace"})},
		}},
	})
	// Output:
	// humasesstest: operation "get-health" (GET /health) has neither a session nor a public mark; embed a session type, or set `Security: []map[string][]string{}`
}

func ExampleClock() {
	clock, mux := humasesstest.NewClock(), http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Example", "1.0.0"))
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[user]{Now: clock.Now})
	if err != nil {
		log.Fatal(err)
	}
	if err := sessions.Attach(api); err != nil {
		log.Fatal(err)
	}
	huma.Get(api, "/me", func(context.Context, *meInput) (*struct{}, error) { return nil, nil })
	cookie, err := sessions.Issue(context.Background(), user{ID: "ada"})
	if err != nil {
		log.Fatal(err)
	}
	client := humasesstest.NewClient(mux)
	client.SetCookie(cookie)

	for range 2 {
		clock.Advance(29 * time.Minute)
		fmt.Println(client.Do("GET", "/me", nil).Code)
	}
	clock.Advance(33 * time.Minute) // the idle timeout and a tenth of it
	fmt.Println(client.Do("GET", "/me", nil).Code)
	// Output:
	// 204
	// 204
	// 401
}

func ExampleStore_Fail() {
	store, mux := humasesstest.Wrap(memory.New(nil)), http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Example", "1.0.0"))
	sessions, err := humasess.New(store, quietOptions())
	if err != nil {
		log.Fatal(err)
	}
	if err := sessions.Attach(api); err != nil {
		log.Fatal(err)
	}
	huma.Get(api, "/me", func(context.Context, *meInput) (*struct{}, error) { return nil, nil })
	cookie, err := sessions.Issue(context.Background(), user{ID: "ada"})
	if err != nil {
		log.Fatal(err)
	}
	client := humasesstest.NewClient(mux)
	client.SetCookie(cookie)

	store.Fail(humasesstest.OpLoad, errors.New("connection refused"))
	fmt.Println(client.Do("GET", "/me", nil).Code)
	store.Fail(humasesstest.OpLoad, nil)
	fmt.Println(client.Do("GET", "/me", nil).Code)
	fmt.Println(store.Calls())
	// Output:
	// 503
	// 204
	// map[Create:1 Load:2]
}
