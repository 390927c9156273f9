// The client that oapi-codegen generates sends a bearer token that a request editor
// adds. The generated package is next to this file while the tests run, and only
// then.
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/humasess/sessions/internal/e2e/sdk/testdata/oapicodegen/token/api"
)

func main() {
	log.SetFlags(0)
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, url, name, password string) error {
	// docs: begin use
	var token string
	client, err := api.NewClientWithResponses(url, api.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		return nil
	}))
	// docs: end
	if err != nil {
		return err
	}
	me, err := client.GetMeWithResponse(ctx)
	if err != nil {
		return err
	}
	expect("me before login", me.StatusCode(), 401)
	expect("problem of me before login", *me.ApplicationproblemJSON401.Status, 401)

	login, err := client.PostTokenWithResponse(ctx, api.CredentialsInputBody{Name: name, Password: password})
	if err != nil {
		return err
	}
	expect("login", login.StatusCode(), 200)
	expect("type of the token", login.JSON200.TokenType, "Bearer")
	expect("the token lives", login.JSON200.ExpiresIn > 0, true)
	token = login.JSON200.AccessToken
	if me, err = client.GetMeWithResponse(ctx); err != nil {
		return err
	}
	expect("me", me.JSON200.Id, name)
	admin, err := client.GetAdminWithResponse(ctx)
	if err != nil {
		return err
	}
	expect("admin", admin.StatusCode(), 403)
	expect("problem of admin", *admin.ApplicationproblemJSON403.Status, 403)

	renewal, err := client.PostTokenRenewalWithResponse(ctx)
	if err != nil {
		return err
	}
	expect("renewal", renewal.StatusCode(), 200)
	token = renewal.JSON200.AccessToken
	proof, err := client.PostStepUpWithResponse(ctx)
	if err != nil {
		return err
	}
	expect("step-up", proof.StatusCode(), 204)
	// docs: begin next
	if next := proof.HTTPResponse.Header.Get("Session-Token"); next != "" {
		token = next // the former one does not work any more
	}
	// docs: end
	sessions, err := client.ListSessionsWithResponse(ctx)
	if err != nil {
		return err
	}
	expect("sessions", len(*sessions.JSON200), 1)
	expect("carrier", (*sessions.JSON200)[0].Carrier, "bearer")

	logout, err := client.PostLogoutWithResponse(ctx)
	if err != nil {
		return err
	}
	expect("logout", logout.StatusCode(), 204)
	if me, err = client.GetMeWithResponse(ctx); err != nil {
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
