//go:build sdk

package sdk_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/archtest"
)

// TestSDKScripts gives Node the blocks of JavaScript of the docs, which it parses. Those of
// other languages equal files that TestSDK compiles and runs.
func TestSDKScripts(t *testing.T) {
	blocks, err := archtest.Blocks(os.DirFS(filepath.Join("..", "..", "..")))
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, b := range blocks {
		switch b.Language {
		case "js":
			count++
			name := filepath.Join(t.TempDir(), "block.mjs")
			if strings.Contains(b.Code, "module.exports") {
				name = strings.TrimSuffix(name, "mjs") + "cjs"
			}
			write(t, name, []byte(b.Code))
			if out, err := exec.Command("node", "--check", name).CombinedOutput(); err != nil {
				t.Errorf("%s:%d: %v: %s", b.Path, b.Line, err, out)
			}
		case "ts", "python", "java":
			if b.Marker == "" {
				t.Errorf("%s:%d: got a block that equals no file; keep it as a file that a test runs", b.Path, b.Line)
			}
		}
	}
	if count == 0 {
		t.Error("got no block of JavaScript, want those of docs/front-ends.md")
	}
}
