package postgres_test

import (
	"testing"

	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
)

func TestDoneElsewhere(t *testing.T) {
	t.Parallel()
	name := schema(t, shared(t))
	coretest.DoneElsewhere(t, func() stores.Store { return hinted(t, shared(t), &postgres.Options{Schema: name}) })
}
