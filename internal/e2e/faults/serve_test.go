//go:build unix

package faults_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
)

// envPlace holds the [place] of a process that serves.
const envPlace = "FAULTS_TEST_PLACE"

// storeTimeout is Options.StoreTimeout of the API. It is shorter than the default, so
// that faults outlast it soon.
const storeTimeout = 2 * time.Second

// closeWithin bounds Manager.Close at the stop of a process.
const closeWithin = storeTimeout / 8

// stats describes a process that serves.
type stats struct {
	Goroutines  int
	Heap        uint64 // bytes in use after a collection
	Connections int    // to the store, -1 if they cannot be counted
	Load        time.Duration
	Commit      time.Duration
	Events      map[string]int64
}

// TestServe serves the API in a process of its own, until its input ends. In the test's
// own process it does nothing.
func TestServe(t *testing.T) {
	text := os.Getenv(envPlace)
	if text == "" {
		return
	}
	var p place
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	opened, err := open(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	var counters events.Counters
	sessions, err := humasess.New(opened.store, &humasess.Options[account]{
		Identity:        func(a account) string { return a.Name },
		IdleTimeout:     24 * time.Hour, // clocks move by an hour
		AbsoluteTimeout: 48 * time.Hour,
		StoreTimeout:    storeTimeout,
		DoneInterval:    sweepEvery,
		Now:             movedClock(p),
		OnEvent:         counters.Count,
		Logger:          silent,
	})
	if err != nil {
		t.Fatal(err)
	}
	handler, times := newAPI(sessions, opened.pool)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	admin := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s := stats{Events: map[string]int64{}, Connections: -1}
		runtime.GC()
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		s.Goroutines, s.Heap = runtime.NumGoroutine(), memory.HeapInuse
		if opened.connections != nil {
			s.Connections = opened.connections()
		}
		s.Load, s.Commit = times.take()
		for series, n := range counters.All() {
			s.Events[series.String()] = n
		}
		_ = json.NewEncoder(w).Encode(s)
	})}
	public, private := listen(t, p.Listen), listen(t, "127.0.0.1:0")
	go func() { _ = server.Serve(public) }()
	go func() { _ = admin.Serve(private) }()
	say("ready", public.Addr(), private.Addr())

	input := bufio.NewReader(os.Stdin)
	if line, err := input.ReadString('\n'); err == nil && line == "stop\n" {
		begin := time.Now()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), closeWithin)
		closed := sessions.Close(ctx)
		cancel()
		say("closed", time.Since(begin).Milliseconds(), closed != nil)
		ctx, cancel = context.WithTimeout(context.WithoutCancel(t.Context()), 2*storeTimeout)
		stopped := server.Shutdown(ctx)
		cancel()
		say("stopped", time.Since(begin).Milliseconds(), stopped != nil)
		opened.close()
		_, _ = io.Copy(io.Discard, input)
	}
	os.Exit(0) // without waiting for anything
}

func listen(t *testing.T, addr string) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// say tells the parent process.
func say(words ...any) { _, _ = fmt.Fprintln(os.Stdout, words...) }
