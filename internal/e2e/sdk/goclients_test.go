package sdk_test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// walk returns the calls of every client. It signs in as a user without all
// roles, reads, is refused, lists, signs out, and is refused. Cookies is how
// often it sends the session's cookie while it has one, and after is how often
// then.
func walk(cookies, after int) []call {
	return []call{
		{"POST /login", 204, 0, 0},
		{"GET /me", 200, cookies, 0},
		{"GET /admin", 403, cookies, 0},
		{"GET /sessions", 200, cookies, 0},
		{"POST /logout", 204, cookies, 0},
		{"GET /me", 401, after, 0},
	}
}

// walkWithToken returns the calls of every client with a bearer token. It is refused,
// signs in, reads, is refused for a role, renews, lists with the new token, signs out,
// and is refused. It never sends a cookie. Before is the token of its first call. With
// stepsUp it also reads the token of the header Session-Token, and goes on with it.
func walkWithToken(before int, stepsUp bool) []call {
	calls := []call{
		{"GET /me", 401, 0, before},
		{"POST /token", 200, 0, 0},
		{"GET /me", 200, 0, 1},
		{"GET /admin", 403, 0, 1},
		{"POST /token/renewal", 200, 0, 1},
	}
	last := 2
	if stepsUp {
		calls = append(calls, call{"POST /step-up", 204, 0, last})
		last++
	}
	return append(calls,
		call{"GET /sessions", 200, 0, last},
		call{"POST /logout", 204, 0, last},
		call{"GET /me", 401, 0, last},
	)
}

// Generators of clients in Go, which go.mod pins.
var goGenerators = []struct {
	name     string
	generate func(document, to string) []string // the command
	cookies  int
	after    int
	jar      bool // try the client with a cookie jar as well
	before   int  // as for walkWithToken
}{
	{
		name: "oapicodegen", cookies: 1, // the jar sends it once, and drops it when the server says so
		generate: func(document, to string) []string {
			return []string{"oapi-codegen", "-generate", "types,client", "-package", "api", "-o", filepath.Join(to, "api.go"), document}
		},
	},
	{
		name: "ogen", cookies: 1, after: 1, jar: true, before: -1, // the scheme alone
		generate: func(document, to string) []string {
			return []string{"ogen", "-package", "api", "-target", to, document}
		},
	},
}

func TestGoClients(t *testing.T) {
	api := start(t, "quickstart", nil)
	for _, d := range documents {
		document := get(t, api+d.path)
		w := watch(t, api, newKin(t, document, asked(api)), newPB33F(t, document, asked(api)))
		for _, g := range goGenerators {
			t.Run(g.name+" from "+d.version, func(t *testing.T) {
				generated := t.TempDir()
				run(t, g.generate(save(t, api+d.path), generated)...)
				noCredentialArgument(t, generated)
				client := buildOver(t, "./"+filepath.Join("testdata", g.name), generated)
				w.expect(t, walk(g.cookies, g.after), exec.Command(client, w.url, "grace", "compiler"))
				if g.jar {
					w.expect(t, walk(g.cookies+1, g.after), exec.Command(client, w.url, "grace", "compiler", "jar"))
				}
				w.complains(t, exec.Command(client, w.url, "ada", "engine"))
			})
		}
	}
}

func TestGoClientsWithTokens(t *testing.T) {
	api, _ := startTokens(t)
	for _, d := range documents {
		document := get(t, api+d.path)
		w := watch(t, api, newKin(t, document, asked(api)), newPB33F(t, document, asked(api)))
		for _, g := range goGenerators {
			t.Run(g.name+" from "+d.version, func(t *testing.T) {
				generated := t.TempDir()
				run(t, g.generate(save(t, api+d.path), generated)...)
				noCredentialArgument(t, generated)
				client := buildOver(t, "./"+filepath.Join("testdata", g.name, "token"), generated)
				w.expect(t, walkWithToken(g.before, true), exec.Command(client, w.url, "grace", "compiler"))
				w.complains(t, exec.Command(client, w.url, "ada", "engine"))
			})
		}
	}
}

// expect runs a client, which must succeed and make these calls.
func (w *witness) expect(t *testing.T, want []call, client *exec.Cmd) {
	t.Helper()
	out, err := client.CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if got := w.seen(); !slices.Equal(got, want) {
		t.Errorf("got calls %v, want %v", got, want)
	}
}

// complains runs a client as an administrator. The client itself reports the
// unexpected answer.
func (w *witness) complains(t *testing.T, client *exec.Cmd) {
	t.Helper()
	if out, err := client.CombinedOutput(); err == nil || !strings.Contains(string(out), "admin: got") && !strings.Contains(string(out), "admin is forbidden: got") {
		t.Errorf("an administrator's walk: got %q and error %v, want a complaint about admin", out, err)
	}
	w.seen()
}

// run runs a program that go.mod pins as a tool.
func run(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("go", append([]string{"tool"}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// buildOver builds a program of this module with the generated code as the
// package "api" in its folder, and returns the program's file.
func buildOver(t *testing.T, program, generated string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join(program, "api"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(generated, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("got files %q and error %v, want some", files, err)
	}
	replace := map[string]string{}
	for _, file := range files {
		replace[filepath.Join(dir, filepath.Base(file))] = file
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	name, binary := filepath.Join(temp, "overlay.json"), filepath.Join(temp, "client")
	write(t, name, overlay)
	if out, err := exec.Command("go", "build", "-overlay", name, "-o", binary, program).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
	return binary
}
