package docs_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
)

// docs: begin types
type Cart struct{ Items []string }

type (
	Auth       = humasess.Required[User]
	Basket     = humasess.Session[Cart]
	OrderInput struct {
		Auth
		Basket

		Body struct{ Item string }
	}
)

// docs: end

type OrderOutput struct{ Body []string }

// docs: begin managers
func attach(api huma.API, store stores.Store) error {
	users, err := humasess.New(store, &humasess.Options[User]{Identity: func(u User) string { return u.ID }})
	if err != nil {
		return err
	}
	baskets, err := humasess.New(store, &humasess.Options[Cart]{
		SchemeName: "basketCookie",
		Cookie:     humasess.CookieOptions{Name: "__Host-basket"},
	})
	if err != nil {
		return err
	}
	if err := users.Attach(api); err != nil {
		return err
	}
	return baskets.Attach(api)
}

// docs: end

// TestSessionTypes runs the blocks of docs/session-types.md.
func TestSessionTypes(t *testing.T) {
	api := humago.New(http.NewServeMux(), huma.DefaultConfig("API", "1.0.0"))
	if err := attach(api, memory.New(nil)); err != nil {
		t.Fatal(err)
	}
	huma.Post(api, "/login", func(_ context.Context, in *LoginInput) (*struct{}, error) {
		return nil, in.Session.Start(User{ID: in.Body.Name})
	})
	// docs: begin operation
	huma.Post(api, "/orders", func(ctx context.Context, in *OrderInput) (*OrderOutput, error) {
		err := in.Basket.Update(func(c *Cart) error {
			c.Items = append(c.Items, in.Body.Item+" for "+in.Auth.Value().ID)
			return nil
		})
		cart, _ := in.Basket.Get()
		return &OrderOutput{Body: cart.Items}, err
	})
	// docs: end
	client := humasesstest.NewClient(api.Adapter())
	order := map[string]string{"Item": "tea"}
	if got := client.Do("POST", "/orders", order).Code; got != http.StatusUnauthorized {
		t.Errorf("got %d without a user, want 401", got)
	}
	client.Do("POST", "/login", map[string]string{"Name": "ada", "Password": ""})
	for _, want := range []string{`["tea for ada"]`, `["tea for ada","tea for ada"]`} {
		if got := strings.TrimSpace(client.Do("POST", "/orders", order).Body.String()); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if client.Cookie("__Host-id") == "" || client.Cookie("__Host-basket") == "" {
		t.Error("got no cookie for one of the sessions, want two cookies")
	}
}
