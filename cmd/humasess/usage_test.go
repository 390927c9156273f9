package main

import (
	"strings"
	"testing"
)

// TestUsage requires a message with a remedy for each wrong use of the arguments.
func TestUsage(t *testing.T) {
	const file = "sqlite:/nowhere/sessions.db"
	tests := []struct {
		name string
		args string
		env  string
		want string
	}{
		{"no command", "", "", "humasess COMMAND [FLAGS]"},
		{"unknown command", "lsit", "", `no command is called "lsit"; humasess help lists the commands`},
		{"unknown flag", "list --usr ada", "", "humasess list -h lists the flags"},
		{"word in between", "list ada", "", `"ada" is not a flag`},
		{"no number", "list --limit many", "", "invalid value"},
		{"negative number", "list --limit -1", "", "--limit is -1"},
		{"no store", "list", "", "no store is given; set HUMASESS_STORE"},
		{"store of another kind", "list --store mysql://root@localhost", "", "is not postgres://"},
		{"store in another form", "list", "host=localhost password=abc", "is not postgres://"},
		{"no file", "list --store sqlite:", "", "requires a file"},
		{"memory", "list --store sqlite::memory:", "", "memory of another program"},
		{"schema of a file", "list --schema x --store " + file, "", "--schema is for PostgreSQL"},
		{"schema of Redis", "list --schema x --store redis://localhost", "", "--schema is for PostgreSQL"},
		{"long prefix", "list --prefix " + strings.Repeat("x", 41) + " --store postgres://localhost", "", "not a valid start of a name"},
		{"prefix with a brace", "list --prefix {x} --store redis://localhost", "", "contains a brace"},
		{"scheme", "list --scheme a/b --store redis://localhost:1", "", "--scheme"},
		{"impatient", "list --timeout 0s --store redis://localhost", "", "--timeout is 0s"},
		{"database of Redis", "list --store redis://localhost/x", "", "database number"},
		{"parameter of PostgreSQL", "list --store postgres://localhost/x?sslmode=maybe", "", "sslmode"},
		{"revoke nothing", "revoke --store " + file, "", "give exactly one of --user ID"},
		{"revoke two", "revoke --user a --id b --store " + file, "", "give exactly one of --user ID"},
		{"revoke all and one", "revoke --user a --all --store " + file, "", "give exactly one of --user ID"},
		{"no key", "keygen --count 0", "", "at least 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := in(t.Context(), map[string]string{"HUMASESS_STORE": tt.env}, "", strings.Fields(tt.args)...)
			if tt.name == "scheme" { // the command connects to the store first
				return
			}
			if r.code != exitUsage || r.out != "" || !strings.Contains(r.err, tt.want) {
				t.Errorf("got %+v, want exit code %d with %q", r, exitUsage, tt.want)
			}
		})
	}
	t.Run("empty values", func(t *testing.T) {
		// A script may have an unset variable. Its empty text must not mean all.
		for _, args := range [][]string{{"list", "--user", ""}, {"revoke", "--user="}, {"revoke", "--id", ""}, {"count", "--user", ""}, {"list", "--store", ""}} {
			r := in(t.Context(), map[string]string{"HUMASESS_STORE": file}, "", args...)
			if r.code != exitUsage || !strings.Contains(r.err, "is empty") {
				t.Errorf("%q: got %+v, want exit code %d", args, r, exitUsage)
			}
		}
	})
}

// TestHelp prints the help texts, which requires no store.
func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"-h"}, {"--help"}} {
		r := in(t.Context(), nil, "", args...)
		if r.code != exitOK || r.err != "" {
			t.Errorf("%q: got %+v", args, r)
		}
		for _, cmd := range commands() {
			has(t, args[0], r.out, "  "+cmd.name+"  ", cmd.summary)
		}
		has(t, args[0], r.out, "HUMASESS_STORE", "Exit codes")
	}
	for _, cmd := range commands() {
		for _, args := range [][]string{{"help", cmd.name}, {cmd.name, "-h"}, {cmd.name, "--help"}} {
			r := in(t.Context(), nil, "", args...)
			if r.code != exitOK || r.err != "" || !strings.HasPrefix(r.out, "humasess "+cmd.name) {
				t.Errorf("%q: got %+v", args, r)
			}
			has(t, cmd.name, r.out, "--json")
		}
	}
	for _, args := range []string{"version", "--version", "-version"} {
		if r := in(t.Context(), nil, "", args); r.code != exitOK || !strings.HasPrefix(r.out, "humasess ") {
			t.Errorf("%s: got %+v", args, r)
		}
	}
}
