// Package trace records which functions a request enters. Only code that the
// program walk has rewritten calls Enter.
package trace

import (
	"bytes"
	"runtime"
	"sync"
)

// Entry is a call of a function.
type Entry struct {
	File     string // relative to the module
	Function string // with the type of a method
	Depth    int    // the number of recorded functions that had not returned
}

var (
	mu        sync.Mutex
	recording []byte // the goroutine, or nil
	depth     int
	entries   []Entry
)

// Record returns the calls that f makes on its goroutine.
func Record(f func()) []Entry {
	mu.Lock()
	recording, depth, entries = goroutine(), 0, nil
	mu.Unlock()
	f()
	mu.Lock()
	defer mu.Unlock()
	recording = nil
	return entries
}

// Enter notes a call. The function that it returns notes its end.
func Enter(file, function string) func() {
	mu.Lock()
	defer mu.Unlock()
	if recording == nil || !bytes.Equal(recording, goroutine()) {
		return func() {}
	}
	entries = append(entries, Entry{File: file, Function: function, Depth: depth})
	depth++
	return func() {
		mu.Lock()
		defer mu.Unlock()
		depth--
	}
}

// goroutine returns the name of the calling goroutine, such as "goroutine 7".
func goroutine() []byte {
	var stack [40]byte
	name, _, _ := bytes.Cut(stack[:runtime.Stack(stack[:], false)], []byte(" ["))
	return name
}
