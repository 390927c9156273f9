//go:build sdk

package sdk_test

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// openapiGenerator returns the command of openapi-generator with these arguments.
func (r runtimes) openapiGenerator(args ...string) []string {
	return append([]string{
		"java", "-cp", r.classPath(), "org.openapitools.codegen.OpenAPIGenerator", "generate", "-i", "openapi.json",
		"--global-property", "apiDocs=false,modelDocs=false,apiTests=false,modelTests=false",
	}, args...)
}

// client is a client whose code is in the folder testdata/<home>.
type client struct {
	name      string
	home      string
	generate  []string
	generated string // file or folder with the operations
	run       []string
	cookies   int // as for walk
	after     int
}

func (r runtimes) clients(api string) []client {
	return []client{
		{
			name: "openapi-fetch", home: "node", cookies: 1,
			generate:  []string{"openapi-typescript", "openapi.json", "--output", "generated/openapi-fetch.ts"},
			generated: "generated/openapi-fetch.ts", run: []string{"node", "out/openapi-fetch.js"},
		},
		{
			name: "hey-api", home: "node", cookies: 1, after: 1,
			generate:  []string{"openapi-ts", "--file", "hey-api.config.mjs"},
			generated: "generated/hey-api/sdk.gen.ts", run: []string{"node", "out/hey-api.js"},
		},
		{
			name: "orval", home: "node", cookies: 1,
			generate:  []string{"env", "API=" + api, filepath.Join(r.modules, ".bin", "orval"), "--config", "orval.config.cjs"},
			generated: "generated/orval.ts", run: []string{"node", "out/orval.js"},
		},
		{
			name: "openapi-python-client", home: "python", cookies: 1,
			generate: []string{
				"openapi-python-client", "generate", "--path", "openapi.json", "--meta", "none",
				"--output-path", "generated/openapi_python_client", "--fail-on-warning",
			},
			generated: "generated/openapi_python_client/api", run: []string{"python3", "openapi_python_client.py"},
		},
		{
			name: "openapi-generator for Python", home: "python", cookies: 1, after: 1,
			generate:  r.openapiGenerator("-g", "python", "-o", "generated/openapi_generator"),
			generated: "generated/openapi_generator/openapi_client/api", run: []string{"python3", "openapi_generator.py"},
		},
		{
			name: "openapi-generator for Java", home: "java", cookies: 1, after: 1,
			generate: r.openapiGenerator("-g", "java", "-o", "generated", "--additional-properties",
				"errorObjectType=org.openapitools.client.model.ErrorModel,openApiNullable=false"),
			generated: "generated/src/main/java/org/openapitools/client/api",
			run:       []string{"java", "-cp", "out:" + r.classPath(), "Client"},
		},
	}
}

// compile checks the types of all code in the workshop, and builds the program.
func (r runtimes) compile(t *testing.T, home, dir string) {
	t.Helper()
	switch home {
	case "node":
		r.run(t, dir, "tsc", "--project", ".")
	case "java":
		args := []string{"javac", "-nowarn", "-d", "out", "-cp", r.classPath(), "Client.java"}
		err := filepath.WalkDir(filepath.Join(dir, "generated", "src", "main", "java"), func(name string, _ fs.DirEntry, err error) error {
			if filepath.Ext(name) == ".java" {
				args = append(args, name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		r.run(t, dir, args...)
	}
}

// TestSDK needs Node, Python and Java, and their package registries. It fails
// if one is missing.
func TestSDK(t *testing.T) {
	r := install(t)
	api := start(t, "quickstart", nil)
	for _, d := range documents {
		t.Run("from "+d.version, func(t *testing.T) {
			document := get(t, api+d.path)
			w := watch(t, api, newKin(t, document, asked(api)), newPB33F(t, document, asked(api)))
			workshops := map[string]string{}
			for _, home := range []string{"node", "python", "java"} {
				workshops[home] = r.workshop(t, home, document)
			}
			clients := r.clients(w.url)
			for _, c := range clients {
				r.run(t, workshops[c.home], c.generate...)
			}
			for home, dir := range workshops {
				r.compile(t, home, dir)
			}
			for _, c := range clients {
				t.Run(c.name, func(t *testing.T) { r.walk(t, c, workshops[c.home], w) })
			}
		})
	}
	t.Run("linters", func(t *testing.T) { lint(t, r) })
	t.Run("schemathesis", func(t *testing.T) { fuzz(t, r, api) })
}

func (r runtimes) walk(t *testing.T, c client, dir string, w *witness) {
	t.Helper()
	noCredentialArgument(t, filepath.Join(dir, c.generated))
	out, err := r.command(t, dir, append(slices.Clone(c.run), w.url, "grace", "compiler")...).CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if got, want := w.seen(), walk(c.cookies, c.after); !slices.Equal(got, want) {
		t.Errorf("got calls %v, want %v", got, want)
	}
	// The client itself reports an unexpected answer.
	out, err = r.command(t, dir, append(slices.Clone(c.run), w.url, "ada", "engine")...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "admin: got") {
		t.Errorf("an administrator's walk: got %q and error %v, want a complaint about admin", out, err)
	}
	w.seen()
}
