package declaretest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores/memory"
)

// TestChallengeFollowsTheDocument shows that a program may still complete its own
// scheme after the first request.
func TestChallengeFollowsTheDocument(t *testing.T) {
	m, err := humasess.New(memory.New(nil), &humasess.Options[account]{
		Schemes: map[string]func(huma.Context, []string) (account, error){
			"key": func(huma.Context, []string) (account, error) { return account{}, errors.New("no key") },
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Test", "1.0.0"))
	schemes := map[string]*huma.SecurityScheme{"key": {Type: "apiKey", In: "header", Name: "X-Key"}}
	api.OpenAPI().Components.SecuritySchemes = schemes
	if err := m.Attach(api); err != nil {
		t.Fatal(err)
	}
	huma.Register(api, huma.Operation{
		OperationID: "keyed", Method: http.MethodGet, Path: "/keyed", Security: []map[string][]string{{"key": {}}},
	}, func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
	challenge := func() string {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/keyed", nil))
		wantStatus(t, w, http.StatusUnauthorized)
		return w.Result().Header.Get("WWW-Authenticate")
	}
	before := challenge()
	api.OpenAPI().Components.SecuritySchemes["key"] = &huma.SecurityScheme{Type: "http", Scheme: "basic"}
	if after := challenge(); after == before || after != `Basic realm="api"` {
		t.Errorf("got %q, then %q, want another one, Basic", before, after)
	}
}
