//go:build unix

package faults_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
)

// process is a process of the API. It keeps its address when it starts again.
type process struct {
	t     *testing.T // the process ends with it, and not with the subtest that starts it again
	place place

	mu      sync.Mutex
	child   servertest.Process
	output  *bufio.Scanner
	addr    string
	private string // the address of its stats
	down    bool   // on purpose
}

// startProcess starts a process that ends with the test, or with the test's process.
func startProcess(t *testing.T, p place) *process {
	t.Helper()
	p.Listen = "127.0.0.1:0"
	started := &process{t: t, place: p}
	started.start(t)
	started.place.Listen = started.addr
	return started
}

func (p *process) start(t *testing.T) {
	t.Helper()
	text, err := json.Marshal(p.place)
	if err != nil {
		t.Fatal(err)
	}
	child := servertest.StartProcess(p.t, os.Args[0], []string{"-test.run=^TestServe$"}, envPlace+"="+string(text))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.child, p.output, p.down = child, bufio.NewScanner(child.Output), false
	p.hearf(t, "ready %s %s", &p.addr, &p.private)
}

// hearf reads the next line of a process.
func (p *process) hearf(t *testing.T, format string, into ...any) {
	t.Helper()
	if !p.output.Scan() {
		t.Fatalf("the process at %s ends before %q", p.addr, format)
	}
	if _, err := fmt.Sscanf(p.output.Text(), format, into...); err != nil {
		t.Fatalf("got line %q, want %q", p.output.Text(), format)
	}
}

// kill ends the process as a crash would.
func (p *process) kill(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = true
	if err := p.child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.child.Wait()
}

// stop ends the process as a deployment would. It returns how long Manager.Close and the
// whole stop took, and whether the server has ended all requests in time.
func (p *process) stop(t *testing.T) (closed, stopped time.Duration, clean bool) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = true
	if _, err := io.WriteString(p.child.Input, "stop\n"); err != nil {
		t.Fatal(err)
	}
	var ms int64
	var late, cut bool
	p.hearf(t, "closed %d %t", &ms, &late)
	closed = time.Duration(ms) * time.Millisecond
	p.hearf(t, "stopped %d %t", &ms, &cut)
	_ = p.child.Input.Close()
	_ = p.child.Wait()
	return closed, time.Duration(ms) * time.Millisecond, !cut
}

// isDown reports whether a test has ended the process.
func (p *process) isDown() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.down
}

var adminClient = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func (p *process) stats(t *testing.T) stats {
	t.Helper()
	response, err := adminClient.Get("http://" + p.private)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var s stats
	if err := json.NewDecoder(response.Body).Decode(&s); err != nil {
		t.Fatal(err)
	}
	return s
}
