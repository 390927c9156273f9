package declaretest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// A contradiction panics at registration, as huma's own do, and is answered
// with a 500 at the first request when the operation is hidden. Both name the
// operation and the fix.
func TestContradictionsAreRefused(t *testing.T) {
	type signAndNeeds struct {
		humasess.Login[account]
		Needed
	}
	type stranger struct{ humasess.Required[int] }
	noRoles := func(o *humasess.Options[account]) { o.Roles = nil }
	tests := []struct {
		name     string
		options  func(*humasess.Options[account])
		register func(edits ...func(*huma.Operation)) func(*site, huma.API)
		edit     func(*huma.Operation)
		want     []string
	}{
		{"O4 Required with security: []", nil, getX[needsIn], secure(), []string{"`security: []`", "leave Security nil, or embed Login"}},
		{"O4 Session with security: []", nil, getX[sessionIn], secure(), []string{"`security: []`", "leave Security nil, or embed Login"}},
		{"O4 Guarded with security: []", nil, getX[guardIn], secure(), []string{"`security: []`", "leave Security nil"}},
		{"unknown scheme", nil, getX[needsIn], secure(scheme("other")), []string{`unknown scheme "other"`, "components.securitySchemes", "Options.Schemes"}},
		{"scheme without a check", nil, getX[needsIn], secure(scheme("basic")), []string{`"basic"`, "Options.Schemes"}},
		{"scheme without a check as an alternative", nil, getX[nothingIn], secure(scheme("sessionCookie"), scheme("basic")), []string{`"basic"`, "Options.Schemes"}},
		{"guard's roles without Options.Roles", noRoles, getX[guardIn], nil, []string{`["admin"]`, "set Options.Roles"}},
		{"roles by hand without Options.Roles", noRoles, getX[nothingIn], secure(scheme("sessionCookie", "audit")), []string{`["audit"]`, "set Options.Roles"}},
		{"Login and Required", nil, getX[signAndNeeds], nil, []string{"embeds Login, which is public", "remove one of the two"}},
		{"type without a manager", nil, getX[stranger], nil, []string{"no manager of int", "call Attach"}},
	}
	for _, tt := range tests {
		edits := []func(*huma.Operation){}
		if tt.edit != nil {
			edits = append(edits, tt.edit)
		}
		options := func(o *humasess.Options[account]) {
			if tt.options != nil {
				tt.options(o)
			}
		}
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, options)
			text := panicOf(func() { tt.register(edits...)(s, s.api) })
			wantText(t, "panic", text, append(tt.want, `"get-x"`, "GET /x")...)

			// The next operation is as if nothing had happened.
			huma.Get(s.api, "/next", serve[sessionIn])
			doc, _ := documentOf(t, s.mux)
			if got, want := string(doc.Paths["/next"]["get"].Security), `[{"sessionCookie":[]},{}]`; got != want {
				t.Errorf("got security %s of the next operation, want %s", got, want)
			}
			if got := s.status(byNobody, http.MethodGet, "/next"); got != 204 {
				t.Errorf("got %d from the next operation, want 204", got)
			}
		})
		t.Run(tt.name+", hidden", func(t *testing.T) {
			s := newSite(t, options)
			tt.register(append(edits, hide)...)(s, s.api)
			for range 2 {
				w := s.client(byKnown).Do(http.MethodGet, "/x", nil)
				wantStatus(t, w, http.StatusInternalServerError)
				wantText(t, "body", problemOf(t, w).Detail, append(tt.want, `"get-x"`, "GET /x")...)
			}
		})
	}

	require := []struct {
		name     string
		options  func(*humasess.Options[account])
		register func(*site, huma.API)
		want     []string
	}{
		{"Require over Login", nil, inGroup([]string{"/v1"}, getX[signIn]()), []string{"embeds Login, which is public", "outside the protected group", "GET /v1/x"}},
		{"Require with security: []", nil, inGroup(nil, getX[nothingIn](secure())), []string{"`security: []`", "GET /x"}},
		{"Require with roles without Options.Roles", noRoles, inGroup([]string{"/v1"}, getX[nothingIn](), "audit"), []string{`["audit"]`, "set Options.Roles"}},
		{"Require of a manager that is not attached", nil, func(_ *site, api huma.API) {
			m, _ := humasess.New[int](memory.New(nil), nil)
			huma.Get(api, "/x", serve[nothingIn], m.Require())
		}, []string{"not attached", "call Attach first", `"get-x"`, "GET /x"}},
		{"Require of a manager that is attached elsewhere", nil, func(s *site, api huma.API) {
			m, _ := humasess.New(memory.New(nil), &humasess.Options[int]{SchemeName: "elsewhere"})
			if _, other := newAPI(); m.Attach(other) != nil {
				panic("Attach failed")
			}
			huma.Get(api, "/x", serve[nothingIn], m.Require())
		}, []string{`"elsewhere"`, "GET /x"}},
	}
	for _, tt := range require {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, func(o *humasess.Options[account]) {
				if tt.options != nil {
					tt.options(o)
				}
			})
			wantText(t, "panic", panicOf(func() { tt.register(s, s.api) }), tt.want...)
		})
	}
}

func TestSchemeWithTheNameOfASchema(t *testing.T) {
	type SessionCookie struct{ N int }
	type output struct{ Body SessionCookie }
	s := newSite(t)
	text := panicOf(func() {
		huma.Get(s.api, "/x", func(_ context.Context, _ *nothingIn) (*output, error) { return nil, nil })
	})
	wantText(t, "panic", text, `"sessionCookie"`, `schema "SessionCookie"`, "set Options.SchemeName or rename the type", "GET /x")

	s = newSite(t, func(o *humasess.Options[account]) { o.SchemeName = "login" })
	text = panicOf(func() {
		huma.Get(s.api, "/x", func(_ context.Context, _ *nothingIn) (*output, error) { return nil, nil })
	})
	if text != "" {
		t.Errorf("got panic %q with another SchemeName, want none", text)
	}
}

func TestAttachRefuses(t *testing.T) {
	manager := func(key, cookie string, edits ...func(*humasess.Options[parcel])) *humasess.Manager[parcel] {
		opts := humasess.Options[parcel]{SchemeName: key, Cookie: humasess.CookieOptions{Name: cookie}}
		for _, edit := range edits {
			edit(&opts)
		}
		m, err := humasess.New(memory.New(nil), &opts)
		if err != nil {
			t.Fatalf("New: %v", err)
		}
		return m
	}
	checks := func(o *humasess.Options[parcel]) {
		o.Schemes = map[string]func(huma.Context, []string) (parcel, error){
			"bearer": func(huma.Context, []string) (parcel, error) { return parcel{}, errNoBearer },
		}
	}
	tests := []struct {
		name   string
		attach func(accounts *humasess.Manager[account], api huma.API) error
		want   string
	}{
		{"twice", func(m *humasess.Manager[account], api huma.API) error { return m.Attach(api) }, "account is already attached"},
		{"on a group", func(m *humasess.Manager[account], api huma.API) error {
			return manager("parcels", "__Host-p").Attach(huma.NewGroup(api, "/v1"))
		}, "attach to the API itself, and protect the group with Require"},
		{"the same type", func(_ *humasess.Manager[account], api huma.API) error {
			m, err := humasess.New(memory.New(nil), &humasess.Options[account]{SchemeName: "more", Cookie: humasess.CookieOptions{Name: "__Host-more"}})
			if err != nil {
				return err
			}
			return m.Attach(api)
		}, "account is already attached"},
		{"the same scheme", func(_ *humasess.Manager[account], api huma.API) error {
			return manager("sessionCookie", "__Host-p").Attach(api)
		}, "set Options.SchemeName"},
		{"a scheme of the program's own", func(_ *humasess.Manager[account], api huma.API) error {
			return manager("bearer", "__Host-p").Attach(api)
		}, "set Options.SchemeName"},
		{"the same cookie name", func(_ *humasess.Manager[account], api huma.API) error {
			return manager("parcels", "__Host-id").Attach(api)
		}, "set Options.Cookie.Name"},
		{"the same check", func(_ *humasess.Manager[account], api huma.API) error {
			return manager("parcels", "__Host-p", checks).Attach(api)
		}, `Schemes["bearer"]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opts := accountOptions()
			opts.Schemes = map[string]func(huma.Context, []string) (account, error){"bearer": checkBearer}
			accounts, err := humasess.New(memory.New(nil), &opts)
			if err != nil {
				t.Fatalf("New: %v", err)
			}
			mux, api := newAPI()
			if err := accounts.Attach(api); err != nil {
				t.Fatalf("Attach: %v", err)
			}
			before, _ := documentOf(t, mux)
			err = tt.attach(accounts, api)
			if err == nil {
				t.Fatal("got no error")
			}
			wantText(t, "error", err.Error(), tt.want)

			// The API is as it was, and takes another manager.
			s := &site{t: t, accounts: accounts, parcels: manager("parcels", "__Host-p")}
			s.mux, s.api = mux, api
			if err := s.parcels.Attach(api); err != nil {
				t.Fatalf("Attach after a refusal: %v", err)
			}
			getX[bothIn]()(s, api)
			if got := len(api.OpenAPI().Components.SecuritySchemes); got != len(before.Components.SecuritySchemes)+1 {
				t.Errorf("got %d schemes, want one more than %v", got, before.Components.SecuritySchemes)
			}
			for v, want := range map[guest]int{byNobody: 401, byPlain: 401, byShopper: 401, byBoth: 204} {
				if got := s.status(v, http.MethodGet, "/x"); got != want {
					t.Errorf("%+v: got %d, want %d", v, got, want)
				}
			}
		})
	}

	t.Run("after an operation, before any manager", func(t *testing.T) {
		mux, api := newAPI()
		huma.Get(api, "/open", serve[nothingIn])
		err := manager("parcels", "__Host-p").Attach(api)
		if err == nil || !strings.Contains(err.Error(), "after the first operation") {
			t.Errorf("got error %v, want one about the first operation", err)
		}
		if w := humasesstest.NewClient(mux).Do(http.MethodGet, "/open", nil); w.Code != 204 {
			t.Errorf("got %d, want the API to work on", w.Code)
		}
	})
	t.Run("after an operation, the second manager", func(t *testing.T) {
		s := newSite(t)
		getX[needsIn]()(s, s.api)
		m, err := humasess.New[int](memory.New(nil), &humasess.Options[int]{SchemeName: "late", Cookie: humasess.CookieOptions{Name: "__Host-late"}})
		if err != nil {
			t.Fatalf("New: %v", err)
		}
		if err := m.Attach(s.api); err == nil || !strings.Contains(err.Error(), "attach every manager before") {
			t.Errorf("got error %v, want one about the first operation", err)
		}
		for v, want := range map[guest]int{byNobody: 401, byPlain: 204} {
			if got := s.status(v, http.MethodGet, "/x"); got != want {
				t.Errorf("%+v: got %d, want %d", v, got, want)
			}
		}
	})
	t.Run("the first manager, then a better one", func(t *testing.T) {
		mux, api := newAPI()
		if err := manager("bearer", "__Host-p").Attach(api); err == nil {
			t.Fatal("got no error for a scheme that is taken")
		}
		s := &site{t: t, mux: mux, api: api, parcels: manager("parcels", "__Host-p")}
		if err := s.parcels.Attach(api); err != nil {
			t.Fatalf("Attach: %v", err)
		}
		huma.Get(api, "/x", serve[struct{ HasParcel }])
		for v, want := range map[guest]int{byNobody: 401, byShopper: 204} {
			if got := s.status(v, http.MethodGet, "/x"); got != want {
				t.Errorf("%+v: got %d, want %d", v, got, want)
			}
		}
	})
}
