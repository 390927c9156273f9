package moving_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/account"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/e2e/moving"
	"github.com/humasess/sessions/openapi"
	"github.com/humasess/sessions/stores/memory"
)

// TestReleases runs the releases of a move beside each other, as a rolling deployment and a
// roll-back do.
func TestReleases(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		store := humasesstest.Wrap(memory.New(nil))
		release := func(first bool) *rig {
			return newRig(t, l, noGrace, func(s *moving.Settings) { s.Store, s.AcceptOnly = store, first })
		}
		first, second := release(true), release(false)
		b := l.signedIn(t)
		value := b.cookie(l)
		first.want("the first release", b.do(get, first.url+"/me"), 200, b.user)
		first.want("its operation that changes the session", b.do(post, first.url+"/note"), 401, "")
		first.wantSessions("the first release", 0)
		if b.cookie(l) != value {
			t.Error("the first release has changed the old cookie")
		}
		if found, err := l.old.Find(t.Context(), value); err != nil || found.ID != b.user {
			t.Errorf("the old program: got %+v and %v, want the user", found, err)
		}
		second.want("the second release", b.do(get, second.url+"/me"), 200, b.user, ours)
		first.want("the first one again", b.do(get, first.url+"/me"), 200, b.user)
		second.want("the second one again", b.do(get, second.url+"/me"), 200, b.user, "-"+l.cookie.Name)
		first.want("rolled back", b.do(get, first.url+"/me"), 200, b.user)
		first.want("logout", b.do(post, first.url+"/logout"), 204, "", "-"+ours)
	})
}

// TestAnonymousSessions have no user. They stay as they are.
func TestAnonymousSessions(t *testing.T) {
	t.Parallel()
	for _, open := range []func(*testing.T) library{scsMemory, gorillaFiles, gorillaCookies} {
		l := open(t)
		t.Run(l.name, func(t *testing.T) {
			r := newRig(t, l, noGrace)
			b := newBrowser(t)
			b.do(post, l.server+"/basket")
			value := b.cookie(l)
			r.want("required", b.do(get, r.url+"/me"), 401, "")
			r.want("optional", b.do(get, r.url+"/home"), 200, "")
			r.want("login", b.do(post, r.url+"/login"), 204, "", ours)
			r.want("signed in", b.do(get, r.url+"/me"), 200, "ada")
			if value == "" || b.cookie(l) != value {
				t.Errorf("got the old cookie %q, want %q", b.cookie(l), value)
			}
		})
	}
}

// TestDocument compares the document during the move with the one after it.
func TestDocument(t *testing.T) {
	t.Parallel()
	l := scsMemory(t)
	r := newRig(t, l)
	doc := r.api.OpenAPI()
	for path, want := range map[string]bool{"/me": true, "/note": true, "/home": true, "/session": true, "/logout": false, "/login": false, "/transfer": false, "/sign-out": false} {
		op := doc.Paths[path].Get
		if op == nil {
			op = doc.Paths[path].Post
		}
		got := false
		for _, alternative := range op.Security {
			_, named := alternative["oldSession"]
			got = got || named
		}
		if got != want {
			t.Errorf("%s: got the old cookie in the document: %v, want %v", path, got, want)
		}
	}
	value := l.signedIn(t).cookie(l)
	cookie := func(value string) func(*http.Request) {
		return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: l.cookie.Name, Value: value}) }
	}
	humasesstest.CheckDocument(t, r.api, &humasesstest.CheckOptions{Schemes: map[string]humasesstest.CheckScheme{
		"oldSession": {Live: cookie(value), Dead: cookie("dead")},
	}})
}

// TestEnd compares the policy during the move with the one after it.
func TestEnd(t *testing.T) {
	t.Parallel()
	during := newRig(t, scsMemory(t))
	api := humagoAPI(huma.DefaultConfig("API", "1.0.0"))
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[moving.User]{
		Identity: func(u moving.User) string { return u.ID },
		Roles:    func(u moving.User) []string { return u.Roles },
	})
	if err == nil {
		err = sessions.Attach(api)
	}
	if err == nil {
		err = account.Register(api, sessions, &account.Options[moving.User, string]{View: func(u moving.User) string { return u.ID }})
	}
	if err != nil {
		t.Fatal(err)
	}
	after := &rig{t: t, api: api, sessions: sessions, move: &moving.Move{}}
	after.register()
	before, err := openapi.PolicyOf(during.api)
	if err != nil {
		t.Fatal(err)
	}
	end, err := openapi.PolicyOf(api)
	if err != nil {
		t.Fatal(err)
	}
	count := map[openapi.Effect]int{}
	for _, c := range openapi.Diff(before, end) {
		count[c.Effect]++
		t.Log(c)
	}
	if count[openapi.Tightens] < 5 || count[openapi.Loosens] > 0 {
		t.Errorf("got %v, want operations that tighten, and none that loosens", count)
	}
}

// TestSameName gives the old cookie the name of ours.
func TestSameName(t *testing.T) {
	t.Parallel()
	api, sessions, _, err := moving.NewAPI(moving.Settings{
		Open: humagoAPI, Store: memory.New(nil), Cookie: http.Cookie{Name: ours},
	})
	if api != nil || sessions != nil || err == nil || !strings.Contains(err.Error(), "another name") {
		t.Errorf("got %v, want an error", err)
	}
}
