package main

import (
	"strings"
	"testing"

	"github.com/humasess/sessions/humasess"
)

// A wrong scheme looks like a store without sessions. The store has others then, so the
// commands name them and exit with an error.
func TestUnknownScheme(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		commands := [][]string{
			{"list"}, {"list", "--json"}, {"list", "--user", "ada"}, {"count"}, {"count", "--json"}, {"count", "--user", "ada"},
		}
		for _, args := range commands {
			if r := s.call(t, append(args, "--scheme", "shp")...); r.code != exitOK || r.err != "" {
				t.Errorf("empty store, humasess %v: got exit code %d with %q, want %d", args, r.code, r.err, exitOK)
			}
		}
		s.want(t, exitOK, "revoke", "--all", "--yes", "--scheme", "shp")
		m := s.program(t, func(o *humasess.Options[user]) { o.SchemeName = "shop" })
		ids := signIn(t, m, user{ID: "ada"})
		signInAs(t, s, "till", operator{"1"})
		const want = "the store has no session of scheme shp; it has sessions of shop, till, which --scheme chooses"
		for _, args := range append(commands,
			[]string{"revoke", "--user", "ada"}, []string{"revoke", "--id", ids[0]}, []string{"revoke", "--all", "--yes"},
		) {
			r := s.call(t, append(args, "--scheme", "shp")...)
			if r.code != exitNotFound || !strings.Contains(r.err, want) {
				t.Errorf("humasess %v: got exit code %d with %q, want %d with %q", args, r.code, r.err, exitNotFound, want)
			}
		}
		if r := s.call(t, "count", "--scheme", "shp"); r.out != "0\n" {
			t.Errorf("count: got the output %q, want the number all the same", r.out)
		}
		if r := s.call(t, "count"); r.code != exitOK || !strings.Contains(r.err, "no session of scheme sessionCookie; it has sessions of shop, till") {
			t.Errorf("the default scheme: got exit code %d with %q, want %d and the schemes", r.code, r.err, exitOK)
		}
		if r := s.call(t, "revoke", "--all", "--yes"); r.code != exitNotFound || r.out != "0 revoked\n" {
			t.Errorf("revoke of the default scheme: got exit code %d with %q, want %d", r.code, r.out, exitNotFound)
		}
		if got := number(t, m, "ada"); got != 1 {
			t.Errorf("got %d sessions of another scheme, want 1", got)
		}
		for _, args := range [][]string{{"list", "--user", "grace"}, {"count", "--user", "grace"}} {
			if r := s.call(t, append(args, "--scheme", "shop")...); r.code != exitOK || r.err != "" {
				t.Errorf("a user without sessions, humasess %v: got exit code %d with %q, want %d", args, r.code, r.err, exitOK)
			}
		}
		r := s.call(t, "revoke", "--user", "grace", "--scheme", "shop")
		if r.code != exitNotFound || strings.Contains(r.err, "--scheme") {
			t.Errorf("revoke of a user without sessions: got exit code %d with %q, want %d without a hint", r.code, r.err, exitNotFound)
		}
	})
}
