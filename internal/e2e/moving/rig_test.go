package moving_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/go-chi/chi/v5"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/e2e/moving"
	"github.com/humasess/sessions/stores/memory"
)

// users is the program's table of users.
type users struct {
	mu    sync.Mutex
	since map[string]time.Time
	fail  error
}

func (u *users) lookup(_ context.Context, id string) (moving.User, time.Time, error) {
	defer u.mu.Unlock()
	u.mu.Lock()
	return moving.User{ID: id, Roles: []string{"admin"}}, u.since[id], u.fail
}

func (u *users) failWith(err error) {
	defer u.mu.Unlock()
	u.mu.Lock()
	u.fail = err
}

func (u *users) endOld(id string) {
	defer u.mu.Unlock()
	u.mu.Lock()
	u.since[id] = time.Now()
}

// rig is the API of the new program, on a server of its own.
type rig struct {
	t        *testing.T
	url      string
	api      huma.API
	sessions *humasess.Manager[moving.User]
	move     *moving.Move
	store    *humasesstest.Store
	users    *users
	meet     func() // called by the handler of /part
}

type (
	required struct {
		humasess.Required[moving.User]
	}
	optional struct {
		humasess.Session[moving.User]
	}
	login struct {
		humasess.Login[moving.User]
	}
	Recent struct{}
	fresh  struct {
		humasess.Guarded[moving.User, Recent]
	}
	output struct{ Body string }
)

// Fresh is the age of a recent sign-in.
func (Recent) Fresh() time.Duration { return 10 * time.Minute }

func newRig(t *testing.T, l library, edits ...func(*moving.Settings)) *rig {
	t.Helper()
	r := &rig{t: t, store: humasesstest.Wrap(memory.New(nil)), users: &users{since: map[string]time.Time{}}, meet: func() {}}
	var handler http.Handler
	s := moving.Settings{
		Open: func(c huma.Config) huma.API {
			mux := http.NewServeMux()
			handler = mux
			return humago.New(mux, c)
		},
		Store: r.store, Old: l.old, Cookie: l.cookie, Lookup: r.users.lookup, Claim: moving.ClaimOnce(), Grace: time.Minute,
	}
	for _, edit := range edits {
		edit(&s)
	}
	if l.chi {
		s.Open = func(c huma.Config) huma.API {
			mux := chi.NewMux()
			handler = mux
			return humachi.New(mux, c)
		}
	}
	var err error
	if r.api, r.sessions, r.move, err = moving.NewAPI(s); err != nil {
		t.Fatal(err)
	}
	r.register()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *rig) register() {
	me := func(_ context.Context, in *required) (*output, error) {
		return &output{Body: in.Value().ID}, nil
	}
	huma.Get(r.api, "/me", me)
	huma.Get(r.api, "/part", func(ctx context.Context, in *required) (*output, error) {
		r.meet()
		return me(ctx, in)
	})
	huma.Get(r.api, "/missing", func(context.Context, *required) (*output, error) {
		return nil, huma.Error404NotFound("not here")
	})
	huma.Post(r.api, "/note", func(_ context.Context, in *required) (*output, error) {
		err := in.Session.Update(func(u *moving.User) error { u.Roles = append(u.Roles, "noted"); return nil })
		return &output{Body: in.Value().ID}, err
	})
	huma.Get(r.api, "/home", func(_ context.Context, in *optional) (*output, error) {
		u, _ := in.Session.Get()
		return &output{Body: u.ID}, nil
	})
	huma.Post(r.api, "/login", func(_ context.Context, in *login) (*struct{}, error) {
		return nil, in.Session.Start(moving.User{ID: "ada"})
	}, r.move.SignsOut)
	// docs: begin logout
	huma.Post(r.api, "/logout", func(_ context.Context, in *optional) (*struct{}, error) {
		return nil, in.Session.Destroy()
	}, humasess.OnlySession, r.move.SignsOut)
	// docs: end
	huma.Post(r.api, "/transfer", func(context.Context, *fresh) (*struct{}, error) { return nil, nil })
}

// library is an old program: one library on one store.
type library struct {
	name   string
	chi    bool // the new API is on chi
	server string
	old    moving.Old
	cookie http.Cookie
	fail   func() // ends the connection to the store; nil if there is none

	ageless bool // the old session does not know when the user signed in
}

// serve starts the old program, whose cookie needs https.
func (l library) serve(t *testing.T, handler http.Handler) library {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	l.server = server.URL
	return l
}

// browser is a client with a jar. Cookies ignore the port, so the old program and the new
// one share them.
type browser struct {
	t    *testing.T
	http *http.Client
	user string
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	transport := httptest.NewUnstartedServer(nil)
	transport.StartTLS() // its client trusts the certificate of all servers of httptest
	t.Cleanup(transport.Close)
	client := transport.Client()
	client.Jar = jar
	return &browser{t: t, http: client}
}

// people counts the users, because tests share servers.
var people atomic.Int64

// signedIn is a browser with an old session.
func (l library) signedIn(t *testing.T) *browser {
	t.Helper()
	return l.signedInAgo(t, 0)
}

// signedInAgo is a browser with an old session that is not new.
func (l library) signedInAgo(t *testing.T, ago time.Duration) *browser {
	t.Helper()
	return l.signedInAs(t, fmt.Sprintf("%d@%s", people.Add(1), t.Name()), ago)
}

// signedInAs is another browser of a user.
func (l library) signedInAs(t *testing.T, user string, ago time.Duration) *browser {
	t.Helper()
	b := newBrowser(t)
	b.user = user
	if got := b.do(http.MethodPost, l.server+"/login?ago="+ago.String()+"&user="+url.QueryEscape(b.user)); got.status != http.StatusOK && got.status != http.StatusNoContent {
		t.Fatalf("old login: got %+v", got)
	}
	if b.cookie(l) == "" {
		t.Fatalf("old login: got no cookie")
	}
	return b
}

type answer struct {
	status int
	body   string
	set    []string // names of the cookies, with "-" before those that expire
}

func (b *browser) do(method, target string, edits ...func(*http.Request)) answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, target, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, edit := range edits {
		edit(req)
	}
	res, err := b.http.Do(req)
	if err != nil {
		b.t.Error(err)
		return answer{}
	}
	defer func() { _ = res.Body.Close() }()
	body, _ := io.ReadAll(res.Body)
	a := answer{status: res.StatusCode, body: strings.Trim(strings.TrimSpace(string(body)), `"`)}
	for _, c := range res.Cookies() {
		if c.MaxAge < 0 {
			c.Name = "-" + c.Name
		}
		a.set = append(a.set, c.Name)
	}
	return a
}

// cookie returns the value of the old cookie in the jar.
func (b *browser) cookie(l library) string {
	u, _ := url.Parse(l.server)
	for _, c := range b.http.Jar.Cookies(u) {
		if c.Name == l.cookie.Name {
			return c.Value
		}
	}
	return ""
}

// thief is a browser with a copy of the old cookie.
func thief(t *testing.T, l library, value string) *browser {
	t.Helper()
	b := newBrowser(t)
	u, _ := url.Parse(l.server)
	b.http.Jar.SetCookies(u, []*http.Cookie{{Name: l.cookie.Name, Value: value, Path: "/", Secure: true}})
	return b
}

func (r *rig) want(label string, got answer, status int, body string, set ...string) {
	r.t.Helper()
	if got.status != status || body != "" && got.body != body || !slices.Equal(got.set, set) {
		r.t.Errorf("%s: got %d %q with cookies %q, want %d %q with cookies %q", label, got.status, got.body, got.set, status, body, set)
	}
}

func (r *rig) wantSessions(label string, want int) {
	r.t.Helper()
	if got, err := r.sessions.Count(context.Background()); err != nil || got != want {
		r.t.Errorf("%s: got %d sessions of ours and %v, want %d", label, got, err, want)
	}
}

func humagoAPI(c huma.Config) huma.API { return humago.New(http.NewServeMux(), c) }
