package coretest

import (
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/account"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// accountPrefix keeps the ready-made operations apart from the others.
const accountPrefix = "/account"

func registerAccount(tb testing.TB, api huma.API, sessions *humasess.Manager[User]) {
	tb.Helper()
	err := account.Register(huma.NewGroup(api, accountPrefix), sessions, &account.Options[User, User]{
		View: func(u User) User { return u },
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// ownSessions uses the ready-made operations from three devices of one user on
// two processes, while another user is signed in.
func ownSessions(t *testing.T, s Shared) {
	one, other, _ := s.serve(t, nil)
	laptop, phone, tablet, bob := SignIn(t, one, "ada"), SignIn(t, other, "ada"), SignIn(t, one, "ada"), SignIn(t, one, "bob")
	id := func(c *humasesstest.Client) string {
		return decode[account.AccountCurrentSession[User]](t, Do(t, c, "GET", accountPrefix+"/session", 200)).ID
	}
	list := decode[account.AccountSessionList](t, Do(t, phone, "GET", accountPrefix+"/sessions", 200))
	if list.Total != 3 || len(list.Sessions) != 3 || !list.Sessions[0].Current || list.Sessions[0].ID != id(phone) {
		t.Errorf("list: got %+v, want three, and first the session of the request", list)
	}
	for _, other := range list.Sessions[min(1, len(list.Sessions)):] {
		if other.Current || other.ID == id(bob) {
			t.Errorf("list: got %+v among the others", other)
		}
	}
	unknown := Do(t, laptop, "DELETE", accountPrefix+"/sessions/"+spoilt(id(phone)), http.StatusNotFound)
	if got := Do(t, laptop, "DELETE", accountPrefix+"/sessions/"+id(bob), http.StatusNotFound); got != unknown {
		t.Errorf("another user's session: got %s, want the answer for an unknown one: %s", got, unknown)
	}
	Do(t, laptop, "DELETE", accountPrefix+"/sessions/"+id(tablet), http.StatusNoContent)
	Do(t, Move(tablet, other), "GET", accountPrefix+"/session", http.StatusUnauthorized)
	if got := decode[account.AccountRevokedSessions](t, Do(t, laptop, "POST", accountPrefix+"/sessions/revoke-others", 200)); got.Revoked == nil || *got.Revoked != 1 {
		t.Errorf("revoke others: got %v, want 1", got.Revoked)
	}
	Do(t, phone, "GET", accountPrefix+"/session", http.StatusUnauthorized)
	again := SignIn(t, other, "ada")
	former := laptop.Clone()
	if got := decode[account.AccountRevokedSessions](t, Do(t, Move(laptop, other), "POST", accountPrefix+"/sign-out-everywhere", 200)); got.Revoked == nil || *got.Revoked != 2 {
		t.Errorf("sign out everywhere: got %v, want 2", got.Revoked)
	}
	for _, c := range []*humasesstest.Client{former, again} {
		Do(t, c, "GET", accountPrefix+"/session", http.StatusUnauthorized)
		Do(t, c, "POST", accountPrefix+"/sign-out", http.StatusNoContent)
	}
	Do(t, bob, "GET", accountPrefix+"/session", http.StatusOK)
	old := bob.Clone()
	Do(t, bob, "POST", accountPrefix+"/sign-out", http.StatusNoContent)
	Do(t, Move(old, other), "GET", accountPrefix+"/session", http.StatusUnauthorized)
}

// spoilt changes the first character of an ID, so that no session has it.
func spoilt(id string) string {
	if id[0] == 'A' {
		return "B" + id[1:]
	}
	return "A" + id[1:]
}
