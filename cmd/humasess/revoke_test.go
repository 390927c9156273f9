package main

import (
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores"
)

func TestRevoke(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		m := s.program(t)
		other := s.program(t, func(o *humasess.Options[user]) { o.SchemeName = "otherCookie" })
		ids := signIn(t, m, user{ID: "ada"}, user{ID: "ada"}, user{ID: "ada"}, user{ID: "grace"})
		ids = append(ids, signIn(t, s.program(t, anonymous), user{})...)
		theirs := signIn(t, other, user{ID: "ada"})

		if out := s.want(t, exitOK, "revoke", "--id", ids[1]); out != "1 revoked\n" {
			t.Errorf("got %q", out)
		}
		if n := number(t, m, "ada"); n != 2 {
			t.Errorf("got %d sessions left of three, want 2", n)
		}
		if out := s.want(t, exitOK, "revoke", "--id", ids[4]); out != "1 revoked\n" {
			t.Errorf("anonymous: got %q", out)
		}
		for name, id := range map[string]string{
			"ended": ids[1], "unknown": strings.Repeat("A", 22), "malformed": "ada", "of another program": theirs[0],
		} {
			r := s.call(t, "revoke", "--id", id)
			if r.code != exitNotFound || r.out != "" || !strings.Contains(r.err, "no session of scheme sessionCookie has the ID "+id) {
				t.Errorf("%s ID: got %+v", name, r)
			}
		}
		type revoked struct{ Revoked int }
		if got := parse[revoked](t, s.want(t, exitOK, "revoke", "--user", "ada", "--json")); len(got) != 1 || got[0].Revoked != 2 {
			t.Errorf("got %+v, want 2 revoked", got)
		}
		if a, g, o := number(t, m, "ada"), number(t, m, "grace"), number(t, other, "ada"); a != 0 || g != 1 || o != 1 {
			t.Errorf("got %d sessions of ada, %d of grace, %d of another program's ada, want 0, 1, 1", a, g, o)
		}
		r := s.call(t, "revoke", "--user", "ada")
		if r.code != exitNotFound || r.out != "0 revoked\n" {
			t.Errorf("again: got %+v", r)
		}
		has(t, "again", r.err, "user ada has no session", "refused nevertheless")
	})
}

// TestRevokeRefusesLogins requires that revoke refuses logins in progress, because
// their password may have been checked before.
func TestRevokeRefusesLogins(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		s.want(t, exitNotFound, "revoke", "--user", "ada")
		const owner = "sessionCookie/ada"
		id, err := stores.NewID(t.Context(), s.store, owner)
		if err != nil {
			t.Fatal(err)
		}
		made, err := s.store.Create(t.Context(), stores.Create{ID: id, Identity: owner, Idle: time.Minute, Absolute: time.Minute})
		if err != nil || made.RevokedAgo == stores.NotRevoked || made.RevokedAgo > time.Minute {
			t.Errorf("got revoked %v ago and error %v, want just now", made.RevokedAgo, err)
		}
	})
}
