package sdk_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// parameters finds what an operation takes, in generated code of each
// language. openapi-typescript describes it by a type, in which no cookie is
// `cookie?: never`.
var parameters = map[string]*regexp.Regexp{
	".go":   regexp.MustCompile(`(?m)^func (?:\(\w+ \S+\) )?\w*(?:PostLogin|GetMe|GetAdmin|ListSessions|PostLogout)\w*(\(.*)$`),
	".java": regexp.MustCompile(`(?m)^ *(?:public|private) [\w.<>\[\], ]+ \w+(\([^)]*\))`),
	".py":   regexp.MustCompile(`(?s)\bdef \w+(\(.*?\))(?: ->.*?)?:\n`),
	".ts":   regexp.MustCompile(`(?s)export const \w+ = (?:async )?(?:<[^=]*= \w+>)?(\(.*?\)) *[:=]|\bparameters: (\{.*?\})`),
}

// noCookieArgument looks at every operation of generated code, in one file or
// in a folder: whoever generated it would have to hand a cookie to each call.
func noCookieArgument(t *testing.T, generated string) {
	t.Helper()
	operations := 0
	err := filepath.WalkDir(generated, func(name string, d fs.DirEntry, err error) error {
		pattern := parameters[filepath.Ext(name)]
		if err != nil || d.IsDir() || pattern == nil {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, match := range pattern.FindAllStringSubmatch(string(text), -1) {
			operations++
			takes := strings.ReplaceAll(strings.Join(match[1:], ""), "cookie?: never", "")
			if strings.Contains(strings.ToLower(takes), "cookie") {
				t.Errorf("%s takes a cookie: %s", filepath.Base(name), match[0])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if operations < 5 {
		t.Errorf("%s: got %d operations, want five at least", filepath.Base(generated), operations)
	}
}
