package cookies

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/internal/credential"
)

// textOf is a well-formed token that is made of one letter.
func textOf(letter string) string { return strings.Repeat(letter, credential.TokenLength) }

// unsealed opens tokens as they are.
type unsealed struct{}

func (unsealed) OpenToken(name, text string) (credential.Token, bool, error) {
	t, err := credential.ParseToken(text)
	return t, name != "id", err
}

// found returns the tokens in a request with these Cookie lines. names are separated
// by blanks.
func found(names string, lines ...string) Presented {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, line := range lines {
		r.Header.Add("Cookie", line)
	}
	var c Presented
	c.Find(LinesOf(humago.NewContext(&huma.Operation{}, r, httptest.NewRecorder())), strings.Fields(names), unsealed{})
	return c
}

func TestCandidates(t *testing.T) {
	a, b, c, d := textOf("A"), textOf("B"), textOf("C"), textOf("D")
	tests := []struct {
		name    string
		lines   []string
		want    []string // tokens
		present bool
		excess  bool
	}{
		{"no header", nil, nil, false, false},
		{"empty header", []string{""}, nil, false, false},
		{"one", []string{"id=" + a}, []string{a}, true, false},
		{"among others", []string{"x=1; id=" + a + "; y=2"}, []string{a}, true, false},
		{"without space", []string{"x=1;id=" + a + ";y=2"}, []string{a}, true, false},
		{"tabs and spaces around", []string{"x=1;\t id=" + a + " \t; y=2"}, []string{a}, true, false},
		{"empty pairs", []string{";; ;id=" + a + ";;"}, []string{a}, true, false},
		{"another name", []string{"id2=" + a}, nil, false, false},
		{"a name that ends like it", []string{"xid=" + a}, nil, false, false},
		{"another case", []string{"ID=" + a}, nil, false, false},
		{"name only", []string{"id"}, nil, false, false},
		{"space before the equals sign", []string{"id =" + a}, nil, false, false},
		{"T4 empty value", []string{"id="}, nil, true, false},
		{"T4 quoted", []string{`id="` + a + `"`}, nil, true, false},
		{"T4 quoted, of a token's length", []string{`id="` + a[2:] + `"`}, nil, true, false},
		{"T4 space before the value", []string{"id= " + a}, nil, true, false},
		{"T4 too long", []string{"id=" + a + "A"}, nil, true, false},
		{"T4 NUL", []string{"id=" + a[1:] + "\x00"}, nil, true, false},
		{"T4 64 KB", []string{"id=" + strings.Repeat("A", 64<<10)}, nil, true, false},
		{"T4 in the value of another", []string{"x=id=" + a}, nil, false, false},
		{"T12 equal ones", []string{"id=" + a + "; id=" + a + "; id=" + a + "; id=" + a + "; id=" + a}, []string{a}, true, false},
		{"T12 malformed and good", []string{"id=bad; id=" + a}, []string{a}, true, false},
		{"T12 good and malformed", []string{"id=" + a + "; id=bad"}, []string{a}, true, false},
		{"T12 two", []string{"id=" + a + "; id=" + b}, []string{a, b}, true, false},
		{"T12 three", []string{"id=" + a + "; id=" + b + "; id=" + c}, []string{a, b, c}, true, false},
		{"T12 three, with repetitions", []string{"id=" + a + "; id=" + b + "; id=" + a + "; id=" + c + "; id=" + c}, []string{a, b, c}, true, false},
		{"T12 four", []string{"id=" + a + "; id=" + b + "; id=" + c + "; id=" + d}, []string{a, b, c, d}, true, false},
		{"T12 sixteen", []string{many(16)}, letters(16), true, false},
		{"T12 sixteen, each twice", []string{many(16) + "; " + many(16)}, letters(16), true, false},
		{"T12 seventeen", []string{many(17)}, letters(16), true, true},
		{"T12 a good one behind 255 malformed ones", []string{strings.Repeat("id=bad; id=worse; id=x; ", 85) + "id=" + a}, []string{a}, true, false},
		{"T12 many malformed ones", []string{strings.Repeat("id=bad; ", 300) + "id=" + a}, nil, true, true},
		{"T13 in the second line", []string{"x=1", "id=" + a}, []string{a}, true, false},
		{"T13 in the third of four lines", []string{"x=1", "y=2", "id=" + a, "z=3"}, []string{a}, true, false},
		{"T13 in the first of two lines", []string{"id=" + a, "x=1"}, []string{a}, true, false},
		{"T13 two in later lines", []string{"x=1", "id=" + a, "id=" + b}, []string{a, b}, true, false},
		{"T13 malformed in the first line", []string{"id=bad", "id=" + a}, []string{a}, true, false},
		{"T13 behind an empty line", []string{"", "id=" + a}, []string{a}, true, false},
		{"T13 one in each of two lines", []string{"id=" + a, "id=" + b}, []string{a, b}, true, false},
		{"T13 the same in each of two lines", []string{"id=" + a, "id=" + a}, []string{a}, true, false},
		{"T13 seventeen in two lines", []string{many(9), many(17)}, letters(16), true, true},
		{"T13 in no line", []string{"x=1", "y=2"}, nil, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := found("id", tt.lines...)
			var texts []string
			for _, c := range got.All() {
				texts = append(texts, c.Token.Reveal())
			}
			if !slices.Equal(texts, tt.want) {
				t.Errorf("tokens: got %q, want %q", texts, tt.want)
			}
			if got.Present != tt.present || got.Excess != tt.excess {
				t.Errorf("present %v, too many %v, want %v, %v", got.Present, got.Excess, tt.present, tt.excess)
			}
		})
	}
}

// An attacker can choose the order of cookies, so the tokens are a set.
func TestCandidatesOrder(t *testing.T) {
	t.Run("T12 every order finds the same", func(t *testing.T) {
		values := []string{textOf("A"), textOf("B"), textOf("C"), "bad", ""}
		for i := range 5 * 5 * 5 * 5 {
			var pairs []string
			for range 4 {
				pairs = append(pairs, "id="+values[i%5])
				i /= 5
			}
			forward := set(found("id", strings.Join(pairs, "; ")))
			slices.Reverse(pairs)
			backward := set(found("id", strings.Join(pairs, "; ")))
			if forward != backward {
				t.Errorf("%q: got %s, reversed %s", pairs, backward, forward)
			}
		}
	})
	t.Run("T12 seventeen different ones are too many in every order", func(t *testing.T) {
		pairs := strings.Split(many(17), "; ")
		for range pairs {
			pairs = append(pairs[1:], pairs[0])
			if c := found("id", strings.Join(pairs, ";")); !c.Excess {
				t.Errorf("%q: got %d tokens, want too many", pairs, c.Count)
			}
		}
	})
}

// letters are n different tokens.
func letters(n int) []string {
	var texts []string
	for i := range n {
		texts = append(texts, textOf(string(rune('A'+i))))
	}
	return texts
}

// many are n different tokens in a Cookie line.
func many(n int) string { return "id=" + strings.Join(letters(n), "; id=") }

func set(c Presented) string {
	var texts []string
	for _, found := range c.All() {
		texts = append(texts, found.Token.Reveal()[:1])
	}
	slices.Sort(texts)
	return fmt.Sprint(texts, c.Present, c.Excess)
}

// Tokens under all names count together. A token that came under the present name
// as well is not old.
func TestCandidatesFormer(t *testing.T) {
	a, b, c := textOf("A"), textOf("B"), textOf("C")
	tests := []struct {
		name   string
		lines  []string
		want   []string // tokens
		old    []bool
		excess bool
	}{
		{"under a former name", []string{"sid=" + a}, []string{a}, []bool{true}, false},
		{"under two former names", []string{"sid=" + a + "; old=" + b}, []string{a, b}, []bool{true, true}, false},
		{"in two lines", []string{"sid=" + a, "id=" + b}, []string{a, b}, []bool{true, false}, false},
		{"T12 the same under both", []string{"sid=" + a + "; id=" + a}, []string{a}, []bool{false}, false},
		{"T12 the same under both, the other way round", []string{"id=" + a + "; sid=" + a}, []string{a}, []bool{false}, false},
		{"T12 the same under two former names", []string{"sid=" + a + "; old=" + a}, []string{a}, []bool{true}, false},
		{"T12 the same under all, beside another", []string{"old=" + c + "; sid=" + a + "; old=" + a + "; id=" + a}, []string{c, a}, []bool{true, false}, false},
		{"another name", []string{"si=" + a + "; sidd=" + a + "; SID=" + a}, nil, nil, false},
		{"T12 sixteen", []string{many(9) + "; sid=" + strings.Join(letters(16)[9:], "; sid=")}, letters(16), slices.Concat(make([]bool, 9), slices.Repeat([]bool{true}, 7)), false},
		{"T12 seventeen", []string{many(9) + "; sid=" + strings.Join(letters(17)[9:], "; sid=")}, letters(16), slices.Concat(make([]bool, 9), slices.Repeat([]bool{true}, 7)), true},
		{"T12 many malformed ones", []string{strings.Repeat("id=x; sid=x; old=x; ", 100)}, nil, nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := found("id sid old", tt.lines...)
			var texts []string
			var old []bool
			for _, c := range got.All() {
				texts, old = append(texts, c.Token.Reveal()), append(old, c.Old)
			}
			if !slices.Equal(texts, tt.want) || !slices.Equal(old, tt.old) || got.Excess != tt.excess {
				t.Errorf("got %q, old %v, too many %v, want %q, %v, %v", texts, old, got.Excess, tt.want, tt.old, tt.excess)
			}
		})
	}
}

func TestCandidatesName(t *testing.T) {
	for _, name := range []string{"__Host-id", "__Secure-id", "a"} {
		t.Run(name, func(t *testing.T) {
			if c := found(name, "x=1; "+name+"="+textOf("A")); c.Count != 1 {
				t.Errorf("tokens: got %d, want 1", c.Count)
			}
		})
	}
}

func BenchmarkCandidates(b *testing.B) {
	// How long does it take to find one token among other cookies?
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Cookie", "_ga=GA1.2.1234567890.1234567890; theme=dark; __Host-id="+textOf("A")+"; lang=en")
	ctx := humago.NewContext(&huma.Operation{}, r, httptest.NewRecorder())
	names := []string{defaultName}
	b.ReportAllocs()
	for b.Loop() {
		var c Presented
		lines := LinesOf(ctx)
		c.Find(lines, names, unsealed{})
		lines.Release()
	}
}

// silentContext is a context of middleware that does not list its headers.
type silentContext struct{ humaContext }

// humaContext lets a struct embed the interface and implement it, although one of
// its methods is called Context.
type humaContext huma.Context

func (silentContext) EachHeader(func(name, value string)) {}

func TestLinesOfSilentContext(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, want := range []bool{false, true} {
		lines := LinesOf(silentContext{humago.NewContext(&huma.Operation{}, r, httptest.NewRecorder())})
		if lines.Empty() == want || lines.Upgrade != want {
			t.Errorf("got empty %v, upgrade %v, want %v, %v", lines.Empty(), lines.Upgrade, !want, want)
		}
		lines.Release()
		r.Header.Set("Cookie", "id=x")
		r.Header.Set("Upgrade", "websocket")
	}
}
