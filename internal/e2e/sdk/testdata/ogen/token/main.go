// The client that ogen generates asks for the session's token before each operation
// that may use it. The generated package is next to this file while the tests run,
// and only then.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/humasess/sessions/internal/e2e/sdk/testdata/ogen/token/api"
	"github.com/ogen-go/ogen/ogenerrors"
)

func main() {
	log.SetFlags(0)
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		log.Fatal(err)
	}
}

// docs: begin type

// session is an api.SecuritySource. It holds the token of the last login or renewal.
type session struct{ token string }

// SessionBearer is asked before each operation that is not public.
func (s *session) SessionBearer(context.Context, api.OperationName) (api.SessionBearer, error) {
	return api.SessionBearer{Token: s.token}, nil
}

// SessionCookie leaves the cookie out.
func (s *session) SessionCookie(context.Context, api.OperationName) (api.SessionCookie, error) {
	return api.SessionCookie{}, ogenerrors.ErrSkipClientSecurity
}

// docs: end

func run(ctx context.Context, url, name, password string) error {
	var s session
	client, err := api.NewClient(url, &s)
	if err != nil {
		return err
	}
	me, err := client.GetMe(ctx)
	if err != nil {
		return err
	}
	refused, ok := me.(*api.ErrorModelHeaders)
	expect("me is refused before login", ok, true)
	expect("problem of me before login", refused.Response.Status.Value, 401)

	login, err := client.PostToken(ctx, &api.CredentialsInputBody{Name: name, Password: password})
	if err != nil {
		return err
	}
	token, ok := login.(*api.PostTokenOK)
	if !ok {
		return fmt.Errorf("login: %v", login)
	}
	expect("type of the token", token.TokenType, api.PostTokenOKTokenTypeBearer)
	expect("the token lives", token.ExpiresIn > 0, true)
	s.token = token.AccessToken
	if me, err = client.GetMe(ctx); err != nil {
		return err
	}
	expect("me", me.(*api.User).ID, name)
	admin, err := client.GetAdmin(ctx)
	if err != nil {
		return err
	}
	forbidden, ok := admin.(*api.ErrorModel)
	expect("admin is forbidden", ok, true)
	expect("problem of admin", forbidden.Status.Value, 403)

	renewal, err := client.PostTokenRenewal(ctx)
	if err != nil {
		return err
	}
	renewed, ok := renewal.(*api.PostTokenRenewalOK)
	if !ok {
		return fmt.Errorf("renewal: %v", renewal)
	}
	s.token = renewed.AccessToken
	stepUp, err := client.PostStepUp(ctx)
	if err != nil {
		return err
	}
	proof, ok := stepUp.(*api.PostStepUpNoContent)
	if !ok {
		return fmt.Errorf("step-up: %v", stepUp)
	}
	// docs: begin next
	if next := proof.SessionToken; next.Set {
		s.token = next.Value // the former one does not work any more
	}
	// docs: end
	list, err := client.ListSessions(ctx)
	if err != nil {
		return err
	}
	sessions, ok := list.(*api.ListSessionsOKApplicationJSON)
	expect("sessions are listed", ok, true)
	expect("sessions", len(*sessions), 1)
	expect("carrier", (*sessions)[0].Carrier, "bearer")

	logout, err := client.PostLogout(ctx)
	if err != nil {
		return err
	}
	_, ok = logout.(*api.PostLogoutNoContent)
	expect("logout", ok, true)
	if me, err = client.GetMe(ctx); err != nil {
		return err
	}
	refused, ok = me.(*api.ErrorModelHeaders)
	expect("me is refused after logout", ok, true)
	expect("problem of me after logout", refused.Response.Status.Value, 401)
	return nil
}

func expect[T comparable](label string, got, want T) {
	if got != want {
		log.Fatalf("%s: got %v, want %v", label, got, want)
	}
}
