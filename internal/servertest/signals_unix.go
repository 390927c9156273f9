//go:build unix

package servertest

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Signal sends a signal to a private server, such as SIGSTOP or SIGCONT.
func (r *Redis) Signal(tb testing.TB, addr string, signal syscall.Signal) {
	tb.Helper()
	if err := syscall.Kill(r.process(tb, addr).pid, signal); err != nil {
		tb.Fatalf("signal the server at %s: %v", addr, err)
	}
}

// Signal sends a signal to a private server and to all processes that it has started.
func (p *Postgres) Signal(tb testing.TB, signal syscall.Signal) {
	tb.Helper()
	first, err := os.ReadFile(filepath.Join(p.Dir, "data", "postmaster.pid"))
	if err != nil {
		tb.Fatal(err)
	}
	line, _, _ := bytes.Cut(first, []byte("\n"))
	pid, err := strconv.Atoi(string(line))
	if err != nil {
		tb.Fatal(err)
	}
	// The first process is stopped first, so that it starts no other meanwhile.
	for _, pid := range append([]int{pid}, children(pid)...) {
		if err := syscall.Kill(pid, signal); err != nil && err != syscall.ESRCH {
			tb.Fatalf("signal process %d of PostgreSQL: %v", pid, err)
		}
	}
}

// children returns the processes that a process has started and that still run.
func children(of int) []int {
	var found []int
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// The name is in parentheses and may hold blanks. The state and the parent follow it.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(of) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			found = append(found, pid)
		}
	}
	return found
}
