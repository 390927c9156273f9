package sdk_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/security"
)

// examples are all programs in the folder examples, with what they need.
var examples = map[string]func(t *testing.T) (env, args []string){
	"quickstart": func(*testing.T) (env, args []string) { return nil, nil },
	"cookie": func(t *testing.T) (env, args []string) {
		key, err := security.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		return []string{"SESSION_KEYS=" + key.Reveal()}, nil
	},
	"postgres": func(t *testing.T) (env, args []string) {
		return nil, []string{"-postgres", servertest.StartPostgres(t).DSN}
	},
	"redis": func(t *testing.T) (env, args []string) {
		return nil, []string{"-redis", strings.Join(servertest.StartRedis(t).Addrs, ",")}
	},
	"sqlite": func(t *testing.T) (env, args []string) {
		return nil, []string{"-file", filepath.Join(t.TempDir(), "sessions.db")}
	},
}

// eachDocument calls check with the documents that the examples serve. No
// example may be missing.
func eachDocument(t *testing.T, check func(t *testing.T, name string, document []byte)) {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(root, "examples", "*", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		example := filepath.Base(filepath.Dir(dir))
		t.Run(example, func(t *testing.T) {
			needs, ok := examples[example]
			if !ok {
				t.Fatalf("examples/%s is not tested: add what it needs", example)
			}
			env, args := needs(t)
			api := start(t, example, env, args...)
			for _, d := range documents {
				t.Run(d.version, func(t *testing.T) { check(t, example+" "+d.version, get(t, api+d.path)) })
			}
		})
	}
}

func TestDocuments(t *testing.T) {
	eachDocument(t, func(t *testing.T, _ string, document []byte) {
		loadKin(t, document)
		loadPB33F(t, document)
	})
}
