package docs_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/archtest"
)

// TestBrokenBlocks shows blocks that must not pass, beside some that must.
func TestBrokenBlocks(t *testing.T) {
	const shared = "package docs\n\ntype User struct{ ID string }\n\ntype MeInput struct{ humasess.Required[User] }\n\n" +
		"var in *MeInput\n\nfunc id(u User) string { return u.ID }\n\nfunc (User) Method() {}\n"
	const used = "id(in.Value())\n" // the names of the context
	tests := []struct {
		name    string
		blocks  []string
		context string // of the page
		want    []string
	}{
		{"statements", []string{used + "x, err := in.Session.List(ctx)", "return nil, in.Session.Destroy()", "return in.Session.Renew()"}, "var ctx context.Context", nil},
		{"declarations", []string{used, "type T struct{ humasess.Session[User] }\n\nfunc (T) M() *http.Request { return nil }"}, "", nil},
		{"unknown name", []string{used + "\nx := secret"}, "", []string{"docs/a.md:13: undefined: secret"}},
		{"unknown method", []string{used + "in.Session.Begin()"}, "", []string{"docs/a.md:12: in.Session.Begin undefined"}},
		{"unknown option", []string{used + "_ = humasess.Options[User]{Idle: 1}"}, "", []string{"docs/a.md:12: unknown field Idle"}},
		{"unknown function of a package", []string{used + "http.Sign()"}, "", []string{"docs/a.md:12: undefined: http.Sign"}},
		{"unknown package", []string{used + "gin.New()"}, "", []string{"docs/a.md:12: undefined: gin"}},
		{"wrong type", []string{used + "var n int = in.Value()"}, "", []string{"docs/a.md:12: cannot use in.Value()"}},
		{"too few results", []string{used + "x := in.Session.List(nil)"}, "", []string{"docs/a.md:12: assignment mismatch"}},
		{"unknown type of a field", []string{used, "type T struct{\n\tA B\n}"}, "", []string{"docs/a.md:22: undefined: B"}},
		{"missing method", []string{used, "type T struct{}\n\nvar _ stores.Store = T{}"}, "", []string{"docs/a.md:23: cannot use T{}"}},
		{"too many results", []string{used, "return 1, 2, 3"}, "", []string{"docs/a.md:20: a return has 3 results"}},
		{"not Go", []string{used, "x := := 1"}, "", []string{"docs/a.md:21"}},
		{"import lines are not completed", []string{used, "import \"io\"\n\nvar r io.Reader = strings.NewReader(\"\")"}, "", []string{"docs/a.md:23: undefined: strings"}},
		{"import of an unknown package", []string{used, "import \"net/httpx\""}, "", []string{"could not import net/httpx"}},
		{"a block's own type counts", []string{used, "type User struct{ Name string }\n\nvar u = User{ID: \"\"}"}, "", []string{
			"docs/a.md:23: unknown field ID", "shared.go:9: u.ID undefined",
		}},
		{"a variable of the block counts", []string{used + "in := 1\nin.Value()"}, "", []string{"docs/a.md:13: in.Value undefined"}},
		{"types of an earlier block", []string{used, "type T struct{ A int }", "x := T{A: 1}"}, "", nil},
		{"types of an earlier block are checked", []string{used, "type T struct{ A int }", "x := T{B: 1}"}, "", []string{"docs/a.md:31: unknown field B"}},
		{"types of a later block", []string{used + "x := T{A: 1}", "type T struct{ A int }"}, "", []string{"docs/a.md:12: undefined: T"}},
		{"page before shared", []string{used + "n++"}, "var n string", []string{"docs/a.md:12: invalid operation: n++"}},
		{"context that is not used", []string{used}, "var n int", []string{"docs/a.go n is not used by any block"}},
		{"context that hides a package", []string{used + "http()"}, "func http()", []string{"docs/a.go: http hides a package"}},
		{"context that hides errors", []string{used + "f(n)\nfunc(any) {}(n)"}, "var n any\n\nfunc f(int)", []string{"the type of n hides errors", "cannot use n"}},
		{"context that does not compile", []string{used + "n = 1"}, "var n T", []string{"docs/a.go:3: undefined: T"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var blocks []archtest.Block
			for i, code := range tt.blocks {
				blocks = append(blocks, archtest.Block{Path: "docs/a.md", Line: 10 * (i + 1), Language: "go", Code: code})
			}
			contexts := map[string]string{}
			if tt.context != "" {
				contexts["docs/a.md"] = "package docs\n\n" + tt.context
			}
			got := compile(t, shared, contexts, map[string][]archtest.Block{"docs/a.md": blocks})
			slices.Sort(got)
			if !slices.EqualFunc(got, tt.want, strings.Contains) {
				t.Errorf("got %q, want %d with %q", got, len(tt.want), tt.want)
			}
		})
	}
	got := compile(t, "package docs", map[string]string{"docs/gone.md": "package docs"}, nil)
	if len(got) != 1 || !strings.HasPrefix(got[0], "docs/gone.md has a context") {
		t.Errorf("got %q, want a report about the context of a page that is gone", got)
	}
}
