package sdk_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/security"
)

// example is what it takes to run a program in the folder examples.
type example struct {
	needs  func(t *testing.T) (env, args []string) // nothing when nil
	prefix string                                  // of the paths of its documents
}

var examples = map[string]example{
	"quickstart": {},
	"cookie": {needs: func(t *testing.T) (env, args []string) {
		key, err := security.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		return []string{"SESSION_KEYS=" + key.Reveal()}, nil
	}},
	"devices": {prefix: "/api"},
	"postgres": {needs: func(t *testing.T) (env, args []string) {
		return nil, []string{"-postgres", servertest.StartPostgres(t).DSN}
	}},
	"redis": {needs: func(t *testing.T) (env, args []string) {
		return nil, []string{"-redis", strings.Join(servertest.StartRedis(t).Addrs, ",")}
	}},
	"sqlite": {needs: func(t *testing.T) (env, args []string) {
		return nil, []string{"-file", filepath.Join(t.TempDir(), "sessions.db")}
	}},
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
		name := filepath.Base(filepath.Dir(dir))
		t.Run(name, func(t *testing.T) {
			e, ok := examples[name]
			if !ok {
				t.Fatalf("examples/%s is not tested: add what it needs", name)
			}
			var env, args []string
			if e.needs != nil {
				env, args = e.needs(t)
			}
			api := start(t, name, env, args...)
			for _, d := range documents {
				t.Run(d.version, func(t *testing.T) { check(t, name+" "+d.version, get(t, api+e.prefix+d.path)) })
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
