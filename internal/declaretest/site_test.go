package declaretest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// parcel is a second session type.
type parcel struct{ Items []string }

// site is an API with two managers and a bearer scheme of its own.
type site struct {
	t        *testing.T
	mux      *http.ServeMux
	api      huma.API
	accounts *humasess.Manager[account]
	parcels  *humasess.Manager[parcel]
}

var errNoBearer = errors.New("no bearer token")

func checkBearer(ctx huma.Context, _ []string) (account, error) {
	if ctx.Header("Authorization") != "Bearer good" {
		return account{}, errNoBearer
	}
	return account{ID: "bearer"}, nil
}

func newSite(t *testing.T, edits ...func(*humasess.Options[account])) *site {
	t.Helper()
	return newSiteWith(t, nil, edits...)
}

// newSiteWith is newSite with bearer tokens for the second manager, if bearer is not nil.
func newSiteWith(t *testing.T, bearer *humasess.BearerOptions, edits ...func(*humasess.Options[account])) *site {
	t.Helper()
	opts := accountOptions()
	opts.Schemes = map[string]func(huma.Context, []string) (account, error){"bearer": checkBearer}
	for _, edit := range edits {
		edit(&opts)
	}
	s := &site{t: t}
	var err error
	if s.accounts, err = humasess.New(memory.New(nil), &opts); err != nil {
		t.Fatalf("New: %v", err)
	}
	s.parcels, err = humasess.New(memory.New(nil), &humasess.Options[parcel]{
		SchemeName: "parcelCookie", Cookie: humasess.CookieOptions{Name: "__Host-parcel"}, Bearer: bearer,
	})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	s.mux, s.api = newAPI()
	s.attach(s.api)
	return s
}

func newAPI() (*http.ServeMux, huma.API) {
	config := huma.DefaultConfig("Test", "1.0.0")
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer"},
		"basic":  {Type: "http", Scheme: "basic"}, // nothing checks it
	}
	mux := http.NewServeMux()
	return mux, humago.New(mux, config)
}

func (s *site) attach(api huma.API) {
	s.t.Helper()
	for _, attach := range []func(huma.API) error{s.accounts.Attach, s.parcels.Attach} {
		if err := attach(api); err != nil {
			s.t.Fatalf("Attach: %v", err)
		}
	}
}

// guest has the credentials of a request.
type guest struct {
	session bool
	roles   string // of the session, with spaces between them
	parcel  bool
	bearer  bool
	token   bool // a bearer token carries the one session, and not a cookie
}

var (
	byNobody  = guest{}
	byPlain   = guest{session: true}
	byAdmin   = guest{session: true, roles: "admin"}
	byAuditor = guest{session: true, roles: "admin audit"}
	byShopper = guest{parcel: true}
	byBoth    = guest{session: true, parcel: true}
	byBearer  = guest{bearer: true}
	byKnown   = guest{session: true, bearer: true}
)

var guests = []struct {
	name string
	guest
}{
	{"nobody", byNobody}, {"plain", byPlain}, {"admin", byAdmin}, {"auditor", byAuditor},
	{"shopper", byShopper}, {"both", byBoth}, {"bearer", byBearer}, {"known", byKnown},
}

// client has cookies of its own sessions.
func (s *site) client(v guest) *humasesstest.Client {
	s.t.Helper()
	c := humasesstest.NewClient(s.mux)
	if v.session {
		c.SetCookie(humasesstest.Login(s.t, s.accounts, account{ID: "u", Roles: strings.Fields(v.roles)}))
	}
	if v.parcel {
		c.SetCookie(humasesstest.Login(s.t, s.parcels, parcel{}))
	}
	return c
}

// signedIn returns a client with a session that has the data.
func (s *site) signedIn(data account) *humasesstest.Client {
	s.t.Helper()
	c := humasesstest.NewClient(s.mux)
	c.SetCookie(humasesstest.Login(s.t, s.accounts, data))
	return c
}

// status is the answer to the guest's request.
func (s *site) status(v guest, method, path string) int {
	s.t.Helper()
	var body any
	if method == http.MethodPut || method == http.MethodPatch {
		body = map[string]int{"n": 1}
	}
	return s.client(v).Do(method, path, body, func(r *http.Request) {
		if v.bearer {
			r.Header.Set("Authorization", "Bearer good")
		}
		if method == http.MethodPatch {
			r.Header.Set("Content-Type", "application/merge-patch+json")
		}
	}).Code
}

// document is the emitted one, as a client gets it.
type document struct {
	Security   json.RawMessage
	Paths      map[string]map[string]documentedOperation
	Components struct {
		SecuritySchemes map[string]map[string]any
		Schemas         map[string]any
	}
}

type documentedOperation struct {
	OperationID string
	Security    json.RawMessage
	Parameters  []struct{ Name, In string }
	Responses   map[string]struct {
		Description string
		Headers     map[string]json.RawMessage
		Content     map[string]any
	}
}

func documentOf(t *testing.T, mux http.Handler) (document, string) {
	t.Helper()
	w := humasesstest.NewClient(mux).Do(http.MethodGet, "/openapi.json", nil)
	var doc document
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatalf("document: %v: %s", err, w.Body)
	}
	return doc, w.Body.String()
}

// Inputs, one for each way of declaring.
type (
	nothingIn struct{}
	sessionIn struct{ humasess.Session[account] }
	needsIn   struct{ humasess.Required[account] }
	guardIn   struct {
		humasess.Guarded[account, admins]
	}
	signIn struct{ humasess.Login[account] }
	// huma and this library look for exported names of embedded types.
	Needed    = humasess.Required[account]
	Parcel    = humasess.Session[parcel]
	HasParcel = humasess.Required[parcel]
	mixIn     struct {
		Needed
		Parcel
	}
	bothIn struct {
		Needed
		HasParcel
	}
)

type admins struct{}

var _ humasess.Guard[account] = admins{}

func (admins) Roles() []string                   { return []string{"admin"} }
func (admins) Check(huma.Context, account) error { return nil } // documented beside the role

func serve[I any](context.Context, *I) (*struct{}, error) { return nil, nil }

// getX registers GET /x.
func getX[I any](edits ...func(*huma.Operation)) func(*site, huma.API) {
	return func(_ *site, api huma.API) { huma.Get(api, "/x", serve[I], edits...) }
}

func hide(op *huma.Operation) { op.Hidden = true }

type alternatives = []map[string][]string

func secure(a ...map[string][]string) func(*huma.Operation) {
	return func(op *huma.Operation) { op.Security = append(alternatives{}, a...) }
}

// scheme is one alternative.
func scheme(key string, roles ...string) map[string][]string { return map[string][]string{key: roles} }

// panicOf returns the text of f's panic.
func panicOf(f func()) (text string) {
	defer func() {
		if p := recover(); p != nil {
			text = fmt.Sprint(p)
		}
	}()
	f()
	return ""
}

func wantText(t *testing.T, what, got string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%s: got %q, want %q in it", what, got, w)
		}
	}
}

// refusals checks that the document speaks of 401 and 403 exactly where the
// operation answers so. The method must be safe, or 403 means another origin.
func (op documentedOperation) refusals(t *testing.T, got []int) {
	t.Helper()
	for _, code := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		r, documented := op.Responses[fmt.Sprint(code)]
		if answers := slices.Contains(got, code); documented != answers {
			t.Errorf("%d: got documented %v, answered %v", code, documented, answers)
		}
		if documented && r.Content["application/problem+json"] == nil {
			t.Errorf("%d: got content %v, want huma's error model", code, r.Content)
		}
	}
	if _, ok := op.Responses["default"]; !ok {
		t.Errorf("got responses %v, want default among them", op.Responses)
	}
}
