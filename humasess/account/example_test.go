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

// Member is the data of a session.
type Member struct{ ID, Name string }

// Profile is the part of Member that the API shows.
type Profile struct {
	Name string `json:"name"`
}

// One call registers the operations of a page that shows users where they are signed in.
func Example() {
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[Member]{
		Identity: func(m Member) string { return m.ID },
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Members", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		log.Fatal(err)
	}
	if err := account.Register(api, sessions, &account.Options[Member, Profile]{
		View:  func(m Member) Profile { return Profile{Name: m.Name} },
		Fresh: 10 * time.Minute,
	}); err != nil {
		log.Fatal(err)
	}

	laptop, phone := humasesstest.NewClient(mux), humasesstest.NewClient(mux)
	for _, device := range []*humasesstest.Client{laptop, phone} {
		cookie, err := sessions.Issue(context.Background(), Member{ID: "u1", Name: "Ada"})
		if err != nil {
			log.Fatal(err)
		}
		device.SetCookie(cookie)
	}
	fmt.Println(laptop.Do("POST", "/sessions/revoke-others", nil).Code)
	fmt.Println(phone.Do("GET", "/session", nil).Code)
	fmt.Println(laptop.Do("GET", "/session", nil).Code)
	fmt.Println(laptop.Do("POST", "/sign-out", nil).Code)
	// Output:
	// 200
	// 401
	// 200
	// 204
}
