package archtest_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/humasess/sessions/internal/archtest"
)

func TestWorkflowsOfRepository(t *testing.T) {
	root := os.DirFS(filepath.Join("..", ".."))
	for name, check := range map[string]func() ([]string, error){
		"pinned":  func() ([]string, error) { return archtest.Workflows(root) },
		"updated": func() ([]string, error) { return archtest.Updates(root) },
	} {
		t.Run(name, func(t *testing.T) {
			found, err := check()
			if err != nil {
				t.Fatal(err)
			}
			none(t, found)
		})
	}
}

func TestWorkflows(t *testing.T) {
	const digest = "0123456789abcdef0123456789abcdef01234567"
	for uses, ok := range map[string]bool{
		"actions/checkout@" + digest + " # v1.2.3":      true,
		"actions/cache/save@" + digest + " # v1.2.3":    true,
		"actions/checkout@v4":                           false,
		"actions/checkout@main":                         false,
		"actions/checkout@" + digest:                    false,
		"actions/checkout@" + digest + " # newest":      false,
		"actions/checkout@" + digest[:12] + " # v1.2.3": false,
		"docker://alpine:3":                             false,
		`"actions/checkout@v4"`:                         false,
	} {
		t.Run(uses, func(t *testing.T) {
			got, err := archtest.Workflows(fstest.MapFS{".github/workflows/ci.yml": {Data: []byte("jobs:\n  all:\n    steps:\n      - uses: " + uses + "\n")}})
			if err != nil || (len(got) == 0) != ok {
				t.Errorf("got %q, %v, want accepted: %v", got, err, ok)
			}
		})
	}
}

func TestUpdates(t *testing.T) {
	got, err := archtest.Updates(fstest.MapFS{
		".github/dependabot.yml": {Data: []byte("directories: [/, /contrib/otel]\n")},
		"go.mod":                 {}, "contrib/otel/go.mod": {}, "cmd/humasess/go.mod": {}, "internal/x/testdata/go.mod": {},
	})
	want := []string{".github/dependabot.yml does not name the folder of cmd/humasess/go.mod"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}
