package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/security"
)

// optionBehaviours are about options, and ways to register.
var optionBehaviours = []behaviour{
	{"O2 AutoRegister and groups of several prefixes", registrations},
	{"O4 a bearer token instead of a session", bearerInstead},
	{"a session in a body or an output is refused at registration", misplacedAtRegistration},
	{"a session is required by default, and the pages of the document are not operations", documentPages},
	{"X8 data that do not decode are hidden, migrated, or a 500", undecodable},
	{"L4 SetTTL shortens", shortened},
	{"X1 409 when a replay fails", failedReplay},
	{"X7 a session that Commit has written goes with an error response", writtenThenRefused},
	{"T5 sealed tokens", sealedTokens},
}

// things registers itself.
type things struct{}

// RegisterThings is found by [huma.AutoRegister].
func (things) RegisterThings(api huma.API) {
	huma.Get(api, "/things", func(_ context.Context, in *meInput) (*meOutput, error) { return &meOutput{in.Value()}, nil })
}

func registrations(t *testing.T, a *adapter) {
	r := accounts(t, a, func(r *rig[account], api huma.API) {
		huma.AutoRegister(api, &things{})
		group := huma.NewGroup(api, "/eu", "/us/{state}")
		huma.Get(group, "/me", func(_ context.Context, in *meInput) (*meOutput, error) { return &meOutput{in.Value()}, nil })
		huma.Get(group, "/who", func(_ context.Context, in *layered) (*whoOutput, error) {
			return who(in.Value().ID, in.Tenant, basket{})
		})
		admins := huma.NewGroup(group, "/admin", "/root")
		admins.UseSimpleModifier(r.sessions.Require("admin"))
		huma.Get(admins, "/report", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
	})
	user, admin := r.signedIn(account{ID: "ada"}), r.signedIn(account{ID: "root", Roles: []string{"admin"}})
	for path, want := range map[string][3]int{
		"/things": {401, 200, 200},
		"/eu/me":  {401, 200, 200}, "/us/ny/me": {401, 200, 200},
		"/eu/who": {401, 200, 200}, "/us/ny/who": {401, 200, 200},
		"/eu/admin/report": {401, 403, 204}, "/us/ny/admin/report": {401, 403, 204},
		"/eu/root/report": {401, 403, 204}, "/us/ny/root/report": {401, 403, 204},
	} {
		for i, c := range []*client{r.client(), user, admin} {
			if got := c.do("GET", path, ""); got.StatusCode != want[i] {
				t.Errorf("%s: got %d, want %d", path, got.StatusCode, want[i])
			}
		}
	}
}

func bearerInstead(t *testing.T, a *adapter) {
	opts := accountOptions()
	opts.Schemes = map[string]func(huma.Context, []string) (account, error){"bearer": func(ctx huma.Context, scopes []string) (account, error) {
		if !slices.Equal(scopes, []string{"read"}) || ctx.Header("Authorization") != "Bearer good" {
			return account{}, errors.New("secret reason")
		}
		return account{ID: "grace"}, nil
	}}
	r := newRig(t, a, setup[account]{opts: opts, config: func(c *huma.Config) {
		c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"bearer": {Type: "http", Scheme: "bearer"}}
	}, ops: func(_ *rig[account], api huma.API) {
		huma.Register(api, huma.Operation{
			OperationID: "export", Method: http.MethodGet, Path: "/export",
			Security: []map[string][]string{{"sessionCookie": {}}, {"bearer": {"read"}}},
		}, func(ctx context.Context, _ *struct{}) (*whoOutput, error) {
			s, _ := humasess.From[account](ctx)
			a, _ := s.Get()
			return who(a.ID, "", basket{})
		})
	}})
	good, bad := header("Authorization", "Bearer good"), header("Authorization", "Bearer bad")
	for _, tt := range []struct {
		name  string
		c     *client
		edits []edit
		want  string // the user's ID, "" if the request is refused
	}{
		{"neither", r.client(), nil, ""},
		{"a wrong token", r.client(), []edit{bad}, ""},
		{"a dead cookie", r.client(), []edit{cookieLines(cookieName + "=" + strings.Repeat("A", 64)), bad}, ""},
		{"the token", r.client(), []edit{good}, `"ID":"grace"`},
		{"a session", r.signedIn(account{ID: "ada"}), nil, `"ID":"ada"`},
		{"a session and a wrong token", r.signedIn(account{ID: "ada"}), []edit{bad}, ""}, // the token decides alone
		{"both", r.signedIn(account{ID: "ada"}), []edit{good}, `"ID":"grace"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.c.do("GET", "/export", "", tt.edits...)
			got.wantVary(t, "Authorization", "Cookie")
			if tt.want == "" {
				got.wantProblem(t, http.StatusUnauthorized, "no-session")
				return
			}
			got.wantStatus(t, http.StatusOK)
			got.wantHeader(t, "Cache-Control", "no-store")
			if !strings.Contains(got.text, tt.want) {
				t.Errorf("body: got %q, want %s", got.text, tt.want)
			}
		})
	}
}

func misplacedAtRegistration(t *testing.T, a *adapter) {
	refused := map[string]bool{}
	attempt := func(name string, register func()) {
		defer func() {
			text := fmt.Sprint(recover())
			refused[name] = strings.Contains(text, name) && strings.Contains(text, "embed it at the top of the operation's input")
			if !refused[name] {
				t.Errorf("%s: got %q, want a panic that names the operation and tells the fix", name, text)
			}
		}()
		register()
	}
	type body struct{ humasess.Session[account] }
	type input struct{ Body body }
	type output struct{ Body body }
	type headers struct{ humasess.Session[account] }
	r := accounts(t, a, func(_ *rig[account], api huma.API) {
		op := func(id string) huma.Operation {
			return huma.Operation{OperationID: id, Method: http.MethodPost, Path: "/" + id}
		}
		attempt("in-body", func() {
			huma.Register(api, op("in-body"), func(context.Context, *input) (*struct{}, error) { return nil, nil })
		})
		attempt("in-output-body", func() {
			huma.Register(api, op("in-output-body"), func(context.Context, *struct{}) (*output, error) { return &output{}, nil })
		})
		attempt("in-output", func() {
			huma.Register(api, op("in-output"), func(context.Context, *struct{}) (*headers, error) { return &headers{}, nil })
		})
	})
	if len(refused) != 3 {
		t.Errorf("refused: got %v, want all three", refused)
	}
	r.wantActive(r.signedIn(account{ID: "ada"}), true) // the others still work
}

func documentPages(t *testing.T, a *adapter) {
	opts := accountOptions()
	opts.RequireByDefault = true
	r := newRig(t, a, setup[account]{opts: opts, ops: registerAccess})
	r.client().do("GET", "/open", "").wantProblem(t, http.StatusUnauthorized, "no-session")
	r.store.Reset()
	for path, text := range map[string]string{"/docs": "<html", "/openapi.json": `"sessionCookie"`, "/openapi.yaml": "sessionCookie", "/schemas/ErrorModel.json": "$"} {
		got := r.client().do("GET", path, "")
		got.wantStatus(t, http.StatusOK)
		if !strings.Contains(got.text, text) {
			t.Errorf("%s: got %.100q, want %s in it", path, got.text, text)
		}
	}
	r.wantCalls(0)
}

func undecodable(t *testing.T, a *adapter) {
	for _, tt := range []struct {
		name   string
		hook   func([]byte, error) (account, error)
		status int
		id     string
	}{
		{"hidden", nil, http.StatusUnauthorized, ""},
		{"hidden by the hook", func([]byte, error) (account, error) { return account{}, humasess.ErrHide }, http.StatusUnauthorized, ""},
		{"migrated", func(data []byte, _ error) (account, error) { return account{ID: "from " + string(data)}, nil }, http.StatusOK, "from 7"},
		{"refused", func([]byte, error) (account, error) { return account{}, errors.New("secret reason") }, http.StatusInternalServerError, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := accountOptions()
			opts.OnUndecodable = tt.hook
			r := newRig(t, a, setup[account]{opts: opts, ops: registerAccess})
			// This data was stored by an older release of the program.
			if err := r.sessions.Close(t.Context()); err != nil { // its sessions stay usable
				t.Fatal(err)
			}
			older, err := humasess.New(r.store, &humasess.Options[int]{
				Identity: func(n int) string { return "from " + strconv.Itoa(n) }, Now: r.clock.Now, Logger: quiet(),
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = older.Close(context.Background()) })
			c, cookie := r.client(), humasesstest.Login(t, older, 7)
			c.set(cookie.Name, cookie.Value)
			got := c.do("GET", "/me", "")
			got.wantStatus(t, tt.status)
			got.wantCookies(t, 0)
			if !strings.Contains(got.text, `"id":"`+tt.id) && tt.id != "" || strings.Contains(got.text, "secret") {
				t.Errorf("body: got %q, want %q and nothing of the error", got.text, tt.id)
			}
			kinds := []events.Kind{}
			for _, e := range r.seen() {
				kinds = append(kinds, e.Kind)
			}
			if want := tt.status != http.StatusOK; slices.Contains(kinds, events.Undecodable) != want {
				t.Errorf("events: got %v, want one that data do not decode: %v", kinds, want)
			}
		})
	}
}

func shortened(t *testing.T, a *adapter) {
	r := accounts(t, a, nil)
	c := r.signedIn(account{ID: "ada"})
	r.must(c, func(_ context.Context, s *humasess.Session[account]) error { return s.SetTTL(2 * time.Minute) }).wantCookies(t, 1)
	r.must(c, func(_ context.Context, s *humasess.Session[account]) error { return s.SetTTL(time.Hour) })
	r.clock.Advance(2*time.Minute - 1)
	r.wantActive(c, true)
	r.clock.Advance(2)
	r.wantActive(c, false)
}

func failedReplay(t *testing.T, a *adapter) {
	r := accounts(t, a, nil)
	c := r.signedIn(account{ID: "ada"})
	entered, release := r.store.Hold(humasesstest.OpUpdate)
	slow, done := c.clone(), make(chan *response, 1)
	key := r.keep(func(_ context.Context, s *humasess.Session[account]) error {
		return s.Update(func(a *account) error {
			if a.N > 0 {
				return errors.New("secret reason")
			}
			a.Note = "slow"
			return nil
		})
	})
	go func() { done <- slow.do("POST", "/call", "", header("X-Call", key)) }()
	wait(t, "slow write", entered)
	r.must(c, increment)
	release()
	got := <-done
	got.wantProblem(t, http.StatusConflict, "conflict")
	got.wantCookies(t, 0)
	if strings.Contains(got.text, "secret") {
		t.Errorf("body: got %q, want nothing of the error", got.text)
	}
	if data, ok := r.data(c); !ok || data.N != 1 || data.Note != "" {
		t.Errorf("data: got %+v, %v, want the other request's alone", data, ok)
	}
}

func writtenThenRefused(t *testing.T, a *adapter) {
	r := accounts(t, a, nil)
	c := r.client()
	written := 0
	got := r.loginCall(c, func(ctx context.Context, s *humasess.Session[account]) error {
		if err := errors.Join(s.Start(account{ID: "ada"}), s.Commit(ctx)); err != nil {
			t.Errorf("Commit: %v", err)
		}
		infos, err := r.sessions.List(ctx, "ada")
		written = len(infos)
		return errors.Join(err, huma.Error400BadRequest("after all"))
	})
	got.wantStatus(t, http.StatusBadRequest)
	got.wantCookies(t, 0)
	if infos, err := r.sessions.List(context.Background(), "ada"); err != nil || len(infos) != 0 || written != 1 {
		t.Errorf("sessions: got %d and then %+v, %v, want one and then none", written, infos, err)
	}
	// A written change in place stays, for example a counter of attempts.
	other := r.signedIn(account{ID: "bob"})
	r.call(other, func(ctx context.Context, s *humasess.Session[account]) error {
		return errors.Join(increment(ctx, s), s.Commit(ctx), huma.Error400BadRequest("wrong code"))
	}).wantStatus(t, http.StatusBadRequest)
	if data, ok := r.data(other); !ok || data.N != 1 {
		t.Errorf("data: got %+v, %v, want N=1", data, ok)
	}
}

func sealedTokens(t *testing.T, a *adapter) {
	key, err := security.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	opts := accountOptions()
	if opts.Sealer, err = security.NewAEAD(key); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, a, setup[account]{opts: opts, ops: registerAccess})
	c := r.client()
	r.loginCall(c, start(account{ID: "ada"})).wantCookies(t, 1)
	sealed := c.token()
	if len(sealed) <= 64 {
		t.Errorf("token: got %d characters, want more than it has unsealed", len(sealed))
	}
	c.do("GET", "/me", "").wantStatus(t, http.StatusOK)
	r.store.Reset()
	middle := len(sealed) / 2
	other := map[bool]string{true: "B", false: "A"}[sealed[middle] == 'A']
	for name, token := range map[string]string{
		"unsealed": strings.Repeat("A", 64), "changed": sealed[:middle] + other + sealed[middle+1:], "cut": sealed[:len(sealed)-4],
	} {
		t.Run(name, func(t *testing.T) {
			got := r.client().do("GET", "/me", "", cookieLines(cookieName+"="+token))
			got.wantProblem(t, http.StatusUnauthorized, "no-session")
			got.wantCookies(t, 0)
		})
	}
	r.wantCalls(0)
	old := c.clone()
	r.must(c, destroy[account]).wantCookies(t, 1)
	r.wantActive(old, false)
}
