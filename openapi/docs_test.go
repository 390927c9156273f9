package openapi_test

import (
	"os"
	"strings"
	"testing"

	"github.com/humasess/sessions/openapi"
)

// The table in docs/policy.md is that of the example's policy file.
func TestDocumentedTable(t *testing.T) {
	data, err := os.ReadFile("../examples/devices/site/testdata/policy.json")
	if err != nil {
		t.Fatal(err)
	}
	p, err := openapi.ParsePolicy(data)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "<!-- policy examples/devices/site/testdata/policy.json -->\n\n")
	got, _, found := strings.Cut(rest, "\n<!-- end -->")
	if want := p.Markdown(); !found || got != want {
		t.Errorf("got in docs/policy.md\n%s\nwant\n%s", got, want)
	}
}
