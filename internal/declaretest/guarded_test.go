package declaretest_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

type (
	rolesAlone   struct{}
	recentOTP    struct{}
	anyOTP       struct{}
	namedGuard   struct{}
	countedGuard struct{ n int }
)

func (*rolesAlone) Roles() []string { return []string{"admin"} }

func (recentOTP) Methods() []string    { return []string{"pwd", "otp"} }
func (recentOTP) Fresh() time.Duration { return time.Minute }

func (*anyOTP) Methods() []string { return []string{"otp"} }

func (namedGuard) String() string                    { return "named" }
func (namedGuard) Check(huma.Context, account) error { return errNoBearer }

func (c *countedGuard) Check(huma.Context, account) error { c.n++; return nil } // a nil receiver panics

// Guards that must not be registered, because a method of theirs would never be
// called.
type (
	variadicCheck  struct{}
	pointerCheck   struct{}
	contextCheck   struct{}
	otherCheck     struct{}
	typedDuration  struct{}
	ownDuration    time.Duration
	emptyRoles     struct{}
	blankRole      struct{}
	emptyMethods   struct{}
	invalidMethods struct{}
	misspelled     struct{ rolesAlone }
	locked         struct {
		sync.Mutex
		rolesAlone
	}
	ambiguous struct {
		rolesAlone //nolint:unused // read by reflection
		blankRole  //nolint:unused // read by reflection
		namedGuard
	}
	fieldRoles struct {
		namedGuard
		Roles []string
	}
	nilEmbedded struct{ *roleHolder }
	roleHolder  struct{ names []string }
	neverFresh  struct{}
)

func (variadicCheck) Check(huma.Context, ...account) error { return nil }
func (pointerCheck) Check(huma.Context, *account) error    { return nil }
func (contextCheck) Check(context.Context, account) error  { return nil }
func (otherCheck) Check(huma.Context, parcel) error        { return nil }
func (typedDuration) Fresh() ownDuration                   { return 1 }
func (emptyRoles) Roles() []string                         { return nil }
func (blankRole) Roles() []string                          { return []string{"admin", ""} }
func (emptyMethods) Methods() []string                     { return []string{} }
func (invalidMethods) Methods() []string                   { return []string{"a b"} }
func (misspelled) Freshness() time.Duration                { return time.Minute }
func (r *roleHolder) Roles() []string                      { return r.names }
func (neverFresh) Fresh() time.Duration                    { return -time.Second }

func TestGuardsThatAreRefused(t *testing.T) {
	for _, tt := range []struct {
		name     string
		register func(huma.API, huma.Operation)
		want     []string
	}{
		{"typed roles", guarded[typedRoles], []string{"typedRoles", "method Roles", "func() []declaretest_test.role", "Roles() []string"}},
		{"Role", guarded[*singleRole], []string{"*declaretest_test.singleRole", "method Role,", "never called"}},
		{"Fresh returns an int", guarded[secondsOnly], []string{"method Fresh", "Fresh() time.Duration"}},
		{"Fresh returns a duration of its own", guarded[typedDuration], []string{"method Fresh", "ownDuration"}},
		{"Fresh is negative", guarded[neverFresh], []string{"Fresh is not positive"}},
		{"a variadic Check", guarded[variadicCheck], []string{"method Check", "...declaretest_test.account", "Check(huma.Context, declaretest_test.account) error"}},
		{"Check of a pointer", guarded[pointerCheck], []string{"method Check", "*declaretest_test.account"}},
		{"Check with a context", guarded[contextCheck], []string{"method Check", "context.Context"}},
		{"Check of another type", guarded[otherCheck], []string{"method Check", "declaretest_test.parcel"}},
		{"no roles", guarded[emptyRoles], []string{"must return at least one"}},
		{"a blank role", guarded[blankRole], []string{`["admin" ""]`}},
		{"no methods of authentication", guarded[emptyMethods], []string{"Methods must return at least one"}},
		{"a method that is no name", guarded[invalidMethods], []string{`["a b"]`}},
		{"no methods", guarded[emptyGuard], []string{"checks nothing", "at least one"}},
		{"a pointer to a pointer", guarded[**rolesAlone], []string{"checks nothing"}},
		{"another method beside Roles", guarded[misspelled], []string{"method Freshness, which is never called"}},
		{"promoted methods of a mutex", guarded[locked], []string{"method Lock"}},
		{"two embedded types with Roles", guarded[ambiguous], []string{"Roles", "declare the method on the guard"}},
		{"a field in the place of Roles", guarded[fieldRoles], []string{"field Roles"}},
		{"an embedded nil pointer", guarded[nilEmbedded], []string{"nilEmbedded panics with its zero value"}},
		{"an interface", guarded[humasess.Guard[account]], []string{"is an interface"}},
		{"any", guarded[any], []string{"is an interface"}},
	} {
		t.Run("O5 "+tt.name, func(t *testing.T) {
			s := newSite(t)
			text := panicOf(func() { tt.register(s.api, huma.Operation{OperationID: "guarded", Method: http.MethodGet, Path: "/x"}) })
			wantText(t, "panic", text, append(tt.want, `"guarded"`, "GET /x")...)

			tt.register(s.api, huma.Operation{OperationID: "guarded", Method: http.MethodGet, Path: "/x", Hidden: true})
			w := s.client(byAdmin).Do(http.MethodGet, "/x", nil)
			wantStatus(t, w, http.StatusInternalServerError)
			wantText(t, "body", problemOf(t, w).Detail, tt.want...)
		})
	}
}

func TestGuardsOfEveryShape(t *testing.T) {
	for _, tt := range []struct {
		name         string
		register     func(huma.API, huma.Operation)
		plain, admin int
	}{
		{"a pointer with Roles alone", guarded[*rolesAlone], 403, 204},
		{"a value whose pointer has Roles", guarded[rolesAlone], 403, 204},
		{"a pointer to a type with value receivers", guarded[*admins], 403, 204},
		{"a value", guarded[admins], 403, 204},
		{"embedded", guarded[promotedRoles], 403, 204},
		{"generic", guarded[*genericRoles[string]], 403, 204},
		{"a pointer is not nil", guarded[*countedGuard], 204, 204},
		{"String is allowed", guarded[namedGuard], 403, 403},
	} {
		for _, hidden := range []bool{false, true} {
			t.Run(fmt.Sprintf("O5 %s, hidden %v", tt.name, hidden), func(t *testing.T) {
				s := newSite(t)
				tt.register(huma.NewGroup(s.api, "/v1", "/v2"), huma.Operation{OperationID: "x", Method: http.MethodGet, Path: "/x", Hidden: hidden})
				for v, want := range map[guest]int{byNobody: 401, byPlain: tt.plain, byAdmin: tt.admin} {
					if got := s.status(v, http.MethodGet, "/v2/x"); got != want {
						t.Errorf("%+v: got %d, want %d", v, got, want)
					}
				}
			})
		}
	}
}

func TestGuardWithMethods(t *testing.T) {
	clock := humasesstest.NewClock()
	opts := accountOptions()
	opts.Now = clock.Now
	m, err := humasess.New(memory.New(nil), &opts)
	if err != nil {
		t.Fatal(err)
	}
	mux, api := newAPI()
	if err := m.Attach(api); err != nil {
		t.Fatal(err)
	}
	guarded[recentOTP](api, huma.Operation{OperationID: "recent", Method: http.MethodGet, Path: "/recent"})
	guarded[*anyOTP](api, huma.Operation{OperationID: "any", Method: http.MethodGet, Path: "/any"})
	huma.Post(api, "/prove/{method}", func(_ context.Context, in *struct {
		humasess.Required[account]
		Method string `path:"method"`
	}) (*struct{}, error) {
		return nil, in.Reauthenticated(in.Method)
	})
	c := humasesstest.NewClient(mux)
	c.SetCookie(humasesstest.Login(t, m, account{ID: "ada"}))
	step := func(recent, otp int) {
		t.Helper()
		for path, want := range map[string]int{"/recent": recent, "/any": otp} {
			w := c.Do(http.MethodGet, path, nil)
			wantStatus(t, w, want)
			if want == http.StatusForbidden {
				wantText(t, "type", problemOf(t, w).Type, "reauthentication-required")
			}
		}
	}
	prove := func(method string) {
		t.Helper()
		wantStatus(t, c.Do(http.MethodPost, "/prove/"+method, nil), http.StatusNoContent)
	}
	step(403, 403) // a sign-in without a method
	prove("otp")
	step(403, 204)
	clock.Advance(50 * time.Second)
	prove("pwd")
	step(204, 204)
	clock.Advance(20 * time.Second) // the proof by pwd is recent, that by otp is not
	step(403, 204)

	doc, _ := documentOf(t, mux)
	wantText(t, "403", doc.Paths["/recent"]["get"].Responses["403"].Description, "`reauthentication-required`: the user has not authenticated by `pwd` and `otp` within 1m.")
	wantText(t, "403", doc.Paths["/any"]["get"].Responses["403"].Description, "has not authenticated by `otp`.")
}
