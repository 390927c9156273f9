package docs_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/account"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// docs: begin device
type Device struct {
	ID       string    `json:"id"`
	Current  bool      `json:"current"`
	LastSeen time.Time `json:"last_seen"`
}

type DevicesOutput struct{ Body []Device }

// docs: end

// docs: begin profile
type Profile struct{ Name string }

func registerAccount(api huma.API, sessions *humasess.Manager[User]) error {
	return account.Register(api, sessions, &account.Options[User, Profile]{
		View:  func(u User) Profile { return Profile{Name: u.ID} }, // the part of the data that get-session shows
		Fresh: 10 * time.Minute,                                    // ending other sessions requires a recent sign-in
		Watch: true,                                                // a stream that tells when the session has ended
	})
}

// docs: end

// TestDevices runs the blocks of docs/devices.md and docs/administration.md.
func TestDevices(t *testing.T) {
	api, sessions := newAPI(t)
	if err := registerAccount(api, sessions); err != nil {
		t.Fatal(err)
	}
	// docs: begin list
	huma.Get(api, "/devices", func(ctx context.Context, in *MeInput) (*DevicesOutput, error) {
		infos, err := in.Session.List(ctx)
		devices := make([]Device, 0, len(infos))
		for _, info := range infos {
			devices = append(devices, Device{info.ID, info.Current, info.LastSeenAt})
		}
		return &DevicesOutput{Body: devices}, err
	})
	// docs: end
	client, other := humasesstest.NewClient(api.Adapter()), humasesstest.NewClient(api.Adapter())
	client.SetCookie(humasesstest.Login(t, sessions, User{ID: "ada"}))
	other.SetCookie(humasesstest.Login(t, sessions, User{ID: "ada"}))
	list := client.Do("GET", "/devices", nil).Body.String()
	if strings.Count(list, `"current":true`) != 1 || strings.Count(list, `"current":false`) != 1 {
		t.Errorf("got %s, want two devices", list)
	}
	if got := client.Do("GET", "/session", nil).Body.String(); !strings.Contains(got, `"user":{"Name":"ada"}`) {
		t.Errorf("got %s, want the profile", got)
	}
	if got := client.Do("POST", "/sessions/revoke-others", nil); got.Code != http.StatusOK {
		t.Errorf("got %d %s, want 200", got.Code, got.Body)
	}
	if got := other.Do("GET", "/devices", nil).Code; got != http.StatusUnauthorized {
		t.Errorf("got %d on the other device, want 401", got)
	}

	ctx, count := t.Context(), 0
	use := func(_ humasess.Info[User], err error) {
		if err == nil {
			count++
		}
	}
	// docs: begin all
	n, err := sessions.Count(ctx)              // of all users
	for info, err := range sessions.All(ctx) { // a few hundred at a time, while the loop runs
		use(info, err)
	}
	// docs: end
	if n != 1 || count != 1 || err != nil {
		t.Errorf("got %d and %d sessions and error %v, want 1", n, count, err)
	}
	// docs: begin everything
	n, err = sessions.RevokeEverything(ctx) // sign all users out, and nothing else on the server
	// docs: end
	if n != 1 || err != nil {
		t.Errorf("got %d ended sessions and error %v, want 1", n, err)
	}
}
