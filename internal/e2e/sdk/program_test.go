package sdk_test

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// root is the folder of the repository.
var root = filepath.Join("..", "..", "..")

// address matches a part of the text that every example prints once it serves.
var address = regexp.MustCompile(`http://[^/\s]+`)

// start runs an example as its users do, as a process, on a free port. It ends
// with the test.
func start(t *testing.T, example string, env []string, args ...string) (url string) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), filepath.Base(example))
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = filepath.Join(root, "examples", example)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", example, err, out)
	}
	cmd := exec.Command(binary, append([]string{"-listen", "127.0.0.1:0"}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	var log output
	cmd.Stderr = &log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := make(chan string, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if at := address.FindString(lines.Text()); at != "" && len(found) == 0 {
				found <- at
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s: %s", example, &log)
		}
	})
	select {
	case url = <-found:
		return url
	case <-ended:
		t.Fatalf("%s ended before it served: %s", example, &log)
	case <-time.After(time.Minute):
		t.Fatalf("%s does not serve: %s", example, &log)
	}
	return ""
}

// output collects the text of a process while it is read.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// documents are those that an API serves, and the sources of the clients.
var documents = []struct{ version, path string }{
	{"3.1", "/openapi.json"},
	{"3.0", "/openapi-3.0.json"},
}

func get(t *testing.T, url string) []byte {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: got %s and error %v: %s", url, res.Status, err, body)
	}
	return body
}

// save writes a document into a file, whose name it returns.
func save(t *testing.T, url string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "openapi.json")
	write(t, name, get(t, url))
	return name
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	write(t, to, data)
}
