package e2e_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/humasess/sessions/humasess"
)

func listAndRevoke(t *testing.T, a *adapter) {
	r := accounts(t, a, nil)
	phone, laptop, other := r.signedIn(account{ID: "ada", Note: "phone"}), r.signedIn(account{ID: "ada", Note: "laptop"}), r.signedIn(account{ID: "bob"})
	var infos []humasess.Info[account]
	list := func(ctx context.Context, s *humasess.Session[account]) (err error) {
		infos, err = s.List(ctx)
		return err
	}
	r.must(laptop, list)
	if len(infos) != 2 || infos[0].Data.Note != "phone" || infos[0].Current || !infos[1].Current {
		t.Fatalf("List: got %+v, want the phone's and then the laptop's, which is the current one", infos)
	}
	lost := infos[0].ID
	revoke := func(ctx context.Context, s *humasess.Session[account]) error { return s.Revoke(ctx, lost) }
	r.call(other, revoke).wantProblem(t, http.StatusNotFound, "not-found")
	r.wantActive(phone, true)
	r.must(laptop, revoke).wantCookies(t, 0)
	r.wantActive(phone, false)
	r.wantActive(laptop, true)
	r.must(laptop, list)
	if len(infos) != 1 {
		t.Errorf("List after Revoke: got %+v, want the laptop's alone", infos)
	}
	r.call(laptop, revoke).wantProblem(t, http.StatusNotFound, "not-found")
}

func revokeOthersAndAll(t *testing.T, a *adapter) {
	r := accounts(t, a, nil)
	mine, others := r.signedIn(account{ID: "ada"}), []*client{r.signedIn(account{ID: "ada"}), r.signedIn(account{ID: "ada"})}
	stranger := r.signedIn(account{ID: "bob"})
	before := mine.clone()
	n := 0
	r.must(mine, func(ctx context.Context, s *humasess.Session[account]) (err error) {
		n, err = s.RevokeOthers(ctx)
		return err
	}).wantCookies(t, 1)
	if n != 2 {
		t.Errorf("RevokeOthers: got %d, want 2", n)
	}
	for _, c := range append(others, before) {
		r.wantActive(c, false)
	}
	r.wantActive(mine, true)
	last := mine.clone()
	r.must(mine, func(ctx context.Context, s *humasess.Session[account]) (err error) {
		n, err = s.RevokeAll(ctx)
		return err
	}).wantCookies(t, 1)
	if n != 1 || mine.token() != "" {
		t.Errorf("RevokeAll: got %d and cookie %q, want 1 and none", n, mine.token())
	}
	r.wantActive(last, false)
	r.wantActive(stranger, true)
}

func revokeIdentity(t *testing.T, a *adapter) {
	r := accounts(t, a, nil)
	c, stranger := r.signedIn(account{ID: "ada"}), r.signedIn(account{ID: "bob"})
	entered, release := make(chan struct{}), make(chan struct{})
	late := make(chan *response, 1)
	key := r.keep(func(_ context.Context, s *humasess.Session[account]) error {
		close(entered)
		waited(release)
		return s.Start(account{ID: "ada"})
	})
	slow := r.client()
	go func() { late <- slow.do("POST", "/login", "", header("X-Call", key)) }()
	wait(t, "slow login", entered)
	if n, err := r.sessions.RevokeIdentity(context.Background(), "ada"); n != 1 || err != nil {
		t.Errorf("RevokeIdentity: got %d, %v, want 1", n, err)
	}
	close(release)
	refused := <-late
	refused.wantProblem(t, http.StatusUnauthorized, "no-session")
	refused.wantCookies(t, 0)
	r.wantActive(c, false)
	r.wantActive(stranger, true)
	if infos, err := r.sessions.List(context.Background(), "ada"); err != nil || len(infos) != 0 {
		t.Errorf("List: got %+v, %v, want none: the login began before", infos, err)
	}
	r.loginCall(slow, start(account{ID: "ada"})).wantStatus(t, http.StatusNoContent)
	r.wantActive(slow, true)
}
