package redis_test

import (
	"testing"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			client := dial(t, f.server(t))
			storetest.Run(t, func(t *testing.T) stores.Store { return open(t, client) }, nil)
		})
	}
}

func TestConformanceWithHints(t *testing.T) {
	t.Parallel()
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			client := dial(t, f.server(t))
			storetest.Run(t, func(t *testing.T) stores.Store { return hinted(t, client, prefix(t)) }, &storetest.Options{Rounds: 5})
		})
	}
}
