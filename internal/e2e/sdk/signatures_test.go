package sdk_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// An operation of a generated client takes no cookie: whoever generated it
// would have to hand one to every call.
var operationNames = regexp.MustCompile(`(?i)\b(post_?login|get_?me|get_?admin|list_?sessions|post_?logout)\w*`)

// noCookieArgument looks at every line of generated code that both names an
// operation and takes arguments. There must be such lines.
func noCookieArgument(t *testing.T, dir, extension string) {
	t.Helper()
	operations := 0
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != extension {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, signature := range signatures(string(text)) {
			operations++
			if strings.Contains(strings.ToLower(signature), "cookie") {
				t.Errorf("%s takes a cookie: %s", filepath.Base(name), signature)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if operations < 5 {
		t.Errorf("got %d generated signatures, want those of five operations at least", operations)
	}
}

// signatures returns each name of an operation in the text together with the
// parentheses after it, which may span lines.
func signatures(text string) []string {
	var found []string
	for _, at := range operationNames.FindAllStringIndex(text, -1) {
		rest := text[at[1]:]
		if !strings.HasPrefix(rest, "(") {
			continue
		}
		depth := 0
		for i, c := range rest {
			switch c {
			case '(':
				depth++
			case ')':
				depth--
			}
			if depth == 0 {
				found = append(found, text[at[0]:at[1]]+rest[:i+1])
				break
			}
		}
	}
	return found
}
