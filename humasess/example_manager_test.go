package humasess_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/netip"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

func ExampleManager_Require() {
	api, sessions, client := memberAPI()
	admin := huma.NewGroup(api, "/admin")
	admin.UseSimpleModifier(sessions.Require("admin"))
	huma.Get(admin, "/report", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })

	fmt.Println(client.Do("GET", "/admin/report", nil).Code)
	client.Do("POST", "/login", Member{ID: "grace"})
	fmt.Println(client.Do("GET", "/admin/report", nil).Code)
	client.Do("POST", "/login", Member{ID: "ada", Roles: []string{"admin"}})
	fmt.Println(client.Do("GET", "/admin/report", nil).Code)
	fmt.Println(api.OpenAPI().Paths["/admin/report"].Get.Security)
	// Output:
	// 401
	// 403
	// 204
	// [map[sessionCookie:[admin]]]
}

func ExampleManager_Attach() {
	type (
		Cart       struct{ Items []string }
		Auth       = humasess.Required[Member]
		Basket     = humasess.Session[Cart]
		OrderInput struct {
			Auth
			Basket
		}
		OrderOutput struct{ Body string }
	)
	carts, err := humasess.New(memory.New(nil), &humasess.Options[Cart]{
		SchemeName: "cartCookie",
		Cookie:     humasess.CookieOptions{Name: "__Host-cart"},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Shop", "1.0.0"))
	members, _ := humasess.New[Member](memory.New(nil), nil)
	if err := errors.Join(members.Attach(api), carts.Attach(api)); err != nil {
		log.Fatal(err)
	}
	huma.Post(api, "/order", func(_ context.Context, in *OrderInput) (*OrderOutput, error) {
		cart, ok := in.Basket.Get()
		return &OrderOutput{Body: fmt.Sprint(in.Auth.Value().ID, " orders ", cart.Items, " ", ok)}, nil
	})
	client := humasesstest.NewClient(mux)
	for _, issue := range []func() (*http.Cookie, error){
		func() (*http.Cookie, error) { return members.Issue(context.Background(), Member{ID: "ada"}) },
		func() (*http.Cookie, error) { return carts.Issue(context.Background(), Cart{Items: []string{"tea"}}) },
	} {
		cookie, err := issue()
		if err != nil {
			log.Fatal(err)
		}
		client.SetCookie(cookie)
	}
	fmt.Print(client.Do("POST", "/order", nil).Body)
	// Output: "ada orders [tea] true"
}

func ExampleManager_Handler() {
	sessions, err := humasess.New[Member](memory.New(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	page := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, _ := humasess.From[Member](r.Context())
		if err := s.Start(Member{ID: r.FormValue("user")}); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}))

	client := humasesstest.NewClient(page)
	response := client.Do("GET", "/callback?user=ada", nil)
	fmt.Println(response.Code, client.Cookie(sessions.CookieName()) != "")
	// Output: 303 true
}

func ExampleManager_RevokeIdentity() {
	type MeInput struct{ humasess.Required[Member] }
	api, sessions, client := memberAPI()
	huma.Get(api, "/me", func(_ context.Context, in *MeInput) (*MemberOutput, error) {
		return &MemberOutput{Body: in.Value()}, nil
	})

	client.Do("POST", "/login", Member{ID: "ada"})
	ended, err := sessions.RevokeIdentity(context.Background(), "ada")
	fmt.Println(ended, err)
	fmt.Println(client.Do("GET", "/me", nil).Code)
	// Output:
	// 1 <nil>
	// 401
}

// An identity provider signs a user out: its logout token names the sid of the sign-in,
// which the program keeps in the session's data.
func ExampleManager_RevokeWhere() {
	type Login struct {
		ID  string
		SID string // the claim of the ID token
	}
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[Login]{Identity: func(l Login) string { return l.ID }})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	for _, sid := range []string{"laptop", "phone"} {
		if _, err := sessions.Issue(ctx, Login{ID: "ada", SID: sid}); err != nil {
			log.Fatal(err)
		}
	}
	ended, err := sessions.RevokeWhere(ctx, "ada", func(s humasess.Info[Login]) bool { return s.Data.SID == "laptop" })
	fmt.Println(ended, err)
	left, err := sessions.List(ctx, "ada")
	fmt.Println(len(left), left[0].Data.SID, err)
	// Output:
	// 1 <nil>
	// 1 phone <nil>
}

func ExampleManager_UpdateIdentity() {
	api, sessions, client := memberAPI()
	group := huma.NewGroup(api)
	group.UseSimpleModifier(sessions.Require("admin"))
	huma.Get(group, "/admin", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })

	client.Do("POST", "/login", Member{ID: "ada"})
	fmt.Println(client.Do("GET", "/admin", nil).Code)
	changed, err := sessions.UpdateIdentity(context.Background(), "ada", func(m *Member) error {
		m.Roles = append(m.Roles, "admin")
		return nil
	})
	fmt.Println(changed, err)
	fmt.Println(client.Do("GET", "/admin", nil).Code)
	// Output:
	// 403
	// 1 <nil>
	// 204
}

func ExampleManager_Issue() {
	type MeInput struct{ humasess.Required[Member] }
	api, sessions, client := memberAPI()
	huma.Get(api, "/me", func(_ context.Context, in *MeInput) (*MemberOutput, error) {
		return &MemberOutput{Body: in.Value()}, nil
	})

	cookie, err := sessions.Issue(context.Background(), Member{ID: "ada"})
	if err != nil {
		log.Fatal(err)
	}
	client.SetCookie(cookie)
	fmt.Println(client.Do("GET", "/me", nil).Code)
	// Output: 200
}

func ExampleOptions_onEvent() {
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Example", "1.0.0"))
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[Member]{
		OnEvent: func(_ context.Context, e events.Event) { fmt.Println(e.Kind, e.Operation, e.Reason) },
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := sessions.Attach(api); err != nil {
		log.Fatal(err)
	}
	huma.Post(api, "/login", func(_ context.Context, in *SignInInput) (*struct{}, error) {
		return nil, in.Session.Start(in.Body)
	})

	client := humasesstest.NewClient(mux)
	client.SetCookie(&http.Cookie{Name: sessions.CookieName(), Value: "not-a-token"})
	client.Do("POST", "/login", Member{ID: "ada"})
	// Output:
	// rejected post-login malformed
	// created post-login
}

// Behind a proxy, the program reads the address of the client from the header
// that the proxy sets.
func ExampleOptions_client() {
	// docs: begin client
	client := func(ctx huma.Context) humasess.Client {
		c := humasess.ClientOf(ctx)
		addr, _ := netip.ParseAddr(ctx.Header("X-Real-IP")) // the proxy sets it, and drops the header of clients
		c.Address = netip.PrefixFrom(addr, addr.BitLen())
		return c
	}
	// docs: end
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Example", "1.0.0"))
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[Member]{
		Identity: func(m Member) string { return m.ID },
		Client:   client,
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := sessions.Attach(api); err != nil {
		log.Fatal(err)
	}
	huma.Post(api, "/login", func(_ context.Context, in *SignInInput) (*struct{}, error) {
		return nil, in.Session.Start(in.Body)
	})

	humasesstest.NewClient(mux).Do("POST", "/login", Member{ID: "ada"}, func(r *http.Request) {
		r.Header.Set("User-Agent", "curl/8.5.0")
		r.Header.Set("X-Real-IP", "203.0.113.9")
	})
	infos, err := sessions.List(context.Background(), "ada")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(infos[0].Client.Label(), infos[0].Client.Address)
	// Output: curl 203.0.113.9/32
}
