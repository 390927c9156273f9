package declaretest_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/openapi"
	"github.com/humasess/sessions/stores/memory"
)

// Types of a program with the names of types in Info.
type (
	Client         struct{ Company string }
	Method         struct{ Payment string }
	Authentication struct{ Letter string }
	Info           struct{ Text string }
	User           struct {
		ID     string `json:"id"`
		Client Client `json:"client"`
	}
	ownTypes struct {
		Client         Client
		Method         Method
		Authentication Authentication
		Info           Info
		Sessions       []humasess.Info[User]
		Latest         *humasess.Info[User]
		Proof          humasess.Authentication
		Device         humasess.Client
	}
)

func TestInfoInAnswers(t *testing.T) {
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[User]{Identity: func(u User) string { return u.ID }})
	if err != nil {
		t.Fatal(err)
	}
	mux, api := newAPI()
	if err := sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	type input struct{ humasess.Required[User] }
	huma.Get(api, "/one", func(ctx context.Context, in *input) (*struct{ Body humasess.Info[User] }, error) {
		infos, err := in.Session.List(ctx)
		return &struct{ Body humasess.Info[User] }{infos[0]}, err
	})
	huma.Get(api, "/all", func(ctx context.Context, in *input) (*struct{ Body ownTypes }, error) {
		infos, err := in.Session.List(ctx)
		return &struct{ Body ownTypes }{ownTypes{Sessions: infos, Latest: &infos[0]}}, err
	})
	huma.Post(api, "/prove", func(_ context.Context, in *input) (*struct{}, error) { return nil, in.Session.Reauthenticated("pwd") })

	c := humasesstest.NewClient(mux)
	c.SetCookie(humasesstest.Login(t, sessions, User{ID: "ada"}))
	for _, when := range []string{"signed in", "authenticated again"} {
		for _, path := range []string{"/one", "/all"} {
			w := c.Do(http.MethodGet, path, nil)
			wantStatus(t, w, http.StatusOK)
			for _, key := range []string{
				`"id":"`, `"identity":"ada"`, `"data":{"id":"ada"`, `"current":true`, `"created_at":"`, `"last_seen_at":"`, `"expires_at":"`,
				`"authentication":{"time":"`, `"client":{}`,
			} {
				wantText(t, "body", w.Body.String(), key)
			}
			if strings.Contains(w.Body.String(), `"methods":[{"name":"pwd","time":"`) != (when == "authenticated again") {
				t.Errorf("%s, %s: got %s, want a method after the second proof only", when, path, w.Body)
			}
			var body any
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
				t.Fatal(err)
			}
			registry, result := api.OpenAPI().Components.Schemas, &huma.ValidateResult{}
			schema := api.OpenAPI().Paths[path].Get.Responses["200"].Content["application/json"].Schema
			huma.Validate(registry, schema, huma.NewPathBuffer([]byte{}, 0), huma.ModeReadFromServer, body, result)
			if len(result.Errors) > 0 {
				t.Errorf("%s, %s: got %s, which the document does not describe: %v", when, path, w.Body, result.Errors)
			}
		}
		wantStatus(t, c.Do(http.MethodPost, "/prove", nil), http.StatusNoContent)
	}

	now, err := json.Marshal(api.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	old, err := openapi.Downgrade(api.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	for version, text := range map[string][]byte{"3.1": now, "3.0": old} {
		var doc struct {
			Components struct {
				Schemas map[string]struct {
					Properties map[string]json.RawMessage
				}
			}
		}
		if err := json.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		names := slices.Sorted(maps.Keys(doc.Components.Schemas))
		want := []string{"Authentication", "Client", "ErrorDetail", "ErrorModel", "Info", "Method", "OwnTypes", "User"}
		if !slices.Equal(names, want) {
			t.Errorf("%s: got the schemas %q, want %q", version, names, want)
		}
		for name, property := range map[string]string{"Client": "Company", "Method": "Payment", "Authentication": "Letter", "Info": "Text"} {
			if doc.Components.Schemas[name].Properties[property] == nil {
				t.Errorf("%s: the schema %s is not the program's", version, name)
			}
		}
		inPlace := string(doc.Components.Schemas["OwnTypes"].Properties["Sessions"])
		for _, key := range []string{`"last_seen_at":{"description":"`, `"user_agent":{`, `"methods":{`, `"data":{"$ref":"#/components/schemas/User"}`} {
			wantText(t, version, inPlace, key)
		}
	}
}
