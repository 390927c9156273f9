package account_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/account"
	"github.com/humasess/sessions/stores/memory"
)

// TestKeysManageNoSessions sends an API key that counts elsewhere. A key must not list or
// end the sessions of its user.
func TestKeysManageNoSessions(t *testing.T) {
	t.Parallel()
	type user struct{ ID string }
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[user]{
		Identity: func(u user) string { return u.ID },
		Schemes: map[string]func(huma.Context, []string) (user, error){
			"apiKey": func(huma.Context, []string) (user, error) { return user{"ada"}, nil },
		},
		AcceptSchemes: []string{"apiKey"},
	})
	if err != nil {
		t.Fatal(err)
	}
	config := huma.DefaultConfig("Test", "1.0.0")
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"apiKey": {Type: "apiKey", In: "header", Name: "X-Key"}}
	mux := http.NewServeMux()
	api := humago.New(mux, config)
	if err := sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	if err := account.Register(api, sessions, &account.Options[user, user]{View: func(u user) user { return u }}); err != nil {
		t.Fatal(err)
	}
	for path, methods := range api.OpenAPI().Paths {
		for method, op := range map[string]*huma.Operation{
			http.MethodGet: methods.Get, http.MethodPost: methods.Post, http.MethodDelete: methods.Delete,
		} {
			if op == nil || op.OperationID == string(account.SignOut) { // which needs no session
				continue
			}
			r := httptest.NewRequest(method, path, nil)
			r.Header.Set("X-Key", "ada")
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, r)
			if w.Code != http.StatusUnauthorized {
				t.Errorf("%s %s: got %d, want 401", method, path, w.Code)
			}
		}
	}
}
