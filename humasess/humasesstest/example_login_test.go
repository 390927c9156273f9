package humasesstest_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"path/filepath"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// A test calls an operation as a user, without the sign-in of the program.
func ExampleLogin() {
	var t printer // func TestMe(t *testing.T) {

	mux := http.NewServeMux()
	api, sessions := buildAPI(mux)
	huma.Get(api, "/me", func(context.Context, *meInput) (*struct{}, error) { return nil, nil })

	client := humasesstest.NewClient(mux)
	fmt.Println(client.Do("GET", "/me", nil).Code)
	client.SetCookie(humasesstest.Login(t, sessions, user{ID: "ada"}))
	fmt.Println(client.Do("GET", "/me", nil).Code)
	// Output:
	// 401
	// 204
}

// A test of an operation that requires a recent sign-in has one session for each age.
func ExampleAuthenticated() {
	var t printer // func TestTransfer(t *testing.T) {

	mux := http.NewServeMux()
	api, sessions := buildAPI(mux)
	payments := huma.NewGroup(api)
	payments.UseSimpleModifier(sessions.RequireFresh(10 * time.Minute))
	huma.Post(payments, "/transfer", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })

	for _, ago := range []time.Duration{time.Minute, time.Hour} {
		client := humasesstest.NewClient(mux)
		client.SetCookie(humasesstest.Login(t, sessions, user{ID: "ada"}, humasesstest.Authenticated(ago, "pwd")))
		fmt.Println(ago, client.Do("POST", "/transfer", nil).Code)
	}
	// Output:
	// 1m0s 204
	// 1h0m0s 403
}

// A client keeps cookies as a browser does. A copy of it is a second browser with them.
func ExampleClient() {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /theme", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "theme", Value: "dark"})
	})
	client := humasesstest.NewClient(mux)
	response := client.Do("POST", "/theme", map[string]string{"sent as": "JSON"}, func(r *http.Request) {
		r.Header.Set("User-Agent", "a test")
	})
	fmt.Println(response.Code, client.Cookie("theme"), client.Clone().Cookie("theme"))
	// Output: 200 dark dark
}

// A test of a race stops one request between its read and its write.
func ExampleStore_Hold() {
	store, mux := humasesstest.Wrap(memory.New(nil)), http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Example", "1.0.0"))
	sessions, err := humasess.New(store, quietOptions())
	if err != nil {
		log.Fatal(err)
	}
	if err := sessions.Attach(api); err != nil {
		log.Fatal(err)
	}
	huma.Post(api, "/visit", func(_ context.Context, in *meInput) (*struct{}, error) {
		return nil, in.Session.Update(func(u *user) error {
			u.Roles = append(u.Roles, "visitor")
			return nil
		})
	})
	cookie, err := sessions.Issue(context.Background(), user{ID: "ada"})
	if err != nil {
		log.Fatal(err)
	}
	client := humasesstest.NewClient(mux)
	client.SetCookie(cookie)

	entered, release := store.Hold(humasesstest.OpUpdate)
	status := make(chan int)
	go func() { status <- client.Do("POST", "/visit", nil).Code }()
	<-entered // the request is about to write
	_, err = sessions.RevokeIdentity(context.Background(), "ada")
	release()
	fmt.Println(<-status, err)
	// Output: 401 <nil>
}

// A golden test fails when a change of the program opens an operation.
func ExampleCheckPolicy() {
	var t printer // func TestPolicy(t *testing.T) {

	api, _ := buildAPI(http.NewServeMux())
	huma.Get(api, "/reports", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }) // the file has it for users
	humasesstest.CheckPolicy(t, api, filepath.Join("testdata", "example_policy.json"))
	// Output:
	// humasesstest: the policy of the API is not that of testdata/example_policy.json:
	//   loosens GET /reports: user, `sessionCookie` -> unmarked
	// If the changes are intended, run the test with HUMASESS_UPDATE=1 and commit the file.
}
