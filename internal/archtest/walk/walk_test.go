package main

import (
	"testing"

	"github.com/humasess/sessions/internal/archtest/walk/trace"
)

func TestRewrite(t *testing.T) {
	const source = `// Package p is.
package p

import "io"

func init() {}

func _() {}

func f[T any](io.Reader) (n int) { return 1 }

func (t *pair[K, V]) m() {
	_ = func() {}
}

func (t T) n() { /* none */ }

func outside()
`
	const want = `// Package p is.
package p; import walktrace "example.test/trace"

import "io"

func init() {}

func _() {}

func f[T any](io.Reader) (n int) { defer walktrace.Enter("p/a.go", "f")();  return 1 }

func (t *pair[K, V]) m() { defer walktrace.Enter("p/a.go", "pair.m")(); 
	_ = func() {}
}

func (t T) n() { defer walktrace.Enter("p/a.go", "T.n")();  /* none */ }

func outside()
`
	got, err := rewrite("p/a.go", []byte(source), "example.test/trace")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
	const none = "package p\n\nvar x int\n"
	if got, err := rewrite("p/b.go", []byte(none), "example.test/trace"); err != nil || string(got) != none {
		t.Errorf("without functions: got %s and error %v, want no change", got, err)
	}
}

func TestSums(t *testing.T) {
	calls := []trace.Entry{
		{File: "p/a.go", Function: "f", Depth: 0},
		{File: "p/b.go", Function: "g", Depth: 1},
		{File: "p/b.go", Function: "T.g", Depth: 2},
		{File: "q/b.go", Function: "g", Depth: 3},
		{File: "p/c.go", Function: "h", Depth: 1},
		{File: "p/a.go", Function: "f", Depth: 0},
	}
	tests := []struct {
		name    string
		entries []trace.Entry
		want    sums
	}{
		{"none", nil, sums{}},
		{"one", calls[:1], sums{calls: 1, files: 1, functions: 1}},
		// b, q, and back to b and a, then c and back to a
		{"several", calls, sums{calls: 6, files: 4, functions: 5, moves: 4, withReturns: 6}},
		{"without callers", calls[2:5], sums{calls: 3, files: 3, functions: 3, moves: 2, withReturns: 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := sumsOf(tt.entries); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestTrace(t *testing.T) {
	inner := func() { defer trace.Enter("b.go", "inner")() }
	outer := func() {
		defer trace.Enter("a.go", "outer")()
		inner()
		done := make(chan struct{})
		go func() {
			defer close(done)
			inner()
		}()
		<-done
	}
	outer() // no record
	got := trace.Record(func() {
		outer()
		inner()
	})
	want := []trace.Entry{
		{File: "a.go", Function: "outer", Depth: 0},
		{File: "b.go", Function: "inner", Depth: 1},
		{File: "b.go", Function: "inner", Depth: 0},
	}
	if len(got) != len(want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("call %d: got %+v, want %+v", i, got[i], want[i])
		}
	}
}
