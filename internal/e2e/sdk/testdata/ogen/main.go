// The client that ogen generates asks for the session's cookie before each
// operation that may use it. The generated package is next to this file while
// the tests run, and only then.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/cookiejar"
	"os"

	"github.com/humasess/sessions/internal/e2e/sdk/testdata/ogen/api"
)

func main() {
	log.SetFlags(0)
	var jar http.CookieJar
	if len(os.Args) > 4 { // with a jar as well the cookie is sent twice
		jar, _ = cookiejar.New(nil) // never fails
	}
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3], &http.Client{Jar: jar}); err != nil {
		log.Fatal(err)
	}
}

// docs: begin type

// session is an api.SecuritySource. It holds the cookie of the last login.
type session struct{ cookie string }

// SessionCookie is asked before each operation that is not public.
func (s *session) SessionCookie(context.Context, api.OperationName) (api.SessionCookie, error) {
	return api.SessionCookie{APIKey: s.cookie}, nil
}

// docs: end

func run(ctx context.Context, url, name, password string, over *http.Client) error {
	// docs: begin use
	var s session
	client, err := api.NewClient(url, &s, api.WithClient(over))
	if err != nil {
		return err
	}
	login, err := client.PostLogin(ctx, &api.LoginInputBody{Name: name, Password: password})
	if err != nil {
		return err
	}
	answer, ok := login.(*api.PostLoginNoContent)
	if !ok {
		return fmt.Errorf("login: %v", login)
	}
	cookie, err := http.ParseSetCookie(answer.SetCookie.Value)
	if err != nil {
		return err
	}
	s.cookie = cookie.Value
	me, err := client.GetMe(ctx) // a *User, or the *ErrorModelHeaders of a 401
	if err != nil {
		return err
	}
	// docs: end
	expect("me", me.(*api.User).ID, name)

	admin, err := client.GetAdmin(ctx)
	if err != nil {
		return err
	}
	forbidden, ok := admin.(*api.ErrorModel)
	expect("admin is forbidden", ok, true)
	expect("problem of admin", forbidden.Status.Value, 403)

	list, err := client.ListSessions(ctx)
	if err != nil {
		return err
	}
	sessions, ok := list.(*api.ListSessionsOKApplicationJSON)
	expect("sessions are listed", ok, true)
	expect("sessions", len(*sessions), 1)
	current := (*sessions)[0]
	expect("session is the current one", current.Current, true)
	expect("session has begun", current.CreatedAt.Before(current.ExpiresAt), true)

	logout, err := client.PostLogout(ctx)
	if err != nil {
		return err
	}
	_, ok = logout.(*api.PostLogoutNoContent)
	expect("logout", ok, true)
	me, err = client.GetMe(ctx)
	if err != nil {
		return err
	}
	unauthorized, ok := me.(*api.ErrorModelHeaders)
	expect("me is refused after logout", ok, true)
	expect("problem of me after logout", unauthorized.Response.Status.Value, 401)
	return nil
}

func expect[T comparable](label string, got, want T) {
	if got != want {
		log.Fatalf("%s: got %v, want %v", label, got, want)
	}
}
