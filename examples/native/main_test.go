package main

import (
	"bufio"
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// world is the API on a free port of the loopback, with a device that has a token file.
type world struct {
	t    *testing.T
	url  string
	file TokenFile

	mu    sync.Mutex
	calls map[string]int                                               // by path
	lose  string                                                       // a path whose next answer is lost
	first func(w http.ResponseWriter, r *http.Request) (answered bool) // called before the API, if set
}

func newWorld(t *testing.T) *world {
	t.Helper()
	mux := http.NewServeMux()
	if err := register(humago.New(mux, huma.DefaultConfig("Native", "1.0.0"))); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, calls: map[string]int{}, file: TokenFile(filepath.Join(t.TempDir(), "new", "token"))}
	server := httptest.NewServer(http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.calls[r.URL.Path]++
		lost := w.lose == r.URL.Path
		if lost {
			w.lose = ""
		}
		w.mu.Unlock()
		if lost {
			mux.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		if w.first == nil || !w.first(to, r) {
			mux.ServeHTTP(to, r)
		}
	}))
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// device returns a client whose user types these lines, and its output.
func (w *world) device(input string) (*client, *bytes.Buffer) {
	var out bytes.Buffer
	return newClient(w.url, w.file, bufio.NewReader(strings.NewReader(input)), &out), &out
}

// run is like a new process: of the earlier ones only the file is left.
func (w *world) run(input, command string) (string, error) {
	w.t.Helper()
	c, out := w.device(input)
	err := c.run(w.t.Context(), strings.Fields(command))
	if token := w.token(); token != "" && strings.Contains(out.String(), token) {
		w.t.Errorf("%s: got the token in the output %q", command, out)
	}
	return out.String(), err
}

// must runs a command that succeeds.
func (w *world) must(input, command, want string) {
	w.t.Helper()
	if got, err := w.run(input, command); err != nil || got != want {
		w.t.Fatalf("%s: got %q and error %v, want %q", command, got, err, want)
	}
}

func (w *world) token() string {
	w.t.Helper()
	token, err := w.file.Load()
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

func (w *world) called(path string, want int) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if got := w.calls[path]; got != want {
		w.t.Errorf("got %d calls of %s, want %d", got, path, want)
	}
	w.calls[path] = 0
}

// TestWalkthrough runs the commands that the program prints.
func TestWalkthrough(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.run("x\n", "login ada"); err == nil || err.Error() != "401: wrong name or password" {
		t.Errorf("wrong password: got %v, want the API's refusal", err)
	}
	w.called("/token", 1)
	w.must("engine\n", "login ada", "Password: ")
	info, err := os.Stat(string(w.file))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v and error %v, want 0600", info.Mode(), err)
	}
	first := w.token()
	w.must("", "me", "ada\n")
	if _, err := w.run("x\n", "pay grace 5"); err == nil || !strings.Contains(err.Error(), "403: wrong code") {
		t.Errorf("wrong code: got %v, want the API's refusal", err)
	}
	w.must("123456\n", "pay grace 5", "Code: ")
	second := w.token()
	w.must("", "pay grace 6", "") // the proof is recent
	w.must("", "renew", "")
	third := w.token()
	if first == second || second == third {
		t.Error("got the same token after a proof or a renewal, want another one")
	}
	w.must("", "me", "ada\n")
	w.must("", "logout", "")
	if token := w.token(); token != "" {
		t.Errorf("after the log-out: got a token of %d bytes, want none", len(token))
	}
	w.must("grace\ncompiler\n", "me", "Name: Password: grace\n")
	w.must("engine\n", "login ada", "Password: ") // replaces the session of grace
	w.must("", "me", "ada\n")
	entries, err := os.ReadDir(filepath.Dir(string(w.file)))
	if err != nil || len(entries) != 1 {
		t.Errorf("got %d files and error %v, want the token's alone", len(entries), err)
	}
	for _, command := range []string{"login", "me x", "pay grace much", "x"} {
		if _, err := w.run("", command); err == nil {
			t.Errorf("%s: got no error", command)
		}
	}
}

// TestLostRenewal ends the client between the renewal and the write of the new token.
func TestLostRenewal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must("engine\n", "login ada", "Password: ")
	before := w.token()
	w.lose = "/token/renew"
	if _, err := w.run("", "renew"); err == nil {
		t.Error("a lost answer: got no error")
	}
	w.must("", "me", "ada\n")
	w.must("", "renew", "") // 409, because the lost answer may still arrive
	w.must("", "me", "ada\n")
	if w.token() != before {
		t.Error("got another token, want the one whose renewal was lost")
	}
}

// TestOldTokenIsRenewed makes the file a day old.
func TestOldTokenIsRenewed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must("engine\n", "login ada", "Password: ")
	before := w.token()
	w.must("", "me", "ada\n")
	w.called("/token/renew", 0)
	old := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(string(w.file), old, old); err != nil {
		t.Fatal(err)
	}
	w.must("", "me", "ada\n")
	w.must("", "me", "ada\n")
	w.called("/token/renew", 1)
	if w.token() == before {
		t.Error("got the same token after a day, want another one")
	}
}

// TestSaveFails leaves the old token, because the new file cannot be complete.
func TestSaveFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := TokenFile(filepath.Join(dir, "token"))
	if err := file.Save("old"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(string(file)); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(string(file), "x"), 0o700); err != nil { // a folder is in the way of the rename
		t.Fatal(err)
	}
	if err := file.Save("new"); err == nil {
		t.Error("got no error, want that of the rename")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("got %d files and error %v, want no temporary file", len(entries), err)
	}
	if err := (TokenFile(filepath.Join(dir, "none", "token"))).Save("new"); err == nil {
		t.Error("without the folder: got no error")
	}
}

// TestDocument compares the API with its own document.
func TestDocument(t *testing.T) {
	t.Parallel()
	api := humago.New(http.NewServeMux(), huma.DefaultConfig("Native", "1.0.0"))
	if err := register(api); err != nil {
		t.Fatal(err)
	}
	humasesstest.CheckDocument(t, api, nil)
	if api.OpenAPI().Paths["/prove"].Post.Responses["204"].Headers["Session-Token"] == nil {
		t.Error("the document has no header Session-Token for the answer of /prove")
	}
}

// TestServeRefuses has no place to serve.
func TestServeRefuses(t *testing.T) {
	t.Parallel()
	if err := serve(t.Context(), "no address"); err == nil {
		t.Error("got no error for an address that does not exist")
	}
}
