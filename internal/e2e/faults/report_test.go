//go:build unix

package faults_test

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// report collects the rows of docs/reliability.md.
type report struct {
	mu   sync.Mutex
	rows []*run
}

func newReport() *report { return new(report) }

func (r *report) add(one *run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows = append(r.rows, one)
}

func (r *report) finish(t *testing.T) {
	t.Helper()
	for _, one := range r.rows {
		fmt.Printf("%-10s %-34s %6d requests %5d failed %8v longest load %v commit %v, unknown %d forgotten %d lost %d resurrected %d recovery %v\n", //nolint:forbidigo
			one.name, one.fault.name, one.requests.Load(), one.failures.Load(), time.Duration(one.longest.Load()).Round(time.Millisecond),
			one.load.Round(time.Millisecond), one.commit.Round(time.Millisecond),
			one.unknown.Load(), one.forgotten.Load(), one.lost.Load(), one.resurrected.Load(), one.recovery.Round(time.Millisecond))
	}
}
