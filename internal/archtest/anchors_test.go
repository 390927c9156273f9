package archtest_test

import (
	"testing"

	"github.com/humasess/sessions/internal/archtest"
)

func TestAnchors(t *testing.T) {
	page := "# A user's own `Take(ctx)`\n\n## Roles, and OpenAPI 3.0\n\n### Same\n### Same ##\n### Same\n" +
		"## [Linked](https://example.com) text\n## snake_case — dash\n```sh\n# a comment\n```\n<a id=\"mark\"></a>\n## Same-1\n"
	dead := func(link string) []string { return []string{`docs/a.md:1: link to "` + link + `", a heading`} }
	tests := []struct {
		link string
		want []string
	}{
		{"b.md#a-users-own-takectx", nil},
		{"b.md#roles-and-openapi-30", nil},
		{"b.md#same", nil},
		{"b.md#same-1", nil},
		{"b.md#same-2", nil},
		{"b.md#same-1-1", nil},
		{"/docs/b.md#linked-text", nil},
		{"b.md#snake_case--dash", nil},
		{"b.md#mark", nil},
		{"b.go#L3", nil},
		{"b.md#same-3", dead("b.md#same-3")},
		{"b.md#Same", dead("b.md#Same")},
		{"b.md#a-comment", dead("b.md#a-comment")},
		{"b.md#a-user's-own", dead("b.md#a-user's-own")},
		{"#here", nil},
		{"#there", dead("#there")},
		{"c.md#x", []string{`docs/a.md:1: link to "c.md#x", a file that does not exist`}},
	}
	for _, tt := range tests {
		t.Run(tt.link, func(t *testing.T) {
			got, err := archtest.Markdown(source{
				"docs/a.md": "[a](" + tt.link + ")\n\n# Here\n", "docs/b.md": page, "docs/b.go": "package b\n",
			}.files())
			if err != nil {
				t.Fatal(err)
			}
			expect(t, got, tt.want)
		})
	}
}

func TestGoLinks(t *testing.T) {
	const text, gone = "package a\n\n", `"docs/gone.md" names a file that does not exist`
	tests := []struct {
		name   string
		source source
		want   []string
	}{
		{"page", source{"a/a.go": text + "// See docs/b.md, docs/b.md#x and ../docs/b.md.\n"}, nil},
		{"missing page", source{"a/a.go": text + "// See docs/gone.md.\n"}, []string{"a/a.go:3: " + gone}},
		{"missing page in a test", source{"a/a_test.go": text + "/* docs/gone.md */\n"}, []string{"a/a_test.go:3: " + gone}},
		{"missing page in an error", source{"a/a.go": text + "const e = \"see docs/gone.md\"\n"}, []string{"a/a.go:3: " + gone}},
		{"string of a test", source{"a/a_test.go": text + "const e = \"see docs/gone.md\"\n"}, nil},
		{"missing heading", source{"a/a.go": text + "// See docs/b.md#y.\n"}, []string{"a heading that docs/b.md does not have"}},
		{"nested module", source{"a/go.mod": "module a\n", "a/a.go": text + "// docs/gone.md\n"}, []string{gone}},
		{"test data", source{"a/testdata/a.go": text + "// docs/gone.md\n"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.source["docs/b.md"] = "# X\n"
			got, err := archtest.GoLinks(tt.source.files())
			if err != nil {
				t.Fatal(err)
			}
			expect(t, got, tt.want)
		})
	}
}
