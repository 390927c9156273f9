//go:build sdk

package sdk_test

import (
	"io/fs"
	"path/filepath"
	"slices"
	"testing"
)

// openapiGenerator returns the command of openapi-generator for a document.
func (r runtimes) openapiGenerator(document string, args ...string) []string {
	return append([]string{
		"java", "-cp", r.classPath(), "org.openapitools.codegen.OpenAPIGenerator", "generate", "-i", document,
		"--global-property", "apiDocs=false,modelDocs=false,apiTests=false,modelTests=false",
	}, args...)
}

// client is a client whose code is in the folder testdata/<home>.
type client struct {
	name      string
	home      string
	generate  []string // nothing if the command of another client does it
	generated string   // file or folder with the operations
	run       []string
	cookies   int // as for walk
	after     int
	stepsUp   bool // as for walkWithToken
}

// clients returns the clients of the quickstart, which is at that address for them. The
// commands of Hey API and orval also generate the clients with tokens.
func (r runtimes) clients(api, tokens string) []client {
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
			generate:  []string{"env", "API=" + api, "TOKENS=" + tokens, filepath.Join(r.modules, ".bin", "orval"), "--config", "orval.config.cjs"},
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
			generate:  r.openapiGenerator("openapi.json", "-g", "python", "-o", "generated/openapi_generator"),
			generated: "generated/openapi_generator/openapi_client/api", run: []string{"python3", "openapi_generator.py"},
		},
		{
			name: "openapi-generator for Java", home: "java", cookies: 1, after: 1,
			generate: r.openapiGenerator("openapi.json", "-g", "java", "-o", "generated", "--additional-properties",
				"errorObjectType=org.openapitools.client.model.ErrorModel,openApiNullable=false"),
			generated: "generated/src/main/java/org/openapitools/client/api",
			run:       []string{"java", "-cp", "out:" + r.classPath(), "Client"},
		},
	}
}

// withTokens returns the clients of the API with bearer tokens.
func (r runtimes) withTokens() []client {
	return []client{
		{
			name: "openapi-fetch", home: "node", stepsUp: true,
			generate:  []string{"openapi-typescript", "tokens.json", "--output", "generated/openapi-fetch-token.ts"},
			generated: "generated/openapi-fetch-token.ts", run: []string{"node", "out/openapi-fetch-token.js"},
		},
		{
			name: "hey-api", home: "node",
			generated: "generated/hey-api-token/sdk.gen.ts", run: []string{"node", "out/hey-api-token.js"},
		},
		{
			name: "orval", home: "node",
			generated: "generated/orval-token.ts", run: []string{"node", "out/orval-token.js"},
		},
		{
			name: "openapi-python-client", home: "python",
			generate: []string{
				"openapi-python-client", "generate", "--path", "tokens.json", "--meta", "none",
				"--output-path", "generated/openapi_python_client_token", "--fail-on-warning",
			},
			generated: "generated/openapi_python_client_token/api", run: []string{"python3", "openapi_python_client_token.py"},
		},
		{
			name: "openapi-generator for Python", home: "python",
			generate:  r.openapiGenerator("tokens.json", "-g", "python", "-o", "generated/openapi_generator_token"),
			generated: "generated/openapi_generator_token/openapi_client/api", run: []string{"python3", "openapi_generator_token.py"},
		},
		{
			name: "openapi-generator for Java", home: "java",
			generate: r.openapiGenerator("tokens.json", "-g", "java", "-o", "generated", "--additional-properties",
				"errorObjectType=org.openapitools.token.model.ErrorModel,openApiNullable=false,invokerPackage=org.openapitools.token,"+
					"apiPackage=org.openapitools.token.api,modelPackage=org.openapitools.token.model"),
			generated: "generated/src/main/java/org/openapitools/token/api",
			run:       []string{"java", "-cp", "out:" + r.classPath(), "TokenClient"},
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
		args := []string{"javac", "-nowarn", "-d", "out", "-cp", r.classPath(), "Client.java", "TokenClient.java"}
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
	tokens, _ := startTokens(t)
	for _, d := range documents {
		t.Run("from "+d.version, func(t *testing.T) {
			document, withTokens := get(t, api+d.path), get(t, tokens+d.path)
			w := watch(t, api, newKin(t, document, asked(api)), newPB33F(t, document, asked(api)))
			wt := watch(t, tokens, newKin(t, withTokens, asked(tokens)), newPB33F(t, withTokens, asked(tokens)))
			workshops := map[string]string{}
			for _, home := range []string{"node", "python", "java"} {
				workshops[home] = r.workshop(t, home, document)
				write(t, filepath.Join(workshops[home], "tokens.json"), withTokens)
			}
			clients, tokenClients := r.clients(w.url, wt.url), r.withTokens()
			all := slices.Concat(clients, tokenClients)
			t.Run("generate", func(t *testing.T) {
				for home, dir := range workshops {
					t.Run(home, func(t *testing.T) {
						t.Parallel()
						for _, c := range all {
							if c.home == home && c.generate != nil {
								r.run(t, dir, c.generate...)
							}
						}
						r.compile(t, home, dir)
					})
				}
			})
			if t.Failed() {
				return
			}
			for _, c := range clients {
				t.Run(c.name, func(t *testing.T) { r.walk(t, c, workshops[c.home], w, walk(c.cookies, c.after)) })
			}
			for _, c := range tokenClients {
				t.Run(c.name+" with a token", func(t *testing.T) { r.walk(t, c, workshops[c.home], wt, walkWithToken(0, c.stepsUp)) })
			}
		})
	}
	t.Run("native", func(t *testing.T) { native(t, r, api) })
	t.Run("linters", func(t *testing.T) { lint(t, r) })
	t.Run("schemathesis", func(t *testing.T) { fuzz(t, r, api) })
}

// walk runs a client, which must make these calls.
func (r runtimes) walk(t *testing.T, c client, dir string, w *witness, want []call) {
	t.Helper()
	noCredentialArgument(t, filepath.Join(dir, c.generated))
	w.expect(t, want, r.command(t, dir, append(slices.Clone(c.run), w.url, "grace", "compiler")...))
	w.complains(t, r.command(t, dir, append(slices.Clone(c.run), w.url, "ada", "engine")...))
}
