package sdk_test

import (
	"cmp"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/security"
)

// example holds the needs of a program in the folder examples.
type example struct {
	needs  func(t *testing.T) (env, args []string) // nothing when nil
	prefix string                                  // of the paths of its documents
	dir    string                                  // in the folder examples; its name by default
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
	"native":  {},
	"postgres": {needs: func(t *testing.T) (env, args []string) {
		return nil, []string{"-postgres", servertest.StartPostgres(t).DSN}
	}},
	"redis": {needs: func(t *testing.T) (env, args []string) {
		return nil, []string{"-redis", strings.Join(servertest.StartRedis(t).Addrs, ",")}
	}},
	"sqlite": {dir: filepath.Join("apps", "sqlite"), needs: func(t *testing.T) (env, args []string) {
		return nil, []string{"-file", filepath.Join(t.TempDir(), "sessions.db")}
	}},
}

// applications are programs whose clients are their own pages, and those that have no flag
// for the address. Their own tests and internal/e2e/apps test them.
var applications = []string{"frontend", "hello", "oidc", "pages", "passkeys", "production", "tutorial"}

// eachDocument calls check with the documents that the examples serve, and with those
// of an API with bearer tokens. It fails if an example is missing.
func eachDocument(t *testing.T, check func(t *testing.T, api, name string, document []byte)) {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(root, "examples", "*", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	apps, err := filepath.Glob(filepath.Join(root, "examples", "apps", "*", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	each := func(t *testing.T, name, api, prefix string) {
		t.Helper()
		for _, d := range documents {
			t.Run(d.version, func(t *testing.T) { check(t, api, name+" "+d.version, get(t, api+prefix+d.path)) })
		}
	}
	t.Run("tokens", func(t *testing.T) {
		api, _ := startTokens(t)
		each(t, "tokens", api, "")
	})
	for _, dir := range append(dirs, apps...) {
		name := filepath.Base(filepath.Dir(dir))
		if slices.Contains(applications, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			e, ok := examples[name]
			if !ok {
				t.Fatalf("examples/%s is not tested; add its needs to the table", name)
			}
			var env, args []string
			if e.needs != nil {
				env, args = e.needs(t)
			}
			each(t, name, start(t, cmp.Or(e.dir, name), env, args...), e.prefix)
		})
	}
}

// TestDocuments validates the documents, and then makes all requests without a
// session. An example must refuse exactly the requests that a validator
// refuses.
func TestDocuments(t *testing.T) {
	eachDocument(t, func(t *testing.T, api, _ string, document []byte) {
		judges := []judge{newKin(t, document, noSession), newPB33F(t, document, noSession)}
		refused := 0
		for path, item := range loadKin(t, document).Paths.Map() {
			for method := range item.Operations() {
				r, err := http.NewRequest(method, api+placeholder.ReplaceAllString(path, "x"), nil)
				if err != nil {
					t.Fatal(err)
				}
				res, err := http.DefaultTransport.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				_ = res.Body.Close()
				for _, j := range judges {
					// A body or a parameter is missing, which matters only
					// after a request is admitted.
					satisfied, _ := j.request(r.Clone(t.Context()))
					if got, want := res.StatusCode == http.StatusUnauthorized, !satisfied; got != want {
						t.Errorf("%s, %s %s: got %d, refused by the document: %v", j.name(), method, path, res.StatusCode, want)
					}
				}
				if res.StatusCode == http.StatusUnauthorized {
					refused++
				}
			}
		}
		if refused == 0 {
			t.Error("got no operation that requires a session")
		}
	})
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)
