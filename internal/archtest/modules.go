package archtest

import (
	"io/fs"
	"slices"
	"strings"
)

// Modules returns the parts of go.mod and go.sum that affect a user's build, sorted
// and one per line. They are the modules that are required, directly or indirectly,
// and the names in go.sum. Other directives, except module, go and toolchain, are
// complete. Requirements have no versions, so the result changes with a new module but
// not with a new version.
func Modules(fsys fs.FS) ([]string, error) {
	mod, err := fs.ReadFile(fsys, "go.mod")
	if err != nil {
		return nil, err
	}
	sum, err := fs.ReadFile(fsys, "go.sum")
	if err != nil {
		return nil, err
	}
	var lines []string
	block := ""
	for line := range strings.Lines(string(mod)) {
		code, comment, _ := strings.Cut(line, "//")
		words := strings.Fields(code)
		switch {
		case len(words) == 0:
			continue
		case words[0] == ")":
			block = ""
			continue
		case words[len(words)-1] == "(":
			block = words[0]
			continue
		case block != "":
			words = append([]string{block}, words...)
		}
		switch words[0] {
		case "module", "go", "toolchain":
		case "require":
			kind := "direct"
			if strings.TrimSpace(comment) == "indirect" {
				kind = "indirect"
			}
			lines = append(lines, kind+" "+words[1])
		default:
			lines = append(lines, strings.Join(words, " "))
		}
	}
	for line := range strings.Lines(string(sum)) {
		if words := strings.Fields(line); len(words) > 0 {
			lines = append(lines, "sum "+words[0])
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines), nil
}
