package account_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/account"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// The program has paths and operation IDs of its own, and leaves one operation out.
func ExampleOptions_edit() {
	sessions, _ := humasess.New(memory.New(nil), &humasess.Options[Member]{
		Identity: func(m Member) string { return m.ID },
	})
	api := humago.New(http.NewServeMux(), huma.DefaultConfig("Members", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		log.Fatal(err)
	}
	err := account.Register(huma.NewGroup(api, "/api"), sessions, &account.Options[Member, Profile]{
		View: func(m Member) Profile { return Profile{Name: m.Name} },
		Tags: []string{"Devices"},
		Omit: []account.Operation{account.SignOutEverywhere},
		Edit: func(name account.Operation, op *huma.Operation) {
			switch name {
			case account.List:
				op.OperationID, op.Path = "list-devices", "/devices"
			case account.Revoke:
				op.OperationID, op.Path = "forget-device", "/devices/{id}"
			case account.RevokeOthers:
				op.Hidden = true
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(api.OpenAPI().Paths["/api/devices"].Get.OperationID)
	fmt.Println(api.OpenAPI().Paths["/api/devices/{id}"].Delete.OperationID)
	fmt.Println(len(api.OpenAPI().Paths))
	// Output:
	// list-devices
	// forget-device
	// 4
}

// Ending other sessions asks for the password again. The program has an operation that
// checks it.
func ExampleOptions_fresh() {
	clock, mux := humasesstest.NewClock(), http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Members", "1.0.0"))
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[Member]{
		Identity: func(m Member) string { return m.ID },
		Now:      clock.Now,
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := sessions.Attach(api); err != nil {
		log.Fatal(err)
	}
	if err := account.Register(api, sessions, &account.Options[Member, Profile]{
		View:  func(m Member) Profile { return Profile{Name: m.Name} },
		Fresh: 10 * time.Minute,
	}); err != nil {
		log.Fatal(err)
	}
	huma.Post(api, "/password", func(_ context.Context, in *struct{ humasess.Required[Member] }) (*struct{}, error) {
		return nil, in.Session.Reauthenticated("pwd") // after a check of the password
	}, humasess.Renews)

	client := humasesstest.NewClient(mux)
	cookie, err := sessions.Issue(context.Background(), Member{ID: "u1", Name: "Ada"})
	if err != nil {
		log.Fatal(err)
	}
	client.SetCookie(cookie)
	clock.Advance(20 * time.Minute)
	fmt.Println(client.Do("POST", "/sessions/revoke-others", nil).Code)
	client.Do("POST", "/password", nil)
	fmt.Println(client.Do("POST", "/sessions/revoke-others", nil).Code)
	// Output:
	// 403
	// 200
}
