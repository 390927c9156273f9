//go:build sdk

package sdk_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// attempts is how often a download is tried.
const attempts = 4

// runtimes are the folders with the packages of package managers, for one test.
// Their versions are pinned in testdata.
type runtimes struct {
	modules string // of Node
	venv    string // of Python
	jars    string // of Java
	env     []string
}

func install(t *testing.T) runtimes {
	t.Helper()
	for _, tool := range []string{"node", "npm", "python3", "java", "javac", "mvn"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%v: scripts/prepare --check installs it on Debian", err)
		}
	}
	version, err := exec.Command("node", "--print", "process.versions.node").Output()
	if err != nil {
		t.Fatal(err)
	}
	var major, minor int
	if _, err := fmt.Sscanf(string(version), "%d.%d", &major, &minor); err != nil || major < 20 || major == 20 && minor < 19 {
		t.Fatalf("node is %s and must be 20.19 at least, for redocly and Hey API", version)
	}
	temp := t.TempDir()
	r := runtimes{
		modules: filepath.Join(temp, "node", "node_modules"),
		venv:    filepath.Join(temp, "venv"),
		jars:    filepath.Join(temp, "jars"),
	}
	bin := []string{filepath.Join(r.modules, ".bin"), filepath.Join(r.venv, "bin"), os.Getenv("PATH")}
	r.env = append(os.Environ(), "PATH="+strings.Join(bin, string(filepath.ListSeparator)), "NO_COLOR=1", "PYTHONDONTWRITEBYTECODE=1",
		"REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true")

	for _, name := range []string{"package.json", "package-lock.json"} {
		copyFile(t, filepath.Join("testdata", "node", name), filepath.Join(temp, "node", name))
	}
	r.download(t, filepath.Join(temp, "node"), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")

	r.download(t, ".", "python3", "-m", "venv", "--clear", r.venv)
	r.download(t, ".", filepath.Join(r.venv, "bin", "pip"), "install", "--quiet", "--no-deps", "--require-hashes",
		"--requirement", filepath.Join("testdata", "python", "requirements.txt"))

	r.download(t, ".", "mvn", "--quiet", "--batch-mode", "--file", filepath.Join("testdata", "java", "pom.xml"),
		"org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies", "-DoutputDirectory="+r.jars)
	checkJars(t, r.jars)
	return r
}

// download runs a package manager. It retries, because networks fail at times,
// and tests should not fail with them.
func (r runtimes) download(t *testing.T, dir string, command ...string) {
	t.Helper()
	begun := time.Now()
	for i := range attempts {
		out, err := r.command(t, dir, command...).CombinedOutput()
		if err == nil {
			t.Logf("%v for %s", time.Since(begun).Round(time.Second), filepath.Base(command[0]))
			return
		}
		if i == attempts-1 {
			t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
		}
		t.Logf("%s: %v, once more\n%s", command[0], err, out)
		time.Sleep(time.Duration(5<<i) * time.Second)
	}
}

// checkJars compares the jars with their pinned hashes. Both lists must have
// the same entries.
func checkJars(t *testing.T, dir string) {
	t.Helper()
	pinned, err := os.ReadFile(filepath.Join("testdata", "java", "jars.sha256"))
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		lines = append(lines, hex.EncodeToString(sum[:])+"  "+filepath.Base(name))
	}
	want := strings.Split(strings.TrimSpace(string(pinned)), "\n")
	if !slices.Equal(lines, want) {
		t.Fatalf("got jars\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

// command has a deadline, because a program that hangs must not block CI.
func (r runtimes) command(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	name := args[0]
	if !strings.ContainsRune(name, filepath.Separator) {
		for _, bin := range []string{filepath.Join(r.modules, ".bin"), filepath.Join(r.venv, "bin")} {
			if _, err := os.Stat(filepath.Join(bin, name)); err == nil {
				name = filepath.Join(bin, name)
				break
			}
		}
	}
	cmd := exec.CommandContext(ctx, name, args[1:]...)
	cmd.Dir = dir
	cmd.Env = r.env
	return cmd
}

// run runs a command that must succeed, and returns its standard output.
func (r runtimes) run(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	cmd := r.command(t, dir, args...)
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(args, " "), err, out, &errors)
	}
	return out
}

// workshop copies the files of testdata/name into a new folder, together with
// the document.
func (r runtimes) workshop(t *testing.T, name string, document []byte) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", name))); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "openapi.json"), document)
	if name == "node" || name == "native" {
		if err := os.Symlink(r.modules, filepath.Join(dir, "node_modules")); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (r runtimes) classPath() string { return filepath.Join(r.jars, "*") }
