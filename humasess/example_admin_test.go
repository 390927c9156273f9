package humasess_test

import (
	"context"
	"fmt"
	"log"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores/memory"
)

// An administrator sees the sessions of a user, and ends one of them.
func ExampleManager_Revoke() {
	_, sessions, client := memberAPI()
	client.Do("POST", "/login", Member{ID: "ada"})

	ctx := context.Background()
	all, err := sessions.List(ctx, "ada")
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range all {
		fmt.Println(s.Identity, s.Carrier, sessions.Revoke(ctx, s.ID))
	}
	fmt.Println(sessions.Revoke(ctx, all[0].ID)) // it has ended already
	// Output:
	// ada cookie <nil>
	// humasess: session not found
}

// A command counts the sessions of all users and goes through them.
func ExampleManager_All() {
	ctx := context.Background()
	_, sessions, client := memberAPI()
	for _, name := range []string{"ada", "ada", "grace"} {
		client.Clone().Do("POST", "/login", Member{ID: name})
	}

	count, err := sessions.Count(ctx)
	fmt.Println(count, err)
	perUser := map[string]int{}
	for info, err := range sessions.All(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		perUser[info.Identity]++
	}
	fmt.Println(perUser)
	// Output:
	// 3 <nil>
	// map[ada:2 grace:1]
}

// After a leak of credentials, all users have to sign in again.
func ExampleManager_RevokeEverything() {
	api, sessions, client := memberAPI()
	huma.Get(api, "/me", func(context.Context, *struct{ humasess.Required[Member] }) (*struct{}, error) { return nil, nil })
	client.Do("POST", "/login", Member{ID: "ada"})

	ended, err := sessions.RevokeEverything(context.Background())
	fmt.Println(ended, err)
	fmt.Println(client.Do("GET", "/me", nil).Code)
	// Output:
	// 1 <nil>
	// 401
}

// At the end of a program, Close ends the streams that wait for Session.Done. The program
// then closes its server and the client of its store.
func ExampleManager_Close() {
	ctx := context.Background()
	sessions, err := humasess.New[Member](memory.New(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { fmt.Println("closed:", sessions.Close(ctx)) }()

	fmt.Println("serve here")
	// Output:
	// serve here
	// closed: <nil>
}

// A preference decides nothing about access, so logins in progress need no refusal.
func ExampleKeepSignIns() {
	type Settings struct{ User, Theme string }
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[Settings]{
		Identity: func(s Settings) string { return s.User },
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := sessions.Issue(ctx, Settings{User: "ada"}); err != nil {
		log.Fatal(err)
	}
	changed, err := sessions.UpdateIdentity(ctx, "ada", func(s *Settings) error {
		s.Theme = "dark"
		return nil
	}, humasess.KeepSignIns())
	fmt.Println(changed, err)
	// Output: 1 <nil>
}
