package memory_test

import (
	"testing"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
	"github.com/humasess/sessions/stores/storetest"
)

func TestConformance(t *testing.T) {
	for _, test := range []struct {
		name string
		opts *storetest.Options
	}{
		{"fake clock", nil},
		{"real clock", &storetest.Options{Wait: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) stores.Store { return open(t, nil) }, test.opts)
		})
	}
}

// open returns a store that is closed with the test.
func open(tb testing.TB, opts *memory.Options) *memory.Store {
	tb.Helper()
	s := memory.New(opts)
	tb.Cleanup(func() {
		// The test's own context is cancelled by now.
		if err := s.Close(tb.Context()); err != nil && tb.Context().Err() == nil {
			tb.Error(err)
		}
	})
	return s
}
