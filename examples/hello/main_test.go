package main_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/console"
)

const address = "localhost:8888" // of the program and of the page

// TestReadme runs the program on a free port, and the commands of the README against it.
func TestReadme(t *testing.T) {
	dir := t.TempDir()
	free := freeAddress(t)
	serve(t, build(t, dir, free), free)
	err := console.Check(t.Context(), filepath.Join("..", "..", "README.md"), dir, func(block string) string {
		return strings.ReplaceAll(block, address, free)
	})
	if err != nil {
		t.Error(err)
	}
}

// build builds the program with another address.
func build(t *testing.T, dir, free string) (binary string) {
	t.Helper()
	name, err := filepath.Abs("main.go")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	edited, overlay := filepath.Join(dir, "main.go"), filepath.Join(dir, "overlay.json")
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{name: edited}})
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{
		edited: strings.ReplaceAll(string(source), address, free), overlay: string(text),
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	binary = filepath.Join(dir, "hello")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlay, "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

// serve starts the program and waits until it answers.
func serve(t *testing.T, binary, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, binary)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range time.Tick(10 * time.Millisecond) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/docs", nil)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := http.DefaultClient.Do(r); err == nil {
			_ = res.Body.Close()
			return
		}
		if ctx.Err() != nil {
			t.Fatal("the program does not answer")
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return "localhost:" + port
}
