package humasess_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

// Protect covers every operation of a group, also those that embed nothing.
func ExampleManager_Protect() {
	api, sessions, client := memberAPI()
	admin := huma.NewGroup(api, "/admin")
	sessions.Protect(admin, "admin") // before the first operation of the group
	huma.Get(admin, "/report", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })

	fmt.Println(client.Do("GET", "/admin/report", nil).Code)
	client.Do("POST", "/login", Member{ID: "grace"})
	fmt.Println(client.Do("GET", "/admin/report", nil).Code)
	client.Do("POST", "/login", Member{ID: "ada", Roles: []string{"admin"}})
	fmt.Println(client.Do("GET", "/admin/report", nil).Code)
	// Output:
	// 401
	// 403
	// 204
}

// With RequireByDefault an operation is open only if it says so.
func ExampleOptions_requireByDefault() {
	api, _, client := newAPI(humasess.Options[Member]{RequireByDefault: true})
	nothing := func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }
	huma.Get(api, "/forgotten", nothing)
	huma.Get(api, "/health", nothing, func(op *huma.Operation) {
		op.Security = []map[string][]string{} // public
	})

	fmt.Println(client.Do("GET", "/forgotten", nil).Code)
	fmt.Println(client.Do("GET", "/health", nil).Code)
	// Output:
	// 401
	// 204
}

// An identity provider lets the browser post its answer to the API.
func ExampleAllowCrossSite() {
	api, _, client := memberAPI()
	nothing := func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }
	secured := func(op *huma.Operation) { op.Security = []map[string][]string{{"sessionCookie": {}}, {}} }
	huma.Post(api, "/callback", nothing, secured, humasess.AllowCrossSite)
	huma.Post(api, "/order", nothing, secured)

	fromProvider := func(r *http.Request) {
		r.Header.Set("Origin", "https://idp.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	}
	fmt.Println("callback:", client.Do("POST", "/callback", nil, fromProvider).Code)
	fmt.Println("order:", client.Do("POST", "/order", nil, fromProvider).Code)
	// Output:
	// callback: 204
	// order: 403
}

// A hidden operation is not in the document. Its policy is checked, and listed by
// openapi.PolicyOf.
func ExampleHide() {
	api, _, client := memberAPI()
	huma.Get(api, "/internal/metrics", func(context.Context, *struct{ humasess.Required[Member] }) (*struct{}, error) {
		return nil, nil
	}, humasess.Hide)

	fmt.Println(api.OpenAPI().Paths["/internal/metrics"] == nil)
	fmt.Println(client.Do("GET", "/internal/metrics", nil).Code)
	// Output:
	// true
	// 401
}

// The document of an operation that renews the token lists the header of the new one.
func ExampleRenews() {
	type StepUpInput struct{ humasess.Required[Member] }
	api, _, _ := memberAPI()
	huma.Post(api, "/step-up", func(_ context.Context, in *StepUpInput) (*struct{}, error) {
		return nil, in.Session.Reauthenticated("otp")
	}, humasess.Renews)

	_, documented := api.OpenAPI().Paths["/step-up"].Post.Responses["204"].Headers["Set-Cookie"]
	fmt.Println(documented)
	// Output: true
}

// A user that asks for a page without a session goes to the sign-in page, and comes back
// from there.
func ExampleManager_Pages() {
	_, sessions, client := memberAPI()
	mux := http.NewServeMux()
	pages := sessions.Pages(&humasess.PageOptions{Require: true, LoginURL: "/login"})
	mux.Handle("GET /account", pages(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, _ := humasess.From[Member](r.Context())
		m, _ := s.Get()
		_, _ = fmt.Fprintln(w, "account of", m.ID)
	})))

	browser := func(cookie string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "https://shop.example/account?tab=orders", nil)
		r.Header.Set("Accept", "text/html")
		r.AddCookie(&http.Cookie{Name: sessions.CookieName(), Value: cookie})
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w
	}
	answer := browser("")
	fmt.Println(answer.Code, answer.Header().Get("Location"))
	client.Do("POST", "/login", Member{ID: "ada"})
	fmt.Print(browser(client.Cookie(sessions.CookieName())).Body)
	// Output:
	// 303 /login?return_to=%2Faccount%3Ftab%3Dorders
	// account of ada
}

// A page sends the token of its session with each unsafe request.
func ExampleSession_CSRFToken() {
	type FormInput struct{ humasess.Required[Member] }
	type FormOutput struct{ Body string }
	api, _, client := newAPI(humasess.Options[Member]{CSRFHeader: "X-CSRF-Token"})
	var token string
	huma.Get(api, "/form", func(_ context.Context, in *FormInput) (*FormOutput, error) {
		var err error
		token, err = in.Session.CSRFToken()
		return &FormOutput{Body: "a page with the token"}, err
	})
	huma.Post(api, "/form", func(context.Context, *FormInput) (*struct{}, error) { return nil, nil })

	client.Do("POST", "/login", Member{ID: "ada"})
	client.Do("GET", "/form", nil)
	fmt.Println(client.Do("POST", "/form", nil).Code)
	fmt.Println(client.Do("POST", "/form", nil, func(r *http.Request) { r.Header.Set("X-Csrf-Token", token) }).Code)
	// Output:
	// 403
	// 204
}

// An API key is accepted everywhere except for the operation that ends a session.
func ExampleOnlySession() {
	api, _, client := newAPI(humasess.Options[Member]{
		Schemes:       map[string]func(huma.Context, []string) (Member, error){"apiKey": memberOfKey},
		AcceptSchemes: []string{"apiKey"},
	})
	user := func(context.Context, *struct{ humasess.Required[Member] }) (*struct{}, error) { return nil, nil }
	huma.Get(api, "/me", user)
	huma.Post(api, "/renew", user, humasess.OnlySession)

	key := func(r *http.Request) { r.Header.Set("X-Api-Key", "correct") }
	fmt.Println(client.Do("GET", "/me", nil, key).Code)
	fmt.Println(client.Do("POST", "/renew", nil, key).Code)
	// Output:
	// 204
	// 401
}
