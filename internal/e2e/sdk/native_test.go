//go:build sdk

package sdk_test

import (
	"path/filepath"
	"testing"
)

// native runs clients that no generator writes: those of docs/native-clients.md that keep their
// token or their cookies in a file.
func native(t *testing.T, r runtimes, quickstart string) {
	t.Helper()
	bearer := start(t, "native", nil)
	dir := r.workshop(t, "native", nil)
	r.run(t, dir, "tsc", "--project", ".")
	for _, tt := range []struct {
		name    string
		command []string
		api     string
		times   int
	}{
		{"token in TypeScript", []string{"node", "out/fetch.js"}, bearer, 1},
		{"token in Python", []string{"python3", "token_file.py"}, bearer, 1},
		{"cookies in TypeScript", []string{"node", "out/cookie-file.js"}, quickstart, 2}, // the second finds the file
		{"cookies in Python", []string{"python3", "cookie_file.py"}, quickstart, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "file")
			for range tt.times {
				r.run(t, dir, append(tt.command, tt.api, "ada", "engine", file)...)
			}
		})
	}
}
