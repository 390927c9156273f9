package archtest_test

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/archtest"
)

const (
	// goalRate is the number of vague pronouns per thousand words that every
	// kind of text in every area may have.
	goalRate = 3

	// slackRate is the growth that a limit above the goal tolerates, because
	// shorter text has a higher rate with the same pronouns.
	slackRate = 0.2
)

// TestLanguage holds the rates at their limits, which -update only lowers.
// Text without a limit is held to the goal.
func TestLanguage(t *testing.T) {
	found, err := archtest.Language(os.DirFS(filepath.Join("..", "..")))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("testdata", "words.txt")
	limits := readLimits(t, name)
	if *update {
		limits = lowered(limits, found)
		writeLimits(t, name, limits)
	}
	none(t, tooVague(limits, found))
}

func TestLanguageLimits(t *testing.T) {
	vague := func(hits int) archtest.Prose {
		return archtest.Prose{Area: "a", Kind: "tests", Words: 1000, Hits: make([]string, hits)}
	}
	tests := []struct {
		name   string
		limits map[string]float64
		hits   int
		want   bool // the rate is too high
		update float64
	}{
		{"at the limit", map[string]float64{"a tests": 9}, 9, false, 9},
		{"above the limit", map[string]float64{"a tests": 9}, 10, true, 9},
		{"within the slack", map[string]float64{"a tests": 8.8}, 9, false, 8.8},
		{"below the limit", map[string]float64{"a tests": 9}, 5, false, 5},
		{"below the goal", map[string]float64{"a tests": 9}, 2, false, 3},
		{"at the goal", nil, 3, false, 3},
		{"above the goal", map[string]float64{"a tests": 3}, 4, true, 3},
		{"above the goal without a limit", nil, 4, true, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found := []archtest.Prose{vague(tt.hits)}
			if got := len(tooVague(tt.limits, found)) > 0; got != tt.want {
				t.Errorf("got too high %t, want %t", got, tt.want)
			}
			if got := lowered(tt.limits, found)["a tests"]; got != tt.update {
				t.Errorf("got updated limit %v, want %v", got, tt.update)
			}
		})
	}
}

func TestLanguageHits(t *testing.T) {
	// W and "N1 one" stand for pronouns that count, so this file has none.
	const fence = "```"
	tests := []struct {
		name  string
		file  string
		text  string
		words int
		want  []string
	}{
		{"comment", "a/a.go", "package a\n\n// It is W.\n//\n// W is it?\n", 6, []string{"a/a.go:3: W: It is W.", "a/a.go:5: W: W is it?"}},
		{"at the end of a line", "a/a.go", "package a\n\nvar x int // for W\n", 2, []string{"a/a.go:3: W: for W"}},
		{"block", "a/a.go", "package a\n\n/*\nfor W\n*/\n", 2, []string{"a/a.go:4: W: for W"}},
		{"two words", "a/a.go", "package a\n\n// N1\n// one is.\n", 3, []string{"a/a.go:3: N1 one: N1"}},
		{"test", "a/a_test.go", "package a\n\n// W.\n", 1, []string{"a/a_test.go:3: W: W."}},
		{"in longer words", "a/a.go", "package a\n\n// Wle, so-W, W-is.\n", 5, nil},
		{"code in a comment", "a/a.go", "package a\n\n// A `W` [W.W] is:\n//\n//\tW()\n", 2, nil},
		{"directive", "a/a.go", "package a\n\n//go:generate W W\n", 0, nil},
		{"URL", "a/a.go", "package a\n\n// See https://example.com/W.\n", 1, nil},
		{"string", "a/a.go", "package a\n\nvar x = \"it\\nis for W\"\n", 4, []string{"a/a.go:3: W: it is for W"}},
		{"raw string", "a/a.go", "package a\n\nvar x = `it\nis for W`\n", 4, []string{"a/a.go:4: W: is for W"}},
		{"short string", "a/a.go", "package a\n\nvar x = \"for W\"\n", 0, nil},
		{"Markdown", "a/a.md", "# A\n\nIt's W.\n\n| W |\n|---|\n", 4, []string{"a/a.md:3: W: It's W.", "a/a.md:5: W: | W |"}},
		{"code in Markdown", "a/a.md", "`W` is\n" + fence + "go\nW\n" + fence + "\nW\n", 2, []string{"a/a.md:5: W: W"}},
		{"link", "a/a.md", "[W](W.md), <https://W.example>\n\n[b]: W.md\n<!-- W -->\n", 1, []string{"a/a.md:1: W: [W"}},
		{"other file", "a/a.txt", "W\n", 0, nil},
		{"at the root", "a.md", "W\n", 1, []string{"a.md:1: W: W"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pronoun := strings.NewReplacer("W", "Who", "N1", "No")
			found, err := archtest.Language(source{tt.file: pronoun.Replace(tt.text)}.files())
			if err != nil {
				t.Fatal(err)
			}
			words, hits := 0, []string(nil)
			for _, p := range found {
				words += p.Words
				hits = append(hits, p.Hits...)
			}
			want := slices.Clone(tt.want)
			for i := range want {
				want[i] = pronoun.Replace(want[i])
			}
			if words != tt.words {
				t.Errorf("got %d words, want %d", words, tt.words)
			}
			expect(t, hits, want)
		})
	}
}

func readLimits(t *testing.T, name string) map[string]float64 {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	limits := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		var area, kind string
		var rate float64
		if _, err := fmt.Sscan(line, &area, &kind, &rate); err != nil {
			t.Fatalf("%s: line %q: %v", name, line, err)
		}
		limits[area+" "+kind] = rate
	}
	return limits
}

func writeLimits(t *testing.T, name string, limits map[string]float64) {
	t.Helper()
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(limits)) {
		fmt.Fprintf(&text, "%s %.1f\n", key, limits[key])
	}
	if err := os.WriteFile(name, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func limitOf(limits map[string]float64, p archtest.Prose) float64 {
	return max(goalRate, limits[p.Area+" "+p.Kind])
}

// tooVague names the texts whose rate is above their limit.
func tooVague(limits map[string]float64, found []archtest.Prose) []string {
	var sentences []string
	for _, p := range found {
		limit := limitOf(limits, p)
		slack := slackRate
		if limit == goalRate {
			slack = 0
		}
		if p.Rate() > limit+slack {
			sentences = append(sentences, fmt.Sprintf(
				"%s of %s: got %.1f vague pronouns per 1000 words, want at most %.1f; name the actor or the thing; go run ./internal/archtest/words %s lists them",
				p.Kind, p.Area, p.Rate(), limit, p.Area))
		}
	}
	return sentences
}

// lowered returns the limits that the texts keep, none above those given.
func lowered(limits map[string]float64, found []archtest.Prose) map[string]float64 {
	low := map[string]float64{}
	for _, p := range found {
		low[p.Area+" "+p.Kind] = max(goalRate, min(math.Ceil(p.Rate()*10)/10, limitOf(limits, p)))
	}
	return low
}
