package humasesstest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/humatest"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// TestLogin uses the cookie with a Client and with humatest.
func TestLogin(t *testing.T) {
	t.Parallel()
	_, api := humatest.New(t, huma.DefaultConfig("Test", "1.0.0"))
	sessions, err := humasess.New(memory.New(nil), quietOptions())
	if err != nil {
		t.Fatal(err)
	}
	if err := sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	type whoOutput struct{ Body user }
	huma.Get(api, "/me", func(_ context.Context, in *meInput) (*whoOutput, error) { return &whoOutput{Body: in.Value()}, nil })
	cookie := humasesstest.Login(t, sessions, user{ID: "ada"})
	client := humasesstest.NewClient(api.Adapter())
	if got := client.Do(http.MethodGet, "/me", nil).Code; got != http.StatusUnauthorized {
		t.Errorf("client without cookie: got %d, want 401", got)
	}
	client.SetCookie(cookie)
	if w := client.Do(http.MethodGet, "/me", nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"ada"`) {
		t.Errorf("client: got %d with body %s, want 200 with ada", w.Code, w.Body)
	}
	if w := api.Get("/me", "Cookie: "+cookie.Name+"="+cookie.Value); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"ada"`) {
		t.Errorf("humatest: got %d with body %s, want 200 with ada", w.Code, w.Body)
	}
}

type noIssuer struct{}

func (noIssuer) Issue(context.Context, user) (*http.Cookie, error) { return nil, errors.New("no") }

// fatal is a recorder whose Fatalf ends the test, by a panic.
type fatal struct {
	recorder
	stopped string
}

func (f *fatal) Fatalf(format string, args ...any) {
	f.stopped = fmt.Sprintf(format, args...)
	panic(f)
}

func TestLoginFails(t *testing.T) {
	t.Parallel()
	sessions, err := humasess.New(memory.New(nil), quietOptions())
	if err != nil {
		t.Fatal(err)
	}
	aged := humasesstest.Authenticated
	tests := []struct {
		name string
		m    humasesstest.Issuer[user]
		data user
		opts []humasesstest.LoginOption
		want string
	}{
		{"Issue fails", noIssuer{}, user{}, nil, "Issue: no"},
		{"another issuer has no age", noIssuer{}, user{}, []humasesstest.LoginOption{aged(0)}, "not a *humasess.Manager"},
		{"anonymous", sessions, user{}, []humasesstest.LoginOption{aged(0)}, "identity"},
		{"an age in the future", sessions, user{ID: "ada"}, []humasesstest.LoginOption{aged(-time.Minute)}, "-1m0s"},
		{"a method with a blank", sessions, user{ID: "ada"}, []humasesstest.LoginOption{aged(0, "one time")}, `"one time"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := &fatal{recorder: recorder{TB: t}}
			defer func() {
				if p := recover(); p != f || !strings.Contains(f.stopped, tt.want) {
					t.Errorf("got %v and Fatalf with %q, want Fatalf with %q", p, f.stopped, tt.want)
				}
			}()
			humasesstest.Login(f, tt.m, tt.data, tt.opts...)
		})
	}
}

// TestLoginAge looks at the authentication of sessions on a clock that stands still.
func TestLoginAge(t *testing.T) {
	t.Parallel()
	clock, opts := humasesstest.NewClock(), quietOptions()
	opts.Now = clock.Now
	sessions, err := humasess.New(memory.New(nil), opts)
	if err != nil {
		t.Fatal(err)
	}
	_, api := humatest.New(t, huma.DefaultConfig("Test", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	var got humasess.Authentication
	var created time.Time
	huma.Get(api, "/me", func(_ context.Context, in *meInput) (*struct{}, error) {
		got, created = in.Session.Authentication(), in.Session.CreatedAt()
		return nil, nil
	})
	cookie := humasesstest.Login(t, sessions, user{ID: "ada"},
		humasesstest.Authenticated(time.Minute, "otp"), humasesstest.Authenticated(9*time.Hour, "pwd"))
	if w := api.Get("/me", "Cookie: "+cookie.Name+"="+cookie.Value); w.Code != http.StatusNoContent {
		t.Fatalf("got %d %s, want 204", w.Code, w.Body)
	}
	now := clock.Now()
	want := []humasess.Method{{Name: "pwd", Time: now.Add(-9 * time.Hour)}, {Name: "otp", Time: now.Add(-time.Minute)}}
	if !got.Time.Equal(want[1].Time) || len(got.Methods) != len(want) {
		t.Fatalf("got %+v, want the time of otp and 2 methods", got)
	}
	for i, m := range got.Methods {
		if m.Name != want[i].Name || !m.Time.Equal(want[i].Time) {
			t.Errorf("method %d: got %+v, want %+v", i, m, want[i])
		}
	}
	if !created.Equal(now) {
		t.Errorf("created: got %v, want %v", created, now)
	}
}

// stopper replaces a *testing.T that is expected to stop.
type stopper struct {
	testing.TB
	text string
}

func (*stopper) Helper() {}

func (s *stopper) Fatalf(format string, args ...any) {
	s.text = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// TestLoginNegativeAge requires an error that names the age.
func TestLoginNegativeAge(t *testing.T) {
	t.Parallel()
	sessions, err := humasess.New(memory.New(nil), quietOptions())
	if err != nil {
		t.Fatal(err)
	}
	s, done := &stopper{TB: t}, make(chan struct{})
	go func() {
		defer close(done)
		humasesstest.Login(s, sessions, user{ID: "ada"}, humasesstest.Authenticated(-time.Minute, "pwd"))
	}()
	<-done
	if want := "Authenticated called with -1m0s, which is not an age"; !strings.Contains(s.text, want) {
		t.Errorf("got %q, want %q in it", s.text, want)
	}
}
