package postgres_test

import (
	"testing"

	"github.com/humasess/sessions/internal/coretest"
)

// TestCore shows that the promises of the core hold on PostgreSQL, for two
// stores with separate connections.
func TestCore(t *testing.T) {
	t.Parallel()
	one, other := shared(t), shared(t)
	for _, b := range coretest.Behaviours {
		store, schema := open(t, one)
		b.Run(t, coretest.Shared{One: store, Other: openIn(t, other, schema)})
	}
}

// TestCarriers runs the matrix of carriers.
func TestCarriers(t *testing.T) {
	t.Parallel()
	one, other := shared(t), shared(t)
	for _, b := range coretest.Carriers {
		store, schema := open(t, one)
		b.Run(t, coretest.Shared{One: store, Other: openIn(t, other, schema)})
	}
}
