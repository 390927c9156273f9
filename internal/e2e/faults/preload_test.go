//go:build unix

package faults_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// preloaded is a library in a server that changes its clock and its disk.
type preloaded struct {
	clock, full string // files
	env         []string
}

// settle is longer than the time after which the server reads its clock's file again.
const settle = 1500 * time.Millisecond

func preload(t *testing.T) *preloaded {
	t.Helper()
	dir, err := os.MkdirTemp("", "humasess-faults-") //nolint:usetesting // the user of PostgreSQL cannot enter the parent of TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	library := filepath.Join(dir, "faults.so")
	if out, err := exec.Command("gcc", "-shared", "-fPIC", "-O1", "-o", library, "testdata/faults.c", "-ldl").CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	p := &preloaded{clock: filepath.Join(dir, "clock"), full: filepath.Join(dir, "full")}
	p.env = []string{"LD_PRELOAD=" + library, "FAULTS_TEST_FULL=" + p.full, "FAULTS_TEST_CLOCK=" + p.clock}
	setClock(t, p.clock, 0)
	return p
}

// setClock moves a clock, which its readers notice within [settle].
func setClock(t *testing.T, file string, by time.Duration) {
	t.Helper()
	if err := os.WriteFile(file, []byte(strconv.Itoa(int(by.Seconds()))), 0o644); err != nil {
		t.Fatal(err)
	}
}

// diskFull makes all writes of the server fail.
func (p *preloaded) diskFull(t *testing.T, long time.Duration) {
	t.Helper()
	if err := os.WriteFile(p.full, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	time.Sleep(long)
	if err := os.Remove(p.full); err != nil {
		t.Fatal(err)
	}
}
