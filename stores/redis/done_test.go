package redis_test

import (
	"testing"

	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/stores"
)

func TestDoneElsewhere(t *testing.T) {
	t.Parallel()
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			server, name := f.server(t), prefix(t)
			coretest.DoneElsewhere(t, func() stores.Store { return hinted(t, dial(t, server), name) })
		})
	}
}
