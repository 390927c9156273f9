package console_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/console"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, page string
		want       string // in the error, or "" for none
	}{
		{"equal", marked("$ echo one; echo two\none\ntwo\n"), ""},
		{"any text", marked("$ echo id=4711; path=/\nid=…\n"), ""},
		{"carriage return", marked("$ printf 'a\\r\\n'\na\n"), ""},
		{"edited", marked("$ echo PORT\nPORT\n"), ""},
		{"other output", marked("$ echo one\ntwo\n"), "want\ntwo"},
		{"more output", marked("$ echo one; echo two\none\n"), "want\none"},
		{"another line for any text", marked("$ echo a; echo b\n…\n"), "want\n…"},
		{"exit code", marked("$ false\n"), "exit status 1"},
		{"the second block", marked("$ echo a\na\n") + marked("$ echo b\nc\n"), "want\nc"},
		{"no block", "# Page\n", "has no block"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			page := filepath.Join(t.TempDir(), "page.md")
			if err := os.WriteFile(page, []byte(tt.page), 0o600); err != nil {
				t.Fatal(err)
			}
			err := console.Check(t.Context(), page, t.TempDir(), func(block string) string {
				return strings.ReplaceAll(block, "PORT", "8888")
			})
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
}

func marked(text string) string {
	return "<!-- run -->\n\n```console\n" + text + "```\n\n"
}
