package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/sqlite"
)

var (
	runBlock  = regexp.MustCompile("(?s)<!-- run -->\n\n```console\n(.*?)```")
	anyClock  = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`)
	anySQLite = regexp.MustCompile(`SQLite \d+\.\d+\.\d+`)
)

// shown replaces the parts of a text that differ from run to run.
func shown(text string) string {
	text = anyClock.ReplaceAllString(text, "TIME")
	text = anySQLite.ReplaceAllString(text, "SQLite N")
	return anyMS.ReplaceAllString(text, "N ms")
}

// given is a store that makes the IDs that a test has chosen.
type given struct {
	*sqlite.Store
	ids []string
}

func (g *given) Unwrap() stores.Store { return g.Store }

func (g *given) NewID(context.Context, string) (stores.ID, error) {
	if len(g.ids) == 0 {
		return stores.ID{}, errors.New("no ID is left")
	}
	id, err := stores.ParseID(g.ids[0])
	g.ids = g.ids[1:]
	return id, err
}

// TestDocs runs the commands of docs/cli.md in a shell, and compares their output.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := runBlock.FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 3 {
		t.Fatalf("got %d blocks, want 3", len(blocks))
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program := "#!/bin/sh\n" + asProgram + "=1 exec '" + self + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "humasess"), []byte(program), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS("testdata/policies")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	s := &site{url: "sqlite:" + filepath.Join(dir, "sessions.db")}
	s.want(t, exitOK, "migrate")
	s.store = &given{Store: sqlite.New(openSQLite(t, filepath.Join(dir, "sessions.db")), nil), ids: []string{
		"uVvsgTLn6x9Zhb3XkPq0Ag", "mJ4Pz0cQ8kq1hX5w2yTnRg", "Zk3h7GQe1nV9uB0xYcL2tw",
	}}
	signIn(t, s.program(t), user{ID: "ada"}, user{ID: "ada"}, user{ID: "grace"})
	for _, block := range blocks {
		var script, want strings.Builder
		for line := range strings.Lines(block[1]) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				script.WriteString(command)
			} else {
				want.WriteString(line)
			}
		}
		cmd := exec.CommandContext(t.Context(), "sh", "-e", "-c", script.String())
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if got := shown(string(out)); err != nil || got != shown(want.String()) {
			t.Errorf("got error %v and\n%s\nwant\n%s", err, got, shown(want.String()))
		}
	}
	if how, err := os.ReadFile(filepath.Join(dir, "how-to.txt")); err != nil || !strings.Contains(string(how), "SESSION_KEYS") {
		t.Errorf("got %q and error %v, want the text that explains how to set a key", how, err)
	}
}
