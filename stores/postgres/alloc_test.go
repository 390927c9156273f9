//go:build !race

package postgres_test

import (
	"testing"

	"github.com/humasess/sessions/internal/coretest"
)

// TestAPIAllocations bounds what a session adds to an operation, the client's
// part included.
func TestAPIAllocations(t *testing.T) {
	store, _ := open(t, shared(t))
	handler, _ := serve(t, store, nil, hooks{})
	c := coretest.SignIn(t, handler, "ada")
	for _, tt := range []struct {
		name, method, path string
		most               float64
	}{
		{"read", "GET", "/me", 30},
		{"modify", "POST", "/count", 45},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := coretest.AllocationsOverBare(t, handler, c, tt.method, tt.path)
			t.Logf("%v allocations", got)
			if got > tt.most {
				t.Errorf("got %v allocations over bare huma, want %v at most", got, tt.most)
			}
		})
	}
}
