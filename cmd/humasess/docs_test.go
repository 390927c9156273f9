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

var (
	fenceOf   = regexp.MustCompile("^ *```([a-z]*)")
	codeSpan  = regexp.MustCompile("`([^`\n]+)`")
	ourUsage  = regexp.MustCompile(`\bhumasess ((?:policy )?[a-z]+)((?: [^|;&)>#]*)?)`)
	namedFlag = regexp.MustCompile(`(?:^| )--?([a-z][a-z-]*)`)
)

// TestCommandsInDocs looks for the commands and flags of humasess that the Markdown files name,
// in blocks of commands and in text.
func TestCommandsInDocs(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, page := range append(pages, "../../README.md", "../../CHANGELOG.md", "../../SECURITY.md", "../../CONTRIBUTING.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		language, inside, number := "", false, 0
		for line := range strings.Lines(string(text)) {
			number++
			if fence := fenceOf.FindStringSubmatch(line); fence != nil {
				language, inside = fence[1], !inside
				continue
			}
			commands := []string{line}
			switch {
			case !inside:
				commands = nil
				for _, span := range codeSpan.FindAllStringSubmatch(line, -1) {
					commands = append(commands, span[1])
				}
			case language == "console" && !strings.HasPrefix(line, "$ "), language != "console" && language != "sh" && language != "yaml":
				continue
			}
			for _, command := range commands {
				for _, problem := range unknown(t, command) {
					t.Errorf("%s:%d: %q: %s", page, number, strings.TrimSpace(command), problem)
				}
				count += len(ourUsage.FindAllString(command, -1))
			}
		}
	}
	if count < 30 {
		t.Errorf("got %d commands, want those of the docs", count)
	}
}

func TestUnknownCommands(t *testing.T) {
	for command, want := range map[string]int{
		"humasess list --user ada --json | humasess count": 0, "humasess policy show x.json": 0, "humasess help": 0, "echo humasess": 0,
		"humasess lost": 1, "humasess list --usr ada": 1, "$(humasess keygen --key)": 1, "humasess policy shaw": 1, "humasess count && humasess migrate --prunt": 1,
	} {
		if got := unknown(t, command); len(got) != want {
			t.Errorf("%s: got %q, want %d problems", command, got, want)
		}
	}
}

// unknown returns the commands and flags that a text names and humasess does not have.
func unknown(t *testing.T, text string) []string {
	t.Helper()
	var problems []string
	for _, use := range ourUsage.FindAllStringSubmatch(text, -1) {
		if use[1] == "help" || use[1] == "version" {
			continue
		}
		help := in(t.Context(), nil, "", append(strings.Fields(use[1]), "-h")...)
		if help.code != exitOK {
			problems = append(problems, strings.TrimSpace(help.err))
			continue
		}
		for _, flag := range namedFlag.FindAllStringSubmatch(use[2], -1) {
			if flag[1] != "h" && !strings.Contains(help.out, "--"+flag[1]+" ") {
				problems = append(problems, "humasess "+use[1]+" does not have --"+flag[1])
			}
		}
	}
	return problems
}
