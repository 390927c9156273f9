package databases_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/memory"
)

const testingPage = "../../../docs/testing.md"

// clockKinds are the stores of the table in docs/testing.md.
var clockKinds = append([]kind{{"cookie", func(tb testing.TB) place {
	tb.Helper()
	key, err := security.GenerateKey()
	if err != nil {
		tb.Fatal(err)
	}
	sealer, err := security.NewAEAD(key)
	if err != nil {
		tb.Fatal(err)
	}
	s := cookie.New(sealer, &cookie.Options{Revoked: memory.NewRevocations()})
	return place{store: func(testing.TB) stores.Store { return s }}
}}}, kinds[:4]...)

// The clocks that a cell of the table can name.
const (
	optionsNow  = "`Options.Now`"
	serverClock = "the server's"
	noClock     = "–" // the store does not have it
)

// clockRows measure which clock a store uses.
var clockRows = []struct {
	name    string
	measure func(c *clocked) string
}{
	{"`Fresh`, `Methods`, `RequireFresh`", func(c *clocked) string { return c.after(11*time.Minute, "/fresh", 403) }},
	{"`IdleTimeout`", func(c *clocked) string { return c.after(34*time.Minute, "/me", 401) }},
	{"`AbsoluteTimeout`", func(c *clocked) string { return c.kept().after(13*time.Hour, "/me", 401) }},
	{"`SetTTL`", func(c *clocked) string { return c.kept().call("POST", "/hour").after(61*time.Minute, "/me", 401) }},
	{"`RotateEvery`", (*clocked).rotation},
	{"`RotationGrace`", (*clocked).grace},
	{"`CreatedAt`, `Authentication().Time`", func(c *clocked) string { return c.shown("created", "authenticated") }},
	{"`ExpiresAt`, `Deadline`", func(c *clocked) string { return c.shown("expires", "deadline") }},
}

// TestGoldenClocks measures which clock judges on each store, and compares the result
// with the table in docs/testing.md.
func TestGoldenClocks(t *testing.T) {
	var table strings.Builder
	table.WriteString("| judged |")
	for _, k := range clockKinds {
		table.WriteString(" " + k.name + " |")
	}
	table.WriteString("\n|" + strings.Repeat("---|", len(clockKinds)+1) + "\n")
	for _, row := range clockRows {
		table.WriteString("| " + row.name + " |")
		for _, k := range clockKinds {
			fmt.Fprintf(&table, " %s |", row.measure(newClocked(t, k)))
		}
		table.WriteString("\n")
	}
	page, err := os.ReadFile(testingPage)
	if err != nil {
		t.Fatal(err)
	}
	begin := strings.Index(string(page), "| judged |")
	length := strings.Index(string(page)[max(begin, 0):], "\n\n") + 1
	if begin < 0 || length < 1 {
		t.Fatalf("%s has no table that begins with | judged |", testingPage)
	}
	if old := string(page)[begin : begin+length]; old != table.String() {
		if *updatePromises {
			if err := os.WriteFile(testingPage, slices.Concat(page[:begin], []byte(table.String()), page[begin+length:]), 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
		t.Errorf("docs/testing.md: got\n%s\nwant\n%s", old, table.String())
	}
}

// clocked is an API whose Options.Now is a clock of the test, with a client that is
// signed in.
type clocked struct {
	tb       testing.TB
	clock    *humasesstest.Clock
	client   *humasesstest.Client
	store    stores.Store
	sessions *humasess.Manager[clockUser]
}

type clockUser struct{ ID string }

type clockInput struct{ humasess.Required[clockUser] }

// newClocked starts the clock at the present, so that it agrees with the server's.
func newClocked(tb testing.TB, k kind) *clocked {
	tb.Helper()
	c := &clocked{tb: tb, clock: humasesstest.NewClock(), store: k.open(tb).store(tb)}
	c.clock.Advance(time.Since(c.clock.Now()))
	c.serve(&humasess.Options[clockUser]{})
	return c
}

// serve starts the API anew with other options, and signs in.
func (c *clocked) serve(opts *humasess.Options[clockUser]) *clocked {
	c.tb.Helper()
	opts.Now, opts.Logger = c.clock.Now, slog.New(slog.DiscardHandler)
	opts.Identity = func(u clockUser) string { return u.ID }
	var err error
	if c.sessions, err = humasess.New(c.store, opts); err != nil {
		c.tb.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Test", "1"))
	if err := c.sessions.Attach(api); err != nil {
		c.tb.Fatal(err)
	}
	huma.Get(api, "/me", func(context.Context, *clockInput) (*struct{}, error) { return nil, nil })
	huma.Get(api, "/fresh", func(context.Context, *clockInput) (*struct{}, error) { return nil, nil },
		c.sessions.RequireFresh(10*time.Minute))
	huma.Post(api, "/hour", func(_ context.Context, in *clockInput) (*struct{}, error) {
		return nil, in.Session.SetTTL(time.Hour)
	})
	huma.Post(api, "/renew", func(_ context.Context, in *clockInput) (*struct{}, error) { return nil, in.Session.Renew() })
	huma.Get(api, "/times", func(_ context.Context, in *clockInput) (*struct{ Body map[string]time.Time }, error) {
		return &struct{ Body map[string]time.Time }{map[string]time.Time{
			"created": in.Session.CreatedAt(), "authenticated": in.Session.Authentication().Time,
			"expires": in.Session.ExpiresAt(), "deadline": in.Session.Deadline(),
		}}, nil
	})
	c.client = humasesstest.NewClient(mux)
	c.client.SetCookie(humasesstest.Login(c.tb, c.sessions, clockUser{"ada"}))
	return c
}

// kept signs in to a session that its idle timeout does not end.
func (c *clocked) kept() *clocked {
	return c.serve(&humasess.Options[clockUser]{IdleTimeout: 12 * time.Hour})
}

func (c *clocked) call(method, path string) *clocked {
	c.tb.Helper()
	if got := c.client.Do(method, path, nil).Code; got != http.StatusNoContent {
		c.tb.Errorf("%T: %s %s: got %d, want 204", c.store, method, path, got)
	}
	return c
}

// after names the clock that changes the answer. The clock of the server moves by
// much less than d.
func (c *clocked) after(d time.Duration, path string, over int) string {
	c.tb.Helper()
	c.call("GET", path)
	c.clock.Advance(d)
	switch got := c.client.Do("GET", path, nil).Code; got {
	case over:
		return optionsNow
	case 204:
		return serverClock
	default:
		return fmt.Sprintf("%d after %v", got, d)
	}
}

func (c *clocked) clientSide() bool {
	_, ok := c.store.(*cookie.Store)
	return ok
}

func (c *clocked) token() string { return c.client.Cookie(c.sessions.CookieName()) }

func (c *clocked) rotation() string {
	if c.clientSide() {
		return noClock
	}
	c.serve(&humasess.Options[clockUser]{RotateEvery: 20 * time.Minute})
	before := c.token()
	if c.call("GET", "/me"); c.token() != before {
		return "renewed at once"
	}
	c.clock.Advance(21 * time.Minute)
	if c.call("GET", "/me"); c.token() != before {
		return optionsNow
	}
	return serverClock
}

// grace presents a token that was renewed, after the new one was presented.
func (c *clocked) grace() string {
	if c.clientSide() {
		return noClock
	}
	c.serve(&humasess.Options[clockUser]{RotationGrace: 10 * time.Minute})
	former := c.client.Clone()
	c.call("POST", "/renew").call("GET", "/me")
	c.client = former
	return c.after(11*time.Minute, "/me", 401)
}

// shown names the clock that has made times of the session, from the difference
// between Options.Now and the present.
func (c *clocked) shown(names ...string) string {
	c.tb.Helper()
	const ahead = 1000 * time.Hour
	c.clock.Advance(ahead)
	c.serve(&humasess.Options[clockUser]{})
	var times map[string]time.Time
	if err := json.Unmarshal(c.client.Do("GET", "/times", nil).Body.Bytes(), &times); err != nil {
		c.tb.Fatal(err)
	}
	byOptions := 0
	for _, name := range names {
		if time.Until(times[name]) > ahead-time.Hour {
			byOptions++
		}
	}
	switch byOptions {
	case len(names):
		return optionsNow
	case 0:
		return serverClock
	}
	return fmt.Sprintf("both: %v", times)
}
