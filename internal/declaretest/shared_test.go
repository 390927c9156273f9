package declaretest_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// huma appends markers to the caller's slice. Two operations that share one
// with spare room write into the same memory.
func TestSharedParameters(t *testing.T) {
	type two struct {
		Needed
		HasParcel
	}
	unfresh := guarded[*pointerFresh]
	for _, tt := range []struct {
		name          string
		first, second func(huma.API, huma.Operation)
		hidden, skips bool
		prefixes      []string
		want          map[guest]int // of the first
	}{
		{"prefixed, Guarded beside Session", registers[guardIn], registers[sessionIn], false, false, []string{"/v1", "/v2"}, map[guest]int{byNobody: 401, byPlain: 403, byAdmin: 204}},
		{"prefixed, Fresh beside Login", unfresh, registers[signIn], false, false, []string{"/v1"}, map[guest]int{byNobody: 401, byAdmin: 403}},
		{"prefixed, own Resolve beside Login", registers[resolvesGuarded], registers[signIn], false, true, []string{"/v1"}, map[guest]int{byNobody: 401, byPlain: 403, byAdmin: 204}},
		{"hidden, Guarded beside Session", registers[guardIn], registers[sessionIn], true, false, nil, map[guest]int{byNobody: 500, byPlain: 500}},
		{"hidden, Guarded beside Login", registers[guardIn], registers[signIn], true, false, nil, map[guest]int{byNobody: 500, byPlain: 500}},
		{"hidden, Guarded beside another guard", registers[guardIn], unfresh, true, false, nil, map[guest]int{byNobody: 401, byPlain: 403}},
		{"hidden, one guard beside another", guarded[*pointerRoles], guarded[passes], true, false, nil, map[guest]int{byNobody: 401, byPlain: 500}},
		{"hidden, Required beside Guarded of the same type", registers[needsIn], guarded[passes], true, false, nil, map[guest]int{byNobody: 401, byPlain: 500}},
		{"hidden, two types beside one", registers[two], registers[needsIn], true, false, nil, map[guest]int{byNobody: 401, byPlain: 500}},
		{"hidden, own Resolve over Required beside Login", registers[resolvesRequired], registers[signIn], true, false, nil, map[guest]int{byNobody: 500}},
		{"hidden, own Resolve over Required beside Session", registers[resolvesRequired], registers[sessionIn], true, false, nil, map[guest]int{byNobody: 500}},
		{"hidden, own Resolve over Guarded beside a guard", registers[resolvesGuarded], guarded[passes], true, false, nil, map[guest]int{byNobody: 401, byPlain: 500}},
		{"hidden, own Resolve over Guarded beside a guard, without validation", registers[resolvesGuarded], guarded[passes], true, true, nil, map[guest]int{byNobody: 401, byPlain: 500}}, //nolint:lll // one case
		{"hidden, own Resolve over Required beside Login, without validation", registers[resolvesRequired], registers[signIn], true, true, nil, map[guest]int{byNobody: 500}},
		{"hidden, own Resolve beside plain parameters", registers[resolvesRequired], registers[plainIn], true, false, nil, map[guest]int{byNobody: 422, byPlain: 422}},
		{"hidden, own Resolve beside plain parameters, without validation", registers[resolvesRequired], registers[plainIn], true, true, nil, map[guest]int{byNobody: 422, byPlain: 422}},
		{"hidden in a prefix, own Resolve beside plain parameters", registers[resolvesGuarded], registers[plainIn], true, true, []string{"/v1"}, map[guest]int{byNobody: 422, byPlain: 422}}, //nolint:lll // one case
	} {
		t.Run("O2 "+tt.name, func(t *testing.T) {
			s := newSite(t)
			shared := make([]*huma.Param, 0, 8)
			path := "/first"
			var api huma.API = s.api //nolint:staticcheck // wrapped below
			if tt.prefixes != nil {
				api, path = huma.NewGroup(s.api, tt.prefixes...), tt.prefixes[0]+path
			}
			tt.first(api, huma.Operation{
				OperationID: "first", Method: http.MethodGet, Path: "/first",
				Hidden: tt.hidden, SkipValidateParams: tt.skips, Parameters: shared,
			})
			tt.second(s.api, huma.Operation{OperationID: "second", Method: http.MethodGet, Path: "/second", Hidden: tt.hidden, Parameters: shared})
			for v, want := range tt.want {
				for range 2 {
					w := s.client(v).Do(http.MethodGet, path, nil, forgedMarkers)
					wantStatus(t, w, want)
					if want == http.StatusInternalServerError {
						wantText(t, "body", problemOf(t, w).Detail, "Operation.Parameters", `"first"`)
					}
				}
			}
		})
	}
}

type (
	passes  struct{}
	plainIn struct {
		A string `header:"X-A"`
		B string `header:"X-B"`
		C string `header:"X-C"`
	}
)

func (passes) Check(huma.Context, account) error { return nil }

// A registration that panics leaves nothing to the next one.
func TestInterruptedRegistration(t *testing.T) {
	for i, interrupt := range interrupted {
		s := newSite(t)
		if text := panicOf(func() { interrupt(s.api, huma.Operation{OperationID: "not", Method: http.MethodGet, Path: "/not"}) }); text == "" {
			t.Errorf("interrupted[%d]: got no panic", i)
		}
		for _, hidden := range []bool{true, false} {
			path := map[bool]string{true: "/hidden", false: "/shown"}[hidden]
			registers[sessionIn](s.api, huma.Operation{OperationID: path, Method: http.MethodGet, Path: path, Hidden: hidden})
			if got := s.status(byNobody, http.MethodGet, path); got != http.StatusNoContent {
				t.Errorf("interrupted[%d], %s: got %d, want 204", i, path, got)
			}
		}
	}

	t.Run("a refused operation can be corrected", func(t *testing.T) {
		s := newSite(t)
		op := huma.Operation{OperationID: "x", Method: http.MethodGet, Path: "/x"}
		wrong := op
		wrong.Security = alternatives{}
		if text := panicOf(func() { registers[needsIn](s.api, wrong) }); text == "" {
			t.Fatal("got no panic")
		}
		if doc, _ := documentOf(t, s.mux); len(doc.Paths) != 0 {
			t.Errorf("got paths %v in the document, want none", doc.Paths)
		}
		registers[needsIn](s.api, op)
		if got := s.status(byNobody, http.MethodGet, "/x"); got != http.StatusUnauthorized {
			t.Errorf("got %d, want 401", got)
		}
	})

	t.Run("the half of an operation does not loosen the one that is served", func(t *testing.T) {
		s := newSite(t)
		group := huma.NewGroup(s.api, "/v1")
		registers[guardIn](group, huma.Operation{OperationID: "served", Method: http.MethodGet, Path: "/x"})
		text := panicOf(func() {
			// The router refuses the route a second time, after the hook.
			registers[signIn](group, huma.Operation{OperationID: "half", Method: http.MethodGet, Path: "/x"})
		})
		wantText(t, "panic", text, "/v1/x")
		for v, want := range map[guest]int{byNobody: 401, byPlain: 403, byAdmin: 204} {
			if got := s.status(v, http.MethodGet, "/v1/x"); got != want {
				t.Errorf("%+v: got %d, want %d", v, got, want)
			}
		}
	})
}

// The middleware of a manager is in front of the API that it is attached to,
// even if another API has the same document.
func TestSharedDocuments(t *testing.T) {
	shared := map[string]func(huma.Config) huma.Config{
		"config": func(c huma.Config) huma.Config { return c },
		"components": func(c huma.Config) huma.Config {
			own := huma.DefaultConfig("Other", "1.0.0")
			own.Components = c.Components
			return own
		},
		"registry": func(c huma.Config) huma.Config {
			own := huma.DefaultConfig("Other", "1.0.0")
			own.Components = &huma.Components{Schemas: c.Components.Schemas}
			return own
		},
	}
	for name, share := range shared {
		t.Run("a second API with the same "+name, func(t *testing.T) {
			accounts, err := humasess.New(memory.New(nil), &humasess.Options[account]{RequireByDefault: true})
			if err != nil {
				t.Fatal(err)
			}
			config := huma.DefaultConfig("First", "1.0.0")
			first := humago.New(http.NewServeMux(), config)
			if err := accounts.Attach(first); err != nil {
				t.Fatal(err)
			}
			second := humago.New(http.NewServeMux(), share(config))
			err = accounts.Attach(second)
			if err == nil {
				t.Fatal("got no error")
			}
			wantText(t, "error", err.Error(), "a huma.Config of its own")
			if n := len(second.Middlewares()); n != 0 {
				t.Errorf("got %d middlewares after the refusal, want none", n)
			}
		})
	}

	t.Run("a wrapped API has one gate", func(t *testing.T) {
		s := newSite(t)
		type wrapped struct{ huma.API }
		if err := s.accounts.Attach(wrapped{s.api}); err == nil {
			t.Error("got no error for a manager that is attached already")
		}
		m, err := humasess.New(memory.New(nil), &humasess.Options[int]{SchemeName: "third", Cookie: humasess.CookieOptions{Name: "__Host-third"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Attach(wrapped{wrapped{s.api}}); err != nil {
			t.Errorf("Attach: %v", err)
		}
		if n := len(s.api.Middlewares()); n != 1 {
			t.Errorf("got %d middlewares, want one for all managers", n)
		}
	})

	t.Run("a struct around a group is a group", func(t *testing.T) {
		type wrapped struct{ *huma.Group }
		_, api := newAPI()
		m, _ := humasess.New[int](memory.New(nil), nil)
		for _, group := range []huma.API{huma.NewGroup(api), wrapped{huma.NewGroup(api, "/v1")}, huma.NewGroup(huma.NewGroup(api, "/v1"))} {
			if err := m.Attach(group); err == nil {
				t.Errorf("%T: got no error", group)
			}
		}
	})
}

// The document of an API that has a manager is also that of one that has none.
func TestSharedDocumentWithoutAttach(t *testing.T) {
	open := alternatives{}
	for _, tt := range []struct {
		name     string
		defaults bool // Options.RequireByDefault
		register func(huma.API, huma.Operation)
		edit     func(*huma.Operation)
		in       func(huma.API) huma.API
		want     int
	}{
		{"RequireByDefault", true, registers[nothingIn], nil, nil, 500},
		{"security", false, registers[nothingIn], func(op *huma.Operation) { op.Security = alternatives{{"sessionCookie": {"admin"}}} }, nil, 500},
		{"a scheme that the manager checks", false, registers[nothingIn], func(op *huma.Operation) { op.Security = alternatives{{"bearer": {}}} }, nil, 500},
		{"Required", false, registers[needsIn], nil, nil, 500},
		{"an optional session", false, registers[sessionIn], nil, nil, 500},
		{"Login", false, registers[signIn], nil, nil, 500},
		{"a Resolve of its own", false, registers[resolvesRequired], nil, nil, 500},
		{"a group", true, registers[nothingIn], nil, func(api huma.API) huma.API { return huma.NewGroup(huma.NewGroup(api)) }, 500},
		{"no session", false, registers[nothingIn], nil, nil, 204},
		{"public", true, registers[nothingIn], func(op *huma.Operation) { op.Security = open }, nil, 204},
	} {
		for _, copied := range []bool{false, true} { // the document, after Attach
			t.Run(fmt.Sprintf("O2 %s, copied %v", tt.name, copied), func(t *testing.T) {
				opts := accountOptions()
				opts.RequireByDefault = tt.defaults
				opts.Schemes = map[string]func(huma.Context, []string) (account, error){"bearer": checkBearer}
				accounts, err := humasess.New(memory.New(nil), &opts)
				if err != nil {
					t.Fatal(err)
				}
				config := huma.DefaultConfig("Test", "1.0.0")
				config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"bearer": {Type: "http", Scheme: "bearer"}}
				first, second := http.NewServeMux(), http.NewServeMux()
				attached := humago.New(first, config)
				if err := accounts.Attach(attached); err != nil {
					t.Fatal(err)
				}
				if copied {
					own := *config.OpenAPI
					config.OpenAPI = &own
				}
				other := humago.New(second, config)
				ran := false
				for path, api := range map[string]huma.API{"/first": attached, "/second": other} {
					op := huma.Operation{OperationID: path, Method: http.MethodGet, Path: path, Middlewares: huma.Middlewares{
						func(ctx huma.Context, next func(huma.Context)) { ran = true; next(ctx) },
					}}
					if tt.edit != nil {
						tt.edit(&op)
					}
					if tt.in != nil {
						api = tt.in(api)
					}
					tt.register(api, op)
				}
				w := humasesstest.NewClient(second).Do(http.MethodGet, "/second", nil)
				wantStatus(t, w, tt.want)
				if tt.want == http.StatusInternalServerError {
					wantText(t, "body", problemOf(t, w).Detail, `"/second" (GET /second)`, "a huma.Config of its own", "Attach")
				}
				if ran != (tt.want == http.StatusNoContent) {
					t.Errorf("got the operation's middleware run %v for %d", ran, w.Code)
				}
				c := humasesstest.NewClient(first)
				c.SetCookie(humasesstest.Login(t, accounts, account{ID: "ada", Roles: []string{"admin"}}))
				wantStatus(t, c.Do(http.MethodGet, "/first", nil, func(r *http.Request) { r.Header.Set("Authorization", "Bearer good") }), http.StatusNoContent)
			})
		}
	}
}

func TestAttachAfterHiddenOperations(t *testing.T) {
	for _, tt := range []struct {
		name     string
		register func(huma.API, huma.Operation)
		late     bool
	}{
		{"with a session", registers[sessionIn], true},
		{"with a guard", registers[guardIn], true},
		{"with a Resolve of its own", registers[resolvesRequired], true},
		{"that is interrupted", func(api huma.API, op huma.Operation) { panicOf(func() { interrupted[0](api, op) }) }, false},
		{"that huma shows nothing of", registers[nothingIn], false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, api := newAPI()
			tt.register(huma.NewGroup(api, "/v1"), huma.Operation{Method: http.MethodGet, Path: "/x", Hidden: true})
			m, _ := humasess.New[account](memory.New(nil), nil)
			err := m.Attach(api)
			if (err != nil) != tt.late {
				t.Errorf("got error %v, want one: %v", err, tt.late)
			}
			if err != nil {
				wantText(t, "error", err.Error(), "hidden operation")
			}
		})
	}
	t.Run("of the second manager is as ever", func(t *testing.T) {
		s := newSite(t)
		registers[sessionIn](s.api, huma.Operation{Method: http.MethodGet, Path: "/x", Hidden: true})
		m, _ := humasess.New(memory.New(nil), &humasess.Options[int]{SchemeName: "third", Cookie: humasess.CookieOptions{Name: "__Host-third"}})
		if err := m.Attach(s.api); err != nil {
			t.Errorf("got %v, want none: the gate was in front of the operation", err)
		}
	})
}

// An API without a manager answers nothing to a struct that hides our Resolve.
func TestOwnResolveWithoutAttach(t *testing.T) {
	for _, skips := range []bool{false, true} {
		for _, edit := range []func(*http.Request){func(*http.Request) {}, forgedMarkers} {
			mux, api := newAPI()
			huma.Register(api, huma.Operation{OperationID: "x", Method: http.MethodGet, Path: "/x", SkipValidateParams: skips},
				func(context.Context, *resolvesRequired) (*struct{}, error) {
					t.Error("the handler ran")
					return nil, nil
				})
			if w := humasesstest.NewClient(mux).Do(http.MethodGet, "/x", nil, edit); w.Code != http.StatusUnprocessableEntity {
				t.Errorf("skips %v: got %d, want 422", skips, w.Code)
			}
		}
	}
}

type asksForMore struct {
	humasess.Session[account]
	errs []error
}

// Resolve asks for more than the input declares.
func (b *asksForMore) Resolve(ctx huma.Context) []error {
	var required humasess.Required[account]
	var guarded humasess.Guarded[account, admins]
	var login humasess.Login[account]
	for _, resolve := range []func(huma.Context) []error{required.Resolve, guarded.Resolve, login.Resolve} {
		b.errs = append(b.errs, resolve(ctx)...)
	}
	return nil
}

// A type that the input does not declare is not bound, because it is not
// enforced.
func TestResolveOfAnotherKind(t *testing.T) {
	s := newSite(t)
	huma.Get(s.api, "/x", func(_ context.Context, in *asksForMore) (*struct{}, error) {
		if len(in.errs) != 3 {
			t.Errorf("got errors %v, want one of each type", in.errs)
		}
		return nil, nil
	})
	if got := s.status(byAdmin, http.MethodGet, "/x"); got != http.StatusNoContent {
		t.Errorf("got %d, want 204", got)
	}
}
