package redis_test

import (
	"log/slog"
	"testing"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
	"github.com/humasess/sessions/stores/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			server := f.server(t)
			client := dial(t, server)
			storetest.Run(t, func(t *testing.T) stores.Store { return alone(t, server, client, redis.Options{}) }, nil)
		})
	}
}

func TestConformanceWithHints(t *testing.T) {
	t.Parallel()
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			server := f.server(t)
			client := dial(t, server)
			storetest.Run(t, func(t *testing.T) stores.Store {
				return alone(t, server, client, redis.Options{Hints: true, Logger: slog.New(slog.DiscardHandler)})
			}, &storetest.Options{Rounds: 5})
		})
	}
}
