// The client that oapi-codegen generates carries a session in a cookie jar.
// The generated package is next to this file while the tests run, and only
// then.
package main

import (
	"context"
	"log"
	"net/http"
	"net/http/cookiejar"
	"os"

	"github.com/humasess/sessions/internal/e2e/sdk/testdata/oapicodegen/api"
)

func main() {
	log.SetFlags(0)
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, url, name, password string) error {
	// docs: begin use
	jar, err := cookiejar.New(nil) // carries the session
	if err != nil {
		return err
	}
	client, err := api.NewClientWithResponses(url, api.WithHTTPClient(&http.Client{Jar: jar}))
	if err != nil {
		return err
	}
	login, err := client.PostLoginWithResponse(ctx, api.LoginInputBody{Name: name, Password: password})
	if err != nil {
		return err
	}
	me, err := client.GetMeWithResponse(ctx) // me.JSON200 is a *User, me.ApplicationproblemJSON401 a *ErrorModel
	if err != nil {
		return err
	}
	// docs: end
	expect("login", login.StatusCode(), 204)
	expect("me", me.JSON200.Id, name)

	admin, err := client.GetAdminWithResponse(ctx)
	if err != nil {
		return err
	}
	expect("admin", admin.StatusCode(), 403)
	expect("problem of admin", *admin.ApplicationproblemJSON403.Status, 403)

	sessions, err := client.ListSessionsWithResponse(ctx)
	if err != nil {
		return err
	}
	expect("sessions", len(*sessions.JSON200), 1)
	session := (*sessions.JSON200)[0]
	expect("session is the current one", session.Current, true)
	expect("session has begun", session.CreatedAt.Before(session.ExpiresAt), true)

	logout, err := client.PostLogoutWithResponse(ctx)
	if err != nil {
		return err
	}
	expect("logout", logout.StatusCode(), 204)
	me, err = client.GetMeWithResponse(ctx)
	if err != nil {
		return err
	}
	expect("me after logout", me.StatusCode(), 401)
	expect("problem of me after logout", *me.ApplicationproblemJSON401.Status, 401)
	return nil
}

func expect[T comparable](label string, got, want T) {
	if got != want {
		log.Fatalf("%s: got %v, want %v", label, got, want)
	}
}
