package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// core are the rows of the standards that would hurt most. Those of the cookie
// store are in the table, too.
var core = strings.Fields(`T1 T2 T3 T4 T5 T6 T7 T8 C1 C2 C3 C4 C5 C7 C15 L1 L2 L3 L4 L9 L10 R1 R2 R3 R4 R5 R7 R11 R12
	X1 X2 X3 X4 X5 X6 F1 F2 F3 F4 F8 H1 H2 H3 O1 O2 O3 O4 O5 O7 K1 K2 K3 K4 A1 E2`)

// TestCoreRows checks that each of them has a mutant.
func TestCoreRows(t *testing.T) {
	for _, id := range core {
		t.Run(id, func(t *testing.T) {
			if !slices.ContainsFunc(all(), func(m mutant) bool { return m.promise == id }) {
				t.Error("got no mutant, want one")
			}
		})
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

// files is a small module with tests, for mutants of all kinds.
var files = map[string]string{
	"go.mod": "module example.com\n\ngo 1.25\n",
	"num/abs.go": `package num

// limit is an absolute value.
const limit = 10

func Abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
`,
	"num/sum.go": `package num

import (
	_ "embed"
	"errors"
	"strings"
)

//go:embed unit.txt
var unit string

type sum[T ~int] struct{ all []T }

func (s *sum[T]) add(_ string, all ...T) (added int, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("too large")
		}
	}()
	for _, n := range all {
		s.check(n)
		s.all = append(s.all, n)
		added++
	}
	return
}

func (s *sum[T]) check(n T) {
	if n > limit {
		panic("too large")
	}
}

func (s *sum[T]) guard() {
	_ = recover()
}

func Unit() string { return strings.TrimSpace(unit) }
`,
	"num/unit.txt": "meter\n",
	"num/a_test.go": `package num

import "testing"

func TestAbs(t *testing.T) {
	t.Run("N1 negative", func(t *testing.T) {
		if Abs(-1) != 1 {
			t.Fail()
		}
	})
}

func TestSum(t *testing.T) {
	t.Run("N2 sum", func(t *testing.T) {
		s := &sum[int]{}
		defer s.guard()
		if n, err := s.add("", 1, 2); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		if n, err := s.add("", 3, 11); n != 1 || err == nil {
			t.Fatal(n, err)
		}
	})
}

func TestUnit(t *testing.T) {
	if Unit() != "meter" {
		t.Fail()
	}
}
`,
}

func module(t *testing.T) *lab {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "num"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return newLab(root, t.TempDir())
}

// TestCaught tries mutants that are caught, that live and that do not compile,
// in one build and in builds of their own.
func TestCaught(t *testing.T) {
	tests := []struct {
		name, promise string
		edit          edit
		want          []string
		own           bool
		wantErr       string
	}{
		{"caught", "N1", edit{"num", "Abs", "n < 0", "n > 0"}, []string{"TestAbs"}, false, ""},
		{"caught by any test", "", edit{"num", "Abs", "n < 0", "n > 0"}, []string{"TestAbs"}, false, ""},
		{"alive", "N1", edit{"num", "Abs", "n < 0", "n <= 0"}, nil, true, "not caught"},
		{"caught by another test", "N2", edit{"num", "Abs", "n < 0", "n > 0"}, nil, true, "no test named for the promise"},
		{"does not compile", "N1", edit{"num", "Abs", "n < 0", "n"}, nil, true, "does not compile"},
		{"does not parse", "N1", edit{"num", "Abs", "n < 0", "n <"}, nil, true, "does not compile"},
		{"text that is gone", "N1", edit{"num", "Abs", "n << 0", "n"}, nil, true, "0 times"},
		{"method with a bare return", "N2", edit{"num", "sum.add", "added++", ""}, []string{"TestSum"}, false, ""},
		{"method without results", "N2", edit{"num", "sum.check", "n > limit", "n > 2*limit"}, []string{"TestSum"}, false, ""},
		{"import of another file", "", edit{"num", "Abs", "return -n", "return strings.Count(\"\", \"x\")"}, []string{"TestAbs"}, false, ""},
		{"function that recovers", "N2", edit{"num", "sum.guard", "_ = recover()", "_ = recover(); panic(1)"}, []string{"TestSum"}, true, ""},
		{"text with the brace", "N1", edit{"num", "Abs", "(n int) int {", "(n int) int { n = 0"}, []string{"TestAbs"}, false, ""},
		{"signature", "N1", edit{"num", "Abs", "(n int) int {", "(int) (n int) {"}, []string{"TestAbs"}, true, ""},
		{"constant", "N2", edit{"num", "", "limit = 10", "limit = 20"}, []string{"TestSum"}, true, ""},
		{"file that is not Go", "", edit{"num/unit.txt", "", "meter", "yard"}, []string{"TestUnit"}, true, ""},
	}
	var mutants []numbered
	for i, tt := range tests {
		mutants = append(mutants, numbered{mutant{tt.promise, tt.name, "num", "Test", []edit{tt.edit}}, i + 1})
	}
	l := module(t)
	p, err := l.build(t.Context(), "num", mutants)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.healthy(t.Context(), mutants); err != nil {
		t.Fatal(err)
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := p.try(t.Context(), mutants[i])
			own := len(got) == 0
			var err error
			if own {
				got, err = l.tryAlone(t.Context(), mutants[i])
			}
			if !slices.Equal(got, tt.want) || (err == nil) != (tt.wantErr == "") || err != nil && !strings.Contains(err.Error(), tt.wantErr) {
				t.Errorf("got %v, %v, want %v, %q", got, err, tt.want, tt.wantErr)
			}
			if own != tt.own {
				t.Errorf("got %v for a build of its own, want %v", own, tt.own)
			}
		})
	}
}

// TestResolve finds functions by their names, in any file of the package.
func TestResolve(t *testing.T) {
	l := module(t)
	for _, tt := range []struct {
		name     string
		edit     edit
		wantFile string
		wantErr  string
	}{
		{"function", edit{"num", "Abs", "n < 0", ""}, "num/abs.go", ""},
		{"method of a generic type", edit{"num", "sum.add", "added++", ""}, "num/sum.go", ""},
		{"text of another function", edit{"num", "sum.add", "n < 0", ""}, "", "0 times"},
		{"text that occurs twice", edit{"num", "sum.add", "all", ""}, "", "times, want once"},
		{"empty text", edit{"num", "Abs", "", ""}, "", "0 times"},
		{"unknown function", edit{"num", "add", "added++", ""}, "", "no function add"},
		{"declaration", edit{"num", "", "limit = 10", ""}, "num/abs.go", ""},
		{"text of a function outside functions", edit{"num", "", "n < 0", ""}, "", "0 times"},
		{"unknown folder", edit{"sub", "", "n", ""}, "", "no Go files"},
		{"file that is not Go", edit{"num/unit.txt", "", "meter", ""}, "num/unit.txt", ""},
		{"gone from a file", edit{"num/unit.txt", "", "yard", ""}, "", "0 times"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := l.source.resolve(mutant{edits: []edit{tt.edit}})
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Fatalf("got %v, want %q", err, tt.wantErr)
				}
				return
			}
			if err != nil || len(got) != 1 || got[0].file != tt.wantFile {
				t.Errorf("got %v, %v, want a patch of %s", got, err, tt.wantFile)
			}
		})
	}
	twice := edit{"num", "Abs", "n < 0", ""}
	if _, err := l.source.resolve(mutant{edits: []edit{twice, twice}}); err == nil || !strings.Contains(err.Error(), "overlap") {
		t.Errorf("got %v for one edit twice, want an error about the overlap", err)
	}
}

// TestCheck finds rows and pages that do not fit the code.
func TestCheck(t *testing.T) {
	good := mutant{"N1", "good", "num", "", []edit{{"num", "Abs", "n < 0", "n > 0"}}}
	row := "| N1 | good | `num Abs` | num `TestAbs` |\n"
	for _, tt := range []struct {
		name    string
		change  func(m *mutant, page *string)
		wantErr string
	}{
		{"good", func(*mutant, *string) {}, ""},
		{"text", func(m *mutant, _ *string) { m.edits = []edit{{"num", "Abs", "n << 0", ""}} }, "0 times"},
		{"syntax", func(m *mutant, _ *string) { m.edits = []edit{{"num", "Abs", "n < 0", "n <"}} }, "abs.go"},
		{"no edits", func(m *mutant, _ *string) { m.edits = nil }, "no edits"},
		{"promise", func(m *mutant, _ *string) { m.promise = "N3" }, "mentions"},
		{"pattern", func(m *mutant, _ *string) { m.tests = "TestNone" }, "no test that TestNone matches"},
		{"head of the page", func(_ *mutant, page *string) { *page = row }, "does not begin"},
		{"row of the page", func(_ *mutant, page *string) { *page = strings.Replace(*page, "Abs`", "Sum`", 1) }, "lacks"},
		{"too many rows", func(_ *mutant, page *string) { *page += row }, "2 rows"},
		{"test of the page", func(_ *mutant, page *string) { *page = strings.Replace(*page, "TestAbs", "TestGone", 1) }, "no such test"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, page := good, pageHead+row
			tt.change(&m, &page)
			if err := check(module(t), []mutant{m}, page); (err == nil) != (tt.wantErr == "") || err != nil && !strings.Contains(err.Error(), tt.wantErr) {
				t.Errorf("got %v, want %q", err, tt.wantErr)
			}
		})
	}
	if err := check(module(t), []mutant{good, good}, pageHead+row+row); err == nil || !strings.Contains(err.Error(), "two rows") {
		t.Errorf("got %v for two rows of one name, want an error", err)
	}
}

// TestPage keeps the rows of mutants that did not run.
func TestPage(t *testing.T) {
	mutants := all()
	var before strings.Builder
	before.WriteString(pageHead)
	for _, m := range mutants {
		before.WriteString(rowOf(m) + " " + caughtBy(m.pkg, []string{"TestBefore"}) + " |\n")
	}
	got, err := pageOf([]result{{mutant: mutants[1], killers: []string{"TestA", "TestB"}}}, before.String())
	if err != nil {
		t.Fatal(err)
	}
	old := rowOf(mutants[1]) + " " + mutants[1].pkg + " `TestBefore` |\n"
	want := strings.Replace(before.String(), old, rowOf(mutants[1])+" "+mutants[1].pkg+" `TestA` and 1 more |\n", 1)
	if got != want || !strings.Contains(before.String(), old) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if _, err := pageOf(nil, pageHead); err == nil {
		t.Error("got a page without the rows of mutants that did not run, want an error")
	}
}
