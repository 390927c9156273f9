// A device keeps its bearer token in a file, and each command is a process. It prints
// the status of the answer. The generated package is next to this file while the tests
// run, and only then.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/humasess/sessions/internal/e2e/sdk/testdata/oapicodegen/device/api"
)

func main() {
	log.SetFlags(0)
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, url, file, command string) error {
	client, err := api.NewClientWithResponses(url, api.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		token, err := os.ReadFile(file)
		if err == nil {
			r.Header.Set("Authorization", "Bearer "+string(token))
		}
		return nil
	}))
	if err != nil {
		return err
	}
	switch command {
	case "login":
		login, err := client.PostTokenWithResponse(ctx, api.CredentialsInputBody{Name: "grace", Password: "compiler"})
		if err != nil {
			return err
		}
		fmt.Println(login.StatusCode())
		return os.WriteFile(file, []byte(login.JSON200.AccessToken), 0o600)
	case "me":
		me, err := client.GetMeWithResponse(ctx)
		if err != nil {
			return err
		}
		fmt.Println(me.StatusCode())
	case "renew", "crash":
		renewal, err := client.PostTokenRenewalWithResponse(ctx)
		if err != nil {
			return err
		}
		fmt.Println(renewal.StatusCode(), renewal.HTTPResponse.Header.Get("Retry-After"))
		if command == "crash" {
			os.Exit(0) // the token is lost
		}
		if renewal.JSON200 != nil {
			return os.WriteFile(file, []byte(renewal.JSON200.AccessToken), 0o600)
		}
	}
	return nil
}
