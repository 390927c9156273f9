package declaretest_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// unwilling is a guard that refuses all sessions.
type unwilling struct{}

var _ humasess.Guard[account] = unwilling{}

func (unwilling) Check(huma.Context, account) error { return errors.New("never") }

type (
	unwillingIn struct {
		humasess.Guarded[account, unwilling]
	}
	tokenAnswer struct{ Body humasess.BearerToken }
)

const (
	csrfName = "X-Csrf-Token"
	limited  = 20 // sessions of a user
)

// problemsAPI has an operation for each problem that a document shows.
func problemsAPI(t *testing.T, clock *humasesstest.Clock) *site {
	t.Helper()
	s := newSite(t, func(o *humasess.Options[account]) {
		o.CSRFHeader, o.RefuseOverLimit, o.MaxPerIdentity, o.Now = csrfName, true, limited, clock.Now
		o.Bearer = &humasess.BearerOptions{}
	})
	huma.Post(s.api, "/login", func(_ context.Context, in *signIn) (*struct{}, error) {
		return nil, in.Session.Start(account{ID: "crowd"})
	}, humasess.AllowCrossSite)
	huma.Post(s.api, "/renew", func(_ context.Context, in *needsIn) (*struct{}, error) { return nil, in.Session.Renew() }, humasess.Renews)
	huma.Get(s.api, "/me", serve[needsIn])
	huma.Get(s.api, "/either", serve[nothingIn], secure(scheme("sessionCookie"), scheme("bearer")))
	huma.Get(s.api, "/key", serve[nothingIn], secure(scheme("bearer")))
	huma.Get(s.api, "/admin", serve[guardIn])
	huma.Get(s.api, "/never", serve[unwillingIn])
	huma.Get(s.api, "/pay", serve[needsIn], s.accounts.RequireFresh(5*time.Minute))
	huma.Post(s.api, "/change", serve[needsIn])
	huma.Post(s.api, "/all", serve[guardIn], s.accounts.RequireFresh(90*time.Second))
	return s
}

// examplesOf returns the examples of a response by their names, and a single one as "".
func examplesOf(t *testing.T, op documentedOperation, status string) map[string]map[string]any {
	t.Helper()
	data, err := json.Marshal(op.Responses[status].Content["application/problem+json"])
	if err != nil {
		t.Fatal(err)
	}
	var media struct {
		Example  map[string]any
		Examples map[string]struct {
			Summary string
			Value   map[string]any
		}
	}
	if err := json.Unmarshal(data, &media); err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]any{}
	if media.Example != nil {
		all[""] = media.Example
	}
	for name, e := range media.Examples {
		all[name] = e.Value
		if e.Summary == "" || media.Example != nil {
			t.Errorf("%s: got the summary %q and the single example %v, want a summary and no single example", name, e.Summary, media.Example)
		}
	}
	return all
}

// TestProblemsAreTrue compares each example with the answer of the server.
func TestProblemsAreTrue(t *testing.T) {
	clock := humasesstest.NewClock()
	s := problemsAPI(t, clock)
	doc, _ := documentOf(t, s.mux)
	crossSite := withHeaders("Sec-Fetch-Site", "cross-site")
	old := s.client(byAdmin)
	clock.Advance(10 * time.Minute)
	compared := map[string]bool{}
	for _, tt := range []struct {
		method, path, example string
		client                *humasesstest.Client
		edit                  func(*http.Request)
		status                string
	}{
		{"GET", "/me", "", s.client(byNobody), nil, "401"},
		{"GET", "/either", "", s.client(byNobody), nil, "401"},
		{"GET", "/key", "", s.client(byNobody), nil, "401"},
		{"GET", "/admin", "role", s.client(byPlain), nil, "403"},
		{"GET", "/never", "", s.client(byPlain), nil, "403"},
		{"GET", "/pay", "", old, nil, "403"},
		{"POST", "/change", "csrf-token", s.client(byPlain), nil, "403"},
		{"POST", "/change", "cross-origin", s.client(byPlain), crossSite, "403"},
		{"POST", "/all", "cross-origin", s.client(byPlain), crossSite, "403"},
		{"POST", "/all", "csrf-token", s.client(byPlain), nil, "403"},
		{"POST", "/login", "", s.client(byNobody), nil, "409"},
	} {
		t.Run("H4 O7 "+tt.method+" "+tt.path+" "+tt.example, func(t *testing.T) {
			if tt.status == "409" {
				for range limited {
					wantStatus(t, s.client(byNobody).Do(tt.method, tt.path, nil), http.StatusNoContent)
				}
			}
			edits := []func(*http.Request){}
			if tt.edit != nil {
				edits = append(edits, tt.edit)
			}
			w := tt.client.Do(tt.method, tt.path, nil, edits...)
			op := doc.Paths[tt.path][strings.ToLower(tt.method)]
			example := examplesOf(t, op, tt.status)[tt.example]
			var got map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatalf("body %q: %v", w.Body, err)
			}
			delete(got, "$schema") // names the host of the request
			if !reflect.DeepEqual(got, example) {
				t.Errorf("got %v, want the example %v", got, example)
			}
			kind, _ := got["type"].(string)
			compared[kind] = true
			if tt.status == "401" {
				wantShown(t, op, w, "401", "WWW-Authenticate", w.Header().Get("WWW-Authenticate"))
			}
		})
	}
	for path, item := range doc.Paths {
		for method, op := range item {
			for status := range op.Responses {
				for name, example := range examplesOf(t, op, status) {
					if kind, _ := example["type"].(string); !compared[kind] {
						t.Errorf("H4 %s %s %s %q: the type %q was not compared with an answer", method, path, status, name, kind)
					}
				}
			}
		}
	}
	t.Run("O7 the causes of a 403", func(t *testing.T) {
		all := doc.Paths["/all"]["post"]
		want := []string{"cross-origin", "csrf-token", "guard", "reauthentication-required", "role"}
		if got := slices.Sorted(maps.Keys(examplesOf(t, all, "403"))); !slices.Equal(got, want) {
			t.Errorf("got examples %q, want %q", got, want)
		}
		text := "One of these causes:\n\n- The user lacks the required role: `admin`.\n- `reauthentication-required`: the user has not authenticated within 1m30s.\n" +
			"- The user is not allowed to do this.\n- The request lacks the session's CSRF token in `X-Csrf-Token`.\n- Sent by a page of another origin."
		if got := all.Responses["403"].Description; got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	})
}

// wantShown compares the example of a header with the value that the server sent.
func wantShown(t *testing.T, op documentedOperation, w *httptest.ResponseRecorder, status, name, want string) {
	t.Helper()
	var h struct {
		Example  string
		Required bool
		Schema   struct{ Type string }
	}
	if err := json.Unmarshal(op.Responses[status].Headers[name], &h); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if w.Header().Get(name) == "" || h.Example != want || h.Required || h.Schema.Type != "string" {
		t.Errorf("H6 O8 got %s %+v and the header %q, want the example %q, a string that is not required", name, h, w.Header().Get(name), want)
	}
}

// TestCredentialHeadersAreTrue compares the headers with a credential with those of the
// server, except the token.
func TestCredentialHeadersAreTrue(t *testing.T) {
	s := problemsAPI(t, humasesstest.NewClock())
	huma.Post(s.api, "/token", func(_ context.Context, in *signIn) (*tokenAnswer, error) {
		token, err := in.Session.StartBearer(account{ID: "native"})
		return &tokenAnswer{token}, err
	})
	doc, _ := documentOf(t, s.mux)
	c := s.client(byNobody)
	w := c.Do("POST", "/login", nil)
	wantStatus(t, w, http.StatusNoContent)
	value, attributes, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
	name, _, _ := strings.Cut(value, "=")
	wantShown(t, doc.Paths["/login"]["post"], w, "204", "Set-Cookie", name+"=example-token;"+attributes)
	wantShown(t, doc.Paths["/login"]["post"], w, "204", csrfName, "example-token")
	w = c.Do("POST", "/renew", nil, withHeaders(csrfName, w.Header().Get(csrfName)))
	wantStatus(t, w, http.StatusNoContent)
	wantShown(t, doc.Paths["/renew"]["post"], w, "204", "Set-Cookie", name+"=example-token;"+attributes)
	wantShown(t, doc.Paths["/renew"]["post"], w, "204", csrfName, "example-token")

	w = s.client(byNobody).Do("POST", "/token", nil)
	wantStatus(t, w, http.StatusOK)
	if headers := doc.Paths["/token"]["post"].Responses["200"].Headers; len(headers) != 0 {
		t.Errorf("O8 got headers %v beside a token in the body, want none", headers)
	}
	var token humasess.BearerToken
	if err := json.Unmarshal(w.Body.Bytes(), &token); err != nil {
		t.Fatal(err)
	}
	w = s.client(byNobody).Do("POST", "/renew", nil, withHeaders("Authorization", "Bearer "+token.AccessToken))
	wantStatus(t, w, http.StatusNoContent)
	wantShown(t, doc.Paths["/renew"]["post"], w, "204", "Session-Token", "hs_example-token")
}
