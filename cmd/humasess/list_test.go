package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// anyID matches an ID, which differs from run to run.
var anyID = regexp.MustCompile(`(^|[\n"])[A-Za-z0-9_-]{22}( |")`)

// golden compares a text with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s\nIf the change is intended, run make golden", got, want)
	}
}

// TestGoldenList pins the table that users see and the JSON that scripts read.
func TestGoldenList(t *testing.T) {
	clock := time.Date(2100, 1, 2, 3, 4, 5, 600, time.UTC) // in the future, so that the sessions are active by this program's clock
	s := onSQLiteAt(t, func() time.Time { return clock })
	m := s.program(t, withTokens, func(o *humasess.Options[user]) { o.Now = func() time.Time { return clock } })
	for _, u := range []user{{ID: "ada", Note: "<first>"}, {ID: "ada", Note: "line\nand\u009bmore\u202e\x7f\U000e0001"}} {
		signIn(t, m, u)
		clock = clock.Add(90 * time.Second)
	}
	signIn(t, m, user{ID: "\x1b[2Jevil\tuser"})
	clock = clock.Add(90 * time.Second)
	issueToken(t, m, user{ID: "grace"})
	shown := func(args ...string) string {
		out := anyID.ReplaceAllString(s.want(t, exitOK, args...), "${1}AAAAAAAAAAAAAAAAAAAAAA$2")
		return strings.Join(args, " ") + "\n" + out + "\n"
	}
	golden(t, "list.txt", shown("list", "--user", "ada")+
		shown("list", "--user", "ada", "--data")+
		shown("list", "--user", "ada", "--limit", "1", "--json")+
		shown("list", "--user", "ada", "--data", "--json")+
		strings.ReplaceAll(shown("list", "--user", "\x1b[2Jevil\tuser"), "\x1b", "ESC")+
		shown("list", "--user", "grace")+
		shown("list", "--user", "grace", "--json")+
		shown("list", "--user", "nobody")+
		shown("list", "--user", "nobody", "--json"))
}

// TestList compares all fields of a session with those of Manager.List, on each
// store.
func TestList(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		m := s.program(t)
		ids := signIn(t, m, user{ID: "ada", Note: "1"}, user{ID: "ada", Note: "2"}, user{ID: "grace"})
		rows := parse[row](t, s.want(t, exitOK, "list", "--user", "ada", "--json", "--data"))
		if len(rows) != 2 {
			t.Fatalf("got %d rows, want 2", len(rows))
		}
		infos, err := m.List(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range rows {
			info := infos[i]
			if r.ID != ids[i] || r.User != "ada" || !r.CreatedAt.Equal(info.CreatedAt) || !r.LastSeenAt.Equal(info.LastSeenAt) ||
				!r.ExpiresAt.Equal(info.ExpiresAt) || r.AuthenticatedAt == nil || !r.AuthenticatedAt.Equal(info.Authentication.Time) {
				t.Errorf("got %+v, want %+v", r, info)
			}
			if want := `{"id":"ada","note":"` + string('1'+rune(i)) + `"}`; string(r.Data) != want {
				t.Errorf("got data %s, want %s", r.Data, want)
			}
		}
		if out := s.want(t, exitOK, "list", "--user", "ada", "--json"); strings.Contains(out, "note") {
			t.Errorf("got data without --data: %s", out)
		}
		if rows := parse[row](t, s.want(t, exitOK, "list", "--user", "ada", "--json", "--limit", "1")); len(rows) != 1 {
			t.Errorf("--limit 1: got %d rows", len(rows))
		}
		table := s.want(t, exitOK, "list", "--user", "ada")
		if lines := strings.Split(table, "\n"); len(lines) != 4 || !strings.HasPrefix(lines[1], ids[0]+"  ada   20") {
			t.Errorf("got table %q", table)
		}
		if out := s.want(t, exitOK, "list", "--user", "nobody"); out != "" {
			t.Errorf("of a user without sessions: got %q", out)
		}
		if out := s.want(t, exitNotFound, "list", "--user", "ada", "--scheme", "otherCookie"); out != "" {
			t.Errorf("of another program: got %q", out)
		}
	})
}

// withTokens lets clients without cookies have sessions.
func withTokens(o *humasess.Options[user]) { o.Bearer = &humasess.BearerOptions{} }

// issueToken starts a session with a bearer token, and returns the token.
func issueToken(t *testing.T, m *humasess.Manager[user], u user) string {
	t.Helper()
	token, err := m.IssueBearer(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	return token.AccessToken
}

// TestListCarriers lists, counts and revokes sessions of both carriers, on each store.
// The command does not know the options of the program.
func TestListCarriers(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		m := s.program(t, withTokens)
		signIn(t, m, user{ID: "ada"})
		token := issueToken(t, m, user{ID: "ada"})
		issueToken(t, m, user{ID: "grace"})
		for args, want := range map[string]map[string]int{
			"list --json": {"cookie": 1, "bearer": 2}, "list --json --user ada": {"cookie": 1, "bearer": 1}, "list --json --user grace": {"bearer": 1},
		} {
			out := s.want(t, exitOK, strings.Fields(args)...)
			got := map[string]int{}
			for _, r := range parse[row](t, out) {
				got[r.Carrier]++
			}
			if !maps.Equal(got, want) {
				t.Errorf("%s: got %v, want %v", args, got, want)
			}
			if strings.Contains(out, token[len("hs_")+22:]) { // after the public ID
				t.Errorf("%s: got the credential in %s", args, out)
			}
		}
		table := s.want(t, exitOK, "list", "--user", "ada")
		if strings.Count(table, "  CARRIER  LABEL\n") != 1 || strings.Count(table, "  cookie   -\n") != 1 || strings.Count(table, "  bearer   -\n") != 1 {
			t.Errorf("got table %q, want a column with each carrier once", table)
		}
		for _, r := range parse[row](t, s.want(t, exitOK, "list", "--json", "--user", "ada")) {
			if r.Carrier == "bearer" {
				s.want(t, exitOK, "revoke", "--id", r.ID)
			}
		}
		if rows := parse[row](t, s.want(t, exitOK, "list", "--json", "--user", "ada")); len(rows) != 1 || rows[0].Carrier != "cookie" {
			t.Errorf("after the token was revoked: got %+v, want the cookie's session", rows)
		}
		s.want(t, exitOK, "revoke", "--user", "grace")
		if got := number(t, m, "grace"); got != 0 {
			t.Errorf("after the user was revoked: got %d sessions, want none", got)
		}
	})
}

// TestListEncodings shows data that is not JSON.
func TestListEncodings(t *testing.T) {
	s := onSQLite(t)
	raw := []byte{0xa1, 0x00, 0xff}
	m := s.program(t, func(o *humasess.Options[user]) {
		o.Codec = humasess.Codec{
			Marshal:   func(any) ([]byte, error) { return raw, nil },
			Unmarshal: func(_ []byte, v any) error { v.(*user).ID = "ada"; return nil },
		}
	})
	signIn(t, m, user{ID: "ada"})
	rows := parse[row](t, s.want(t, exitOK, "list", "--user", "ada", "--json", "--data"))
	if len(rows) != 1 || rows[0].Data != nil || !bytes.Equal(rows[0].DataBase64, raw) {
		t.Errorf("got %+v, want the bytes", rows)
	}
	has(t, "table", s.want(t, exitOK, "list", "--user", "ada", "--data"), "base64:"+base64.StdEncoding.EncodeToString(raw))
}

// TestListInterrupted keeps the rows that list wrote before Ctrl-C.
func TestListInterrupted(t *testing.T) {
	s := onSQLite(t)
	m := s.program(t)
	for range 3 * block {
		signIn(t, m, user{ID: "ada"})
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errs bytes.Buffer
	lines := 0
	code := run(ctx, []string{"list", "--store", s.url, "--user", "ada"}, console{
		out: writer(func(p []byte) (int, error) {
			if lines += bytes.Count(p, []byte("\n")); lines > 0 {
				cancel()
			}
			return out.Write(p)
		}),
		err: &errs, getenv: func(string) string { return "" },
	})
	got := strings.Count(out.String(), "\n")
	if code != exitInterrupted || got < block || got > 2*block {
		t.Errorf("got exit code %d and %d lines, want %d and those of one block", code, got, exitInterrupted)
	}
	has(t, "message", errs.String(), "humasess list: interrupted: after 100 sessions")
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// TestListOutput requires an error if the program cannot write its output.
func TestListOutput(t *testing.T) {
	s := onSQLite(t)
	signIn(t, s.program(t), user{ID: "ada"})
	for _, args := range [][]string{{"list", "--user", "ada"}, {"list", "--user", "ada", "--json"}, {"doctor"}, {"migrate"}, {"revoke", "--user", "ada"}} {
		var errs bytes.Buffer
		code := run(t.Context(), append(args, "--store", s.url), console{
			out: writer(func([]byte) (int, error) { return 0, os.ErrClosed }), err: &errs, getenv: func(string) string { return "" },
		})
		if code != exitError || !strings.Contains(errs.String(), os.ErrClosed.Error()) {
			t.Errorf("%q: got exit code %d with %q", args, code, errs.String())
		}
	}
}
