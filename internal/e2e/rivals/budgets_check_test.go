package rivals_test

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestBudgetTable checks that each row has a value or an existing test, and that
// the subjects and requests that it names exist.
func TestBudgetTable(t *testing.T) {
	t.Parallel()
	r := flawless(t)
	seen := map[string]bool{}
	for _, b := range budgets {
		name := b.scenario + ": " + b.measure
		if seen[name] {
			t.Errorf("%s: a second row has this name", name)
		}
		seen[name] = true
		if (b.gate == "") == (b.value == nil) {
			t.Errorf("%s: got gate %q and value %v, want one of them", name, b.gate, b.value != nil)
			continue
		}
		if b.gate != "" {
			file, test, _ := strings.Cut(b.gate, " ")
			source, err := os.ReadFile("../../../" + file)
			if err != nil || !strings.Contains(string(source), "func "+test+"(") {
				t.Errorf("%s: %s has no test %s: %v", name, file, test, err)
			}
			continue
		}
		if _, ok := b.value(r); !ok {
			t.Errorf("%s: the benchmark does not measure it", name)
		}
		if b.format == "" {
			t.Errorf("%s: no format", name)
		}
		if b.reason != "" && !strings.HasSuffix(b.reason, ".") {
			t.Errorf("%s: the reason %q is not a sentence", name, b.reason)
		}
	}
}

// flawless returns results with a value for all that the benchmark measures.
func flawless(t *testing.T) *results {
	t.Helper()
	r := &results{Scale: scale{1, 1, 1, 1}}
	for _, g := range inProcessGroups() {
		for _, s := range append(g.subjects(t), floor()) {
			for _, request := range requests {
				if s.answers(request) {
					r.Lines = append(r.Lines, line{g.name, request, s.name, s.own, 1, 1, 1, 0, 0, true})
				}
			}
		}
	}
	for _, s := range httpSubjects {
		for _, request := range []string{read, modify} {
			r.HTTP = append(r.HTTP, httpLine{s.group, request, s.name, s.own, 1, 1})
		}
	}
	return r
}

// TestHTTPSubjects checks that the comparison over HTTP has only subjects of the
// groups, and all peers.
func TestHTTPSubjects(t *testing.T) {
	t.Parallel()
	for _, g := range groups {
		var names []string
		for _, s := range httpSubjects {
			if s.group == g.name {
				names = append(names, s.name)
			}
		}
		for _, s := range g.subjects(t) {
			at := slices.Index(names, s.name)
			if at < 0 && !s.own {
				t.Errorf("%s: the peer %s is not measured over HTTP", g.name, s.name)
			}
			if at >= 0 {
				names = slices.Delete(names, at, at+1)
			}
		}
		if len(names) > 0 {
			t.Errorf("%s: there are no subjects %q", g.name, names)
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	value := func(v float64) figure { return func(*results) (float64, bool) { return v, true } }
	missing := func(*results) (float64, bool) { return 0, false }
	const why = "It is known."
	for _, tt := range []struct {
		name string
		row  row
		want verdict
		fail bool
	}{
		{"below", row{limit: 2, value: value(1)}, met, false},
		{"exact limit", row{limit: 2, value: value(2.01)}, unmet, true},
		{"time within the margin", row{limit: 2, timed: true, value: value(2.29)}, met, false},
		{"time beyond the margin", row{limit: 2, timed: true, value: value(2.31)}, unmet, true},
		{"share", row{sense: atLeast, limit: 0.88, timed: true, value: value(0.77)}, met, false},
		{"too small a share", row{sense: atLeast, limit: 0.88, timed: true, value: value(0.76)}, unmet, true},
		{"reason", row{limit: 2, timed: true, value: value(3), reason: why}, excused, false},
		{"reason within the margin", row{limit: 2, timed: true, value: value(2.1), reason: why}, met, false},
		{"stale reason", row{limit: 2, timed: true, value: value(1.9), reason: why}, stale, false},
		{"test", row{gate: "file Test"}, gated, false},
		{"not measured", row{value: missing, reason: why}, unmeasured, true},
		{"program missing", row{value: missing, needs: "cargo"}, skipped, false},
	} {
		got, _ := tt.row.judge(nil)
		if got != tt.want || got.fails() != tt.fail {
			t.Errorf("%s: got %q, which fails: %v; want %q and %v", tt.name, got, got.fails(), tt.want, tt.fail)
		}
	}
}
