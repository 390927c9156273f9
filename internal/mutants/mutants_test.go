package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestRows keeps the table in step with the code: trying the mutants takes too
// long for every run of the tests.
func TestRows(t *testing.T) {
	l := &lab{root: filepath.Join("..", "..")}
	names := map[string]bool{}
	for _, m := range all() {
		t.Run(m.promise+" "+m.name, func(t *testing.T) {
			if key := m.promise + m.name; names[key] {
				t.Error("got a second row of this name, want one")
			} else {
				names[key] = true
			}
			texts, err := l.mutated(m)
			if err != nil {
				t.Fatal(err)
			}
			if len(texts) == 0 {
				t.Error("got no edits, want some")
			}
			for file, text := range texts {
				if _, err := parser.ParseFile(token.NewFileSet(), file, text, 0); err != nil {
					t.Error(err)
				}
			}
			tests, err := l.tests(m)
			if err != nil {
				t.Fatal(err)
			}
			functions, err := l.functions(m.pkg)
			if err != nil {
				t.Fatal(err)
			}
			pattern, err := regexp.Compile(firstLevel(tests))
			if err != nil {
				t.Fatal(err)
			}
			for name := range functions {
				if pattern.MatchString(name) {
					return
				}
			}
			t.Errorf("got no test of %s that %s matches", m.pkg, tests)
		})
	}
}

// core are the rows of the standards that would hurt most. Those of the cookie
// store are in the table, too.
var core = strings.Fields(`T1 T2 T3 T4 T5 T6 T7 T8 C1 C2 C3 C4 C5 C7 C15 L1 L2 L3 L4 L9 L10 R1 R2 R3 R4 R5 R7 R11 R12
	X1 X2 X3 X4 X5 X6 F1 F2 F3 F4 F8 H1 H2 H3 O1 O2 O3 O4 O5 O7 K1 K2 K3 K4 A1 E2`)

// TestCoreRows sees to it that each of them has a mutant.
func TestCoreRows(t *testing.T) {
	for _, id := range core {
		t.Run(id, func(t *testing.T) {
			if !slices.ContainsFunc(all(), func(m mutant) bool { return m.promise == id }) {
				t.Error("got no mutant, want one")
			}
		})
	}
}

// TestPage compares README.md with the table, row by row, and asks whether the
// tests that it names are still there.
func TestPage(t *testing.T) {
	l := &lab{root: filepath.Join("..", "..")}
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	rows, found := strings.CutPrefix(string(data), pageHead)
	if !found {
		t.Fatal("README.md does not begin as a run writes it: run make mutants")
	}
	lines := strings.Split(strings.TrimSuffix(rows, "\n"), "\n")
	killer := regexp.MustCompile("(\\S+) `(\\w+)`[^`]*$")
	for i, m := range all() {
		if i >= len(lines) || !strings.HasPrefix(lines[i], rowOf(m)) {
			t.Fatalf("README.md lacks %s in its place: run make mutants", rowOf(m))
		}
		match := killer.FindStringSubmatch(lines[i])
		if match == nil || match[1] != m.pkg {
			t.Fatalf("got %q, want a test of %s in it: run make mutants", lines[i], m.pkg)
		}
		functions, err := l.functions(m.pkg)
		if err != nil {
			t.Fatal(err)
		}
		if _, exists := functions[match[2]]; !exists {
			t.Errorf("%s has no test %s any more: run make mutants", m.pkg, match[2])
		}
	}
	if got, want := len(lines), len(all()); got != want {
		t.Errorf("got %d rows, want %d: run make mutants", got, want)
	}
}

func TestMentions(t *testing.T) {
	for _, tt := range []struct {
		text string
		want bool
	}{
		{"TestX/R1_a_session_ends", true},
		{`t.Run("R1 ends"`, true},
		{"TestX/R11_ends", false},
		{"TestR1", false},
	} {
		if got := mentions(tt.text, "R1"); got != tt.want {
			t.Errorf("got %v for %q, want %v", got, tt.text, tt.want)
		}
	}
}

// TestCaught sees a mutant caught, one that lives and one that does not
// compile, in a module made for it.
func TestCaught(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":    "module example.com/abs\n\ngo 1.25\n",
		"abs.go":    "package abs\n\nfunc Abs(n int) int {\n\tif n < 0 {\n\t\treturn -n\n\t}\n\treturn n\n}\n",
		"a_test.go": "package abs\n\nimport \"testing\"\n\nfunc TestAbs(t *testing.T) {\n\tt.Run(\"N1 negative\", func(t *testing.T) {\n\t\tif Abs(-1) != 1 {\n\t\t\tt.Fail()\n\t\t}\n\t})\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := &lab{root: root}
	for _, tt := range []struct {
		name, promise, replacement string
		want                       []string
		wantErr                    string
	}{
		{"caught", "N1", "n > 0", []string{"TestAbs"}, ""},
		{"caught, by whatever test", "", "n > 0", []string{"TestAbs"}, ""},
		{"alive", "N1", "n <= 0", nil, "not caught"},
		{"does not compile", "N1", "n", nil, "no test named for the promise"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := mutant{tt.promise, tt.name, ".", "TestAbs", []edit{{"abs.go", "n < 0", tt.replacement}}}
			got, err := l.try(t.Context(), m)
			if !slices.Equal(got, tt.want) || (err == nil) != (tt.wantErr == "") || err != nil && !strings.Contains(err.Error(), tt.wantErr) {
				t.Errorf("got %v, %v, want %v, %q", got, err, tt.want, tt.wantErr)
			}
		})
	}
}

// firstLevel is the part of a pattern that is about test functions.
func firstLevel(tests string) string {
	function, _, _ := strings.Cut(tests, "/")
	return function
}
