//go:build sdk

package sdk_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// remark is a warning or an error of a linter about a document.
type remark struct {
	tool  string
	rule  string
	place string // an example, and where in its document
}

// lint runs linters over the documents of all examples, and of an API with bearer
// tokens. They must report no error, and testdata/warnings.txt explains every
// warning. A warning that is not in that file is a failure. So is a line in the
// file that no linter reports any more.
func lint(t *testing.T, r runtimes) {
	dir := r.workshop(t, "node", nil)
	var files []string
	eachDocument(t, func(t *testing.T, _, name string, document []byte) {
		file := strings.ReplaceAll(name, " ", "-") + ".json"
		write(t, filepath.Join(dir, file), document)
		files = append(files, file)
	})
	if want := (len(examples) + 1) * len(documents); len(files) != want { // and the API with tokens
		t.Fatalf("got %d documents, want %d", len(files), want)
	}
	r.run(t, dir, append([]string{"node", "swagger-parser.mjs"}, files...)...)
	explained := explanations(t)
	used := map[remark]bool{}
	for _, found := range slices.Concat(redocly(t, r, dir, files), spectral(t, r, dir, files)) {
		anywhere := remark{found.tool, found.rule, "*"}
		switch {
		case explained[found] != "":
			used[found] = true
		case explained[anywhere] != "":
			used[anywhere] = true
		default:
			t.Errorf("%s %s %s: not explained in testdata/warnings.txt", found.tool, found.rule, found.place)
		}
	}
	for w := range explained {
		if !used[w] {
			t.Errorf("%s %s %s: explained in testdata/warnings.txt, but no linter says it", w.tool, w.rule, w.place)
		}
	}
}

// explanations reads the list of warnings. A line has the tool, the rule, the
// place and the reason, with tabs between them.
func explanations(t *testing.T) map[remark]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "warnings.txt"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[remark]string{}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) != 4 {
			t.Fatalf("testdata/warnings.txt: got %q, want tool, rule, place and reason, with tabs between", line)
		}
		all[remark{fields[0], fields[1], fields[2]}] = fields[3]
	}
	return all
}

// place names a part of an example's document, the same in both versions.
func place(file, pointer string) string {
	example, _, _ := strings.Cut(filepath.Base(file), "-3.")
	return strings.TrimSpace(example + " " + pointer)
}

func redocly(t *testing.T, r runtimes, dir string, files []string) []remark {
	t.Helper()
	// It exits with 1 if there are errors, which are also in its report.
	out, _ := r.command(t, dir, append([]string{"redocly", "lint", "--format", "json", "--max-problems", "10000"}, files...)...).Output()
	type report struct {
		Problems []struct {
			RuleID   string
			Severity string
			Message  string
			Location []struct {
				Source  struct{ Ref string }
				Pointer string
			}
		}
	}
	var found []remark
	reports := json.NewDecoder(bytes.NewReader(out)) // one for each document, if there is a remark
	for reports.More() {
		var one report
		if err := reports.Decode(&one); err != nil {
			t.Fatalf("redocly: got error %v and %s", err, out)
		}
		for _, p := range one.Problems {
			at := place(p.Location[0].Source.Ref, strings.ReplaceAll(strings.TrimPrefix(p.Location[0].Pointer, "#/"), "~1", "/"))
			if p.Severity == "error" {
				t.Errorf("redocly, %s: %s: %s", at, p.RuleID, p.Message)
			}
			found = append(found, remark{"redocly", p.RuleID, at})
		}
	}
	if len(found) == 0 {
		t.Error("redocly: got no remark at all, which it always has")
	}
	return found
}

func spectral(t *testing.T, r runtimes, dir string, files []string) []remark {
	t.Helper()
	var report []struct {
		Code     string
		Severity int
		Message  string
		Source   string
		Path     []any
	}
	const failed = 0 // its severities go on with warning, information and hint
	out, _ := r.command(t, dir, append([]string{"spectral", "lint", "--quiet", "--format", "json", "--ruleset", ".spectral.yaml"}, files...)...).Output()
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("spectral: got error %v and %s", err, out)
	}
	if len(report) == 0 {
		t.Error("spectral: got no remark at all, which it always has")
	}
	var found []remark
	for _, p := range report {
		var path []string
		for _, step := range p.Path {
			path = append(path, fmt.Sprint(step))
		}
		at := place(p.Source, strings.Join(path, "/"))
		if p.Severity == failed {
			t.Errorf("spectral, %s: %s: %s", at, p.Code, p.Message)
		}
		found = append(found, remark{"spectral", p.Code, at})
	}
	return found
}
