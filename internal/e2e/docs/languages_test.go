package docs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/goccy/go-yaml"
	"github.com/humasess/sessions/internal/archtest"
)

var (
	codeSpan   = regexp.MustCompile("`([^`\n]+)`")
	goRun      = regexp.MustCompile(`\bgo (?:run|install) (\.[\w./]*)((?: -{1,2}[a-z][\w-]*)*)`)
	makeTarget = regexp.MustCompile(`^(?:\w+=\S+ )*make ([a-z][a-z-]*)`)
	changeDir  = regexp.MustCompile(`\bcd (?:sessions/)?((?:cmd|contrib|examples|internal)/[\w/]+)`)
	oneFlag    = regexp.MustCompile(`-{1,2}([a-z][\w-]*)`)
)

// TestOtherBlocks checks the blocks of JSON, YAML and shell commands of the Markdown files. It
// looks for the programs and targets of make that these files name, in the text as well.
func TestOtherBlocks(t *testing.T) {
	found, err := others(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, sentence := range found {
		t.Error(sentence)
	}
}

func others(fsys fs.FS) ([]string, error) {
	blocks, err := archtest.Blocks(fsys)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, b := range blocks {
		for _, problem := range inBlock(fsys, b) {
			found = append(found, fmt.Sprintf("%s:%d: %s", b.Path, b.Line, problem))
		}
	}
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".md" || strings.Contains(name, "testdata/") {
			return err
		}
		text, err := fs.ReadFile(fsys, name)
		for _, span := range codeSpan.FindAllStringSubmatch(string(text), -1) {
			// The programs of applications are named without their folder.
			problems := inCommand(fsys, ".", span[1])
			if len(problems) > 0 && len(inCommand(fsys, "examples/apps", span[1])) > 0 {
				found = append(found, name+": "+problems[0])
			}
		}
		return err
	})
	return found, err
}

func inBlock(fsys fs.FS, b archtest.Block) []string {
	switch b.Language {
	case "json":
		decoder := json.NewDecoder(strings.NewReader(b.Code))
		for {
			var value any
			if err := decoder.Decode(&value); err != nil {
				if errors.Is(err, io.EOF) {
					return nil
				}
				return []string{err.Error()}
			}
		}
	case "yaml":
		var value any
		if err := yaml.Unmarshal([]byte(b.Code), &value); err != nil {
			return []string{err.Error()}
		}
	case "sh":
		cmd := exec.Command("bash", "-n")
		cmd.Stdin = strings.NewReader(b.Code)
		if out, err := cmd.CombinedOutput(); err != nil {
			return []string{string(bytes.TrimSpace(out))}
		}
		dir := "."
		var found []string
		for line := range strings.Lines(b.Code) {
			if to := changeDir.FindStringSubmatch(line); to != nil {
				dir = to[1]
			}
			found = append(found, inCommand(fsys, dir, strings.TrimSpace(line))...)
		}
		return found
	}
	return nil
}

// inCommand looks for the programs and targets that a command names.
func inCommand(fsys fs.FS, dir, command string) []string {
	var found []string
	if to := changeDir.FindStringSubmatch(command); to != nil {
		if _, err := fs.Stat(fsys, to[1]); err != nil {
			found = append(found, fmt.Sprintf("%q names a folder that does not exist", command))
		}
	}
	if run := goRun.FindStringSubmatch(command); run != nil && !strings.Contains(run[1], "...") {
		source, program := sourceOf(fsys, path.Join(dir, run[1]))
		if !program && run[1] != "." { // a block may have copied a program
			found = append(found, fmt.Sprintf("%q names a program that does not exist", command))
		}
		for _, name := range oneFlag.FindAllStringSubmatch(run[2], -1) {
			if program && !strings.Contains(source, `"`+name[1]+`"`) {
				found = append(found, fmt.Sprintf("%q has the flag %q, which the program does not have", command, name[1]))
			}
		}
	}
	if target := makeTarget.FindStringSubmatch(command); target != nil {
		text, err := fs.ReadFile(fsys, "Makefile")
		if err != nil || !slices.ContainsFunc(strings.Split(string(text), "\n"), func(line string) bool { return strings.HasPrefix(line, target[1]+":") }) {
			found = append(found, fmt.Sprintf("%q names a target that the Makefile does not have", command))
		}
	}
	return found
}

// sourceOf returns the Go files of a folder, and whether they are a program.
func sourceOf(fsys fs.FS, dir string) (source string, program bool) {
	names, _ := fs.Glob(fsys, path.Join(dir, "*.go"))
	for _, name := range names {
		text, _ := fs.ReadFile(fsys, name) // Glob has seen it
		source += string(text)
	}
	return source, strings.Contains(source, "\npackage main\n") || strings.HasPrefix(source, "package main\n")
}

// TestBrokenOthers shows text that must not pass, beside some that must.
func TestBrokenOthers(t *testing.T) {
	block := func(language, code string) string { return "```" + language + "\n" + code + "\n```\n" }
	tests := []struct {
		name, text, want string
	}{
		{"JSON", block("json", `{"a": "…"}`+"\n"+`{"b": []}`), ""},
		{"JSON with an omission", block("json", `{"a": …}`), "docs/a.md:1: invalid character"},
		{"half of JSON", block("json", `{"a": 1`), "unexpected EOF"},
		{"YAML", block("yaml", "a:\n  - b: {c: d}"), ""},
		{"not YAML", block("yaml", "a: [b"), "docs/a.md:1: "},
		{"shell", block("sh", "cd x && make test && go run ./x -flag # comment"), ""},
		{"not shell", block("sh", "if true; echo"), "syntax error"},
		{"missing program", block("sh", "go run ./y"), `"go run ./y" names a program`},
		{"not a program", block("sh", "go run ./lib"), `"go run ./lib" names a program`},
		{"missing flag", block("sh", "go run ./x -flog"), `the flag "flog"`},
		{"missing target", block("sh", "A=b make best"), `a target`},
		{"folder of a program", block("sh", "cd sessions/examples/apps\ngo run ./z"), ""},
		{"program of another folder", block("sh", "cd examples/apps\ngo run ./x"), `names a program`},
		{"missing folder", block("sh", "cd examples/gone"), `names a folder`},
		{"in text", "`go run ./z`, `go run ./x -flag` and `make test`\n", ""},
		{"missing program in text", "`go run ./y`\n", "docs/a.md: \"go run ./y\""},
		{"missing target in text", "`make best`\n", "a target"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := others(fstest.MapFS{
				"docs/a.md": {Data: []byte(tt.text)}, "Makefile": {Data: []byte("test: x\n\tbest\n")},
				"x/main.go": {Data: []byte("package main\n\nvar f = flag.Bool(\"flag\")\n")}, "lib/a.go": {Data: []byte("package lib\n")},
				"examples/apps/z/main.go": {Data: []byte("// Z is.\npackage main\n")},
			})
			if err != nil {
				t.Fatal(err)
			}
			if (len(got) > 0) != (tt.want != "") || len(got) > 1 || len(got) == 1 && !strings.Contains(got[0], tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
