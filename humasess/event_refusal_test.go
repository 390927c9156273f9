package humasess_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// adviser is a guard that answers as the note of the session says.
type adviser struct{}

func (adviser) Check(_ huma.Context, a account) error {
	switch a.Note {
	case "":
		return nil
	case "402":
		return huma.Error402PaymentRequired("the plan has ended")
	case "401":
		return huma.Error401Unauthorized("sign in with the new plan")
	case "none":
		return fmt.Errorf("%w", humasess.ErrNoSession)
	case "503":
		return huma.Error503ServiceUnavailable("plans are unavailable")
	}
	return errors.New("broken")
}

// empty registers an operation that does nothing.
func empty(api huma.API, path string) {
	huma.Post(api, path, func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
}

// A 401 and a 403 say why to operators, and not to clients.
func TestRefusalEvents(t *testing.T) {
	r := keyRig(t)
	guarded[twoMethods](r.api, http.MethodPost, "/two", nothing[account])
	guarded[recent](r.api, http.MethodPost, "/fresh", nothing[account])
	guarded[adviser](r.api, http.MethodPost, "/advised", nothing[account])
	for _, role := range []string{"admin", "editor"} {
		grp := huma.NewGroup(r.api, "/"+role)
		grp.UseSimpleModifier(r.sessions.Require(role, "staff"))
		empty(grp, "/x")
	}
	user := account{ID: "u1", Roles: []string{"staff"}}
	client := func(a account) func() *humasesstest.Client {
		return func() *humasesstest.Client { return r.signedIn(a) }
	}
	as := client(user)
	noted := func(note string) func() *humasesstest.Client {
		return client(account{ID: "u1", Note: note})
	}
	visitor := func() *humasesstest.Client {
		c := r.client()
		r.loginCall(c, become(""))
		return c
	}
	for _, tt := range []struct {
		name   string
		client func() *humasesstest.Client
		path   string
		edits  []func(*http.Request)
		status int
		want   string // the last event
		known  bool   // the event has the session's ID
		level  string
	}{
		{"a role", as, "/admin/x", nil, 403, `refused/role of "u1" at post-admin-x: the user lacks the roles ["admin"]`, true, "DEBUG"},
		{"two roles", client(account{ID: "u1"}), "/editor/x", nil, 403, `refused/role of "u1" at post-editor-x: the user lacks the roles ["editor" "staff"]`, true, "DEBUG"},
		{"a role of a key's user", r.client, "/admin/x", []func(*http.Request){withKey("ada:staff")}, 403,
			`refused/role of "ada" at post-admin-x: the user lacks the roles ["admin"]`, false, "DEBUG"},
		{"methods", func() *humasesstest.Client { c := as(); r.must(c, reauthenticate("pwd")); return c }, "/two", nil, 403,
			`refused/methods of "u1" at /two: the user has not authenticated by ["otp"]`, true, "DEBUG"},
		{"freshness", func() *humasesstest.Client { c := as(); r.clock.Advance(6 * time.Minute); return c }, "/fresh", nil, 403,
			`refused/not_fresh of "u1" at /fresh: the user has not authenticated within 5m0s`, true, "DEBUG"},
		{"a guard", noted("402"), "/advised", nil, 402, `refused/guard of "u1" at /advised: the plan has ended`, true, "DEBUG"},
		{"a guard that sees no user", noted("401"), "/advised", nil, 401, `challenged/guard of "u1" at /advised: sign in with the new plan`, true, "DEBUG"},
		{"a guard that finds no session", noted("none"), "/advised", nil, 401, `challenged/guard of "u1" at /advised: humasess: no active session`, true, "DEBUG"},
		{"a guard that cannot decide", noted("503"), "/advised", nil, 503, "", false, ""},
		{"a guard that fails", noted("x"), "/advised", nil, 403, `refused/guard_error of "u1" at /advised: broken`, true, "WARN"},
		{"no cookie", r.client, "/required", nil, 401, `challenged/absent of "" at post-required`, false, "DEBUG"},
		{"an unknown token", func() *humasesstest.Client { return r.withToken(strings.Repeat("A", 64)) }, "/required", nil, 401,
			`challenged/unknown of "" at post-required`, false, "DEBUG"},
		{"a visitor", visitor, "/required", nil, 401, `challenged/anonymous of "" at post-required`, true, "DEBUG"},
		{"a visitor at a role", visitor, "/admin/x", nil, 401, `challenged/anonymous of "" at post-admin-x`, true, "DEBUG"},
		{"several sessions", r.client, "/required", []func(*http.Request){func(req *http.Request) {
			req.Header.Set("Cookie", cookieName+"="+token(as())+"; "+cookieName+"="+token(as()))
			r.events.take()
		}}, 401, `challenged/ambiguous of "" at post-required`, false, "DEBUG"},
		{"a forged key", r.client, "/required", []func(*http.Request){withKey("forged")}, 401, `challenged/credential of "" at post-required`, false, "DEBUG"},
		{"the session that is let in", as, "/advised", nil, 204, "", false, ""},
		{"an operation for all", r.client, "/call", nil, 204, "", false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.in(t)
			c := tt.client()
			before := r.log.String()
			r.events.take()
			w := r.send(c, tt.path, nothing[account], tt.edits...)
			wantStatus(t, w, tt.status)
			all := r.events.take()
			if tt.want == "" {
				if len(all) != 0 {
					t.Errorf("got events %+v, want none", all)
				}
				return
			}
			if len(all) == 0 {
				t.Fatal("got no event")
			}
			e := all[len(all)-1]
			got := fmt.Sprintf("%s of %q at %s", events.Series{Kind: e.Kind, Reason: e.Reason}, e.Identity, e.Operation)
			if e.Err != nil {
				got += ": " + e.Err.Error()
			}
			if got != tt.want || (e.SessionID != "") != tt.known {
				t.Errorf("got %s, session %q; want %s, and a session: %v", got, e.SessionID, tt.want, tt.known)
			}
			line := strings.TrimPrefix(r.log.String(), before)
			if !strings.Contains(line, "level="+tt.level+` msg="session `+string(e.Kind)) {
				t.Errorf("log: got %s, want a line of level %s", line, tt.level)
			}
			if text := w.Body.String(); strings.Contains(text, "staff") || strings.Contains(text, "lacks") {
				t.Errorf("got the answer %s, which says too much", text)
			}
		})
	}
}

// The challenge of an operation with a bearer token has its reason, too.
func TestChallengeOfBearerTokens(t *testing.T) {
	o := accountOptions()
	o.Bearer = &humasess.BearerOptions{}
	r := newRig(t, o)
	r.requiredCall(r.client(), nothing[account], func(req *http.Request) {
		req.Header.Set("Authorization", "Bearer hs_"+strings.Repeat("A", 64))
	})
	r.requiredCall(r.client(), nothing[account])
	want := []string{`rejected/unknown of ""`, `challenged/unknown of ""`, `challenged/absent of ""`}
	if got := r.events.owned(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPagesReportRefusals(t *testing.T) {
	s := newPageSite(t, &humasess.PageOptions{
		Require: true, Roles: []string{"u2"}, LoginURL: "/login", Route: func(*http.Request) string { return "/reports/{id}" },
	})
	s.ask("", http.MethodGet, "/reports/7", navigation)
	s.ask("u1", http.MethodGet, "/reports/7", navigation)
	var got []string
	for _, e := range s.events.take() {
		if e.Kind == events.Challenged || e.Kind == events.Refused {
			got = append(got, fmt.Sprintf("%s of %q", line(e), e.Identity))
		}
	}
	want := []string{`challenged/absent GET /reports/{id} of ""`, `refused/role GET /reports/{id} of "u1"`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Where nothing listens, a refusal asks nothing more of the session.
func TestRefusalsThatNothingHears(t *testing.T) {
	var log bytes.Buffer
	var asked int
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[account]{
		Identity: func(a account) string { asked++; return a.ID },
		Roles:    func(a account) []string { asked++; return a.Roles },
		Logger:   slog.New(slog.NewTextHandler(io.MultiWriter(&log, everything), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Test", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	grp := huma.NewGroup(api, "/admin")
	grp.UseSimpleModifier(sessions.Require("admin"))
	empty(grp, "/x")
	c := humasesstest.NewClient(mux)
	c.SetCookie(humasesstest.Login(t, sessions, account{ID: "u1"}))
	wantStatus(t, c.Do(http.MethodPost, "/admin/x", nil), http.StatusForbidden)
	asked = 0
	wantStatus(t, c.Do(http.MethodPost, "/admin/x", nil), http.StatusForbidden)
	if asked != 1 || log.Len() != 0 {
		t.Errorf("got %d calls of the program's functions and the log %q, want the roles once and nothing", asked, &log)
	}
}
