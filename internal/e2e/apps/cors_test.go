package apps_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/cors"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/e2e/browser"
	"github.com/humasess/sessions/stores/memory"
)

type visitor struct {
	ID string `json:"id"`
}

// corsAPI is an API for a page of another origin of the site.
type corsAPI struct {
	page, api string // origins
	handler   *later
	router    *chi.Mux
	huma      huma.API
	sessions  *humasess.Manager[visitor]
	store     *humasesstest.Store
	options   cors.Options
}

// newCorsAPI returns the API, and a page at its other origin. around says whether CORS is
// around the router; otherwise it is a middleware of the API after Attach.
func newCorsAPI(t *testing.T, around bool, exposed ...string) (*corsAPI, *browser.Page) {
	t.Helper()
	a := &corsAPI{router: chi.NewRouter(), store: humasesstest.Wrap(memory.New(nil))}
	var page, api *later
	a.page, page = serve(t, pageHost)
	a.api, api = serve(t, apiHost)
	a.handler = api
	page.set(html("<!doctype html>"))
	a.options = cors.Options{
		AllowedOrigins: []string{a.page}, AllowedMethods: []string{http.MethodGet, http.MethodPost, http.MethodPut},
		AllowedHeaders: []string{"Content-Type", "Authorization", "X-CSRF-Token"}, ExposedHeaders: exposed, AllowCredentials: true,
	}
	if around {
		a.router.Use(cors.Handler(a.options))
	}
	a.huma = humachi.New(a.router, huma.DefaultConfig("CORS", "1.0.0"))
	var err error
	a.sessions, err = humasess.New(a.store, &humasess.Options[visitor]{
		Identity: func(v visitor) string { return v.ID }, TrustedOrigins: []string{a.page}, CSRFHeader: "X-CSRF-Token",
		Bearer: &humasess.BearerOptions{}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.sessions.Attach(a.huma); err != nil {
		t.Fatal(err)
	}
	if !around {
		a.huma.UseMiddleware(func(ctx huma.Context, next func(huma.Context)) {
			ctx.SetHeader("Access-Control-Allow-Origin", a.page)
			ctx.SetHeader("Access-Control-Allow-Credentials", "true")
			ctx.SetHeader("Access-Control-Allow-Methods", "GET, POST, PUT")
			ctx.SetHeader("Access-Control-Allow-Headers", "Content-Type")
			next(ctx)
		})
	}
	a.register()
	api.set(a.router)
	return a, browser.New(t).Open(a.page)
}

func (a *corsAPI) register() {
	type loginInput struct{ humasess.Login[visitor] }
	type userInput struct{ humasess.Required[visitor] }
	type tokenOutput struct{ Body humasess.BearerToken }
	type textInput struct {
		humasess.Required[visitor]
		Body struct {
			Text string `json:"text"`
		}
	}
	huma.Post(a.huma, "/login", func(_ context.Context, in *loginInput) (*struct{}, error) {
		return nil, in.Session.Start(visitor{ID: "ada"})
	})
	huma.Post(a.huma, "/token", func(_ context.Context, in *loginInput) (*tokenOutput, error) {
		token, err := in.Session.StartBearer(visitor{ID: "ada"})
		return &tokenOutput{Body: token}, err
	})
	huma.Get(a.huma, "/me", func(context.Context, *userInput) (*struct{}, error) { return nil, nil })
	huma.Put(a.huma, "/text", func(context.Context, *textInput) (*struct{}, error) { return nil, nil })
	huma.Post(a.huma, "/reauthenticate", func(_ context.Context, in *userInput) (*struct{}, error) {
		return nil, in.Session.Reauthenticated("pwd")
	}, humasess.Renews)
}

const (
	withCookie = `{credentials: "include"}`
	withJSON   = `{method: "PUT", credentials: "include", headers: {"Content-Type": "application/json"}, body: '{"text": ""}'}`
)

// TestOrderOfCORS shows which responses a page can read.
func TestOrderOfCORS(t *testing.T) {
	for _, tt := range []struct {
		name   string
		around bool
	}{{"around the router", true}, {"inside of the session's check", false}} {
		t.Run("F3 "+tt.name, func(t *testing.T) {
			a, page := newCorsAPI(t, tt.around)
			// The page reads the status and the problem of a refusal only with CORS around it.
			got := page.Fetch(a.api+"/me", withCookie)
			if readable := got.Status == http.StatusUnauthorized && strings.Contains(got.Body, "no-session"); readable != tt.around {
				t.Errorf("refused read: got %+v, want readable %v", got, tt.around)
			}
			if got := page.Fetch(a.api+"/login", `{method: "POST", credentials: "include"}`); got.Status != http.StatusNoContent {
				t.Errorf("sign-in: got %+v, want 204", got)
			}
			if got := page.Fetch(a.api+"/me", withCookie); got.Status != http.StatusNoContent {
				t.Errorf("read: got %+v, want 204", got)
			}
			// A preflight is an OPTIONS, which is not an operation. Here the answer is a 403, because
			// the request has no CSRF token.
			got = page.Fetch(a.api+"/text", withJSON)
			if readable := got.Status == http.StatusForbidden; readable != tt.around {
				t.Errorf("write after a preflight: got %+v, want readable %v", got, tt.around)
			}
		})
	}
}

// A bearer token needs CORS and no entry in TrustedOrigins, and no cookie. To sign in, the
// page needs the entry.
func TestTokenOfAnotherSite(t *testing.T) {
	pageOrigin, l := serve(t, otherHost)
	l.set(html("<!doctype html>"))
	a, _ := newCorsAPI(t, true)
	a.allow(pageOrigin)
	b := browser.New(t)
	page := b.Open(pageOrigin)
	if got := page.Fetch(a.api+"/token", `{method: "POST", credentials: "omit"}`); got.Status != http.StatusForbidden {
		t.Errorf("sign-in: got %+v, want 403", got)
	}
	token, err := a.sessions.IssueBearer(t.Context(), visitor{ID: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	const write = `{method: "PUT", credentials: "omit", headers: {"Content-Type": "application/json", Authorization: "Bearer %s"}, body: '{"text": ""}'}`
	if got := page.Fetch(a.api+"/text", fmt.Sprintf(write, token.AccessToken)); got.Status != http.StatusNoContent {
		t.Errorf("write: got %+v, want 204", got)
	}
	if got := b.Cookies(); len(got) != 0 {
		t.Errorf("cookies: got %+v, want none", got)
	}
}

// allow lets the pages of another origin read, and does not trust them.
func (a *corsAPI) allow(origin string) {
	o := a.options
	o.AllowedOrigins = append(slices.Clone(o.AllowedOrigins), origin)
	a.handler.set(cors.Handler(o)(a.router))
}

// fetchHeader returns a header of a response, as the page reads it.
func (a *corsAPI) fetchHeader(page *browser.Page, path, options, name string) string {
	return browser.Eval[string](page, fmt.Sprintf("fetch(%q, %s).then(r => r.headers.get(%q) ?? '')", a.api+path, options, name))
}

// exposedHeaders are the headers that a page of another origin needs. They are the table
// in docs/front-ends.md.
var exposedHeaders = []struct {
	name, when string
	read       func(a *corsAPI, page *browser.Page) string
}{
	{"`WWW-Authenticate`", "the schemes that would help, in a 401", func(a *corsAPI, page *browser.Page) string {
		return a.fetchHeader(page, "/me", `{}`, "WWW-Authenticate")
	}},
	{"`Retry-After`", "when to try again, in a 503 and in some 409", func(a *corsAPI, page *browser.Page) string {
		page.Fetch(a.api+"/login", `{method: "POST", credentials: "include"}`)
		a.store.Fail(humasesstest.OpLoad, errors.New("down"))
		defer a.store.Fail(humasesstest.OpLoad, nil)
		return a.fetchHeader(page, "/me", withCookie, "Retry-After")
	}},
	{"the name in `Options.CSRFHeader`", "the CSRF token, beside a new cookie", func(a *corsAPI, page *browser.Page) string {
		return a.fetchHeader(page, "/login", `{method: "POST", credentials: "include"}`, "X-CSRF-Token")
	}},
	{"`Session-Token`", "a new bearer token that the operation does not return itself", func(a *corsAPI, page *browser.Page) string {
		return browser.Eval[string](page, fmt.Sprintf(`fetch(%[1]q + "/token", {method: "POST"}).then(r => r.json()).then(t =>
			fetch(%[1]q + "/reauthenticate", {method: "POST", headers: {Authorization: "Bearer " + t.access_token}})).then(r => r.headers.get("Session-Token") ?? "")`, a.api))
	}},
}

// TestExposedHeaders measures which headers a page reads only if CORS exposes them.
func TestExposedHeaders(t *testing.T) {
	rows := []string{"| header | has |", "|---|---|"}
	for _, h := range exposedHeaders {
		rows = append(rows, fmt.Sprintf("| %s | %s |", h.name, h.when))
	}
	wantTable(t, "headers", rows)
	hiding, hidden := newCorsAPI(t, true)
	exposing, shown := newCorsAPI(t, true, "WWW-Authenticate", "Retry-After", "X-CSRF-Token", "Session-Token")
	for _, h := range exposedHeaders {
		t.Run("F3 "+h.name, func(t *testing.T) {
			if got := h.read(hiding, hidden); got != "" {
				t.Errorf("without ExposedHeaders: got %q, want none", got)
			}
			if got := h.read(exposing, shown); got == "" {
				t.Error("with ExposedHeaders: got none, want a value")
			}
		})
	}
}
