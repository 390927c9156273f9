package databases_test

import (
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/stores"
)

// onChi makes the tests of the core serve APIs with chi.
var onChi = coretest.Hooks{Router: func(config huma.Config) (huma.API, http.Handler) {
	mux := chi.NewMux()
	return humachi.New(mux, config), mux
}}

// serve returns an API on a store.
func serve(tb testing.TB, store stores.Store, opts *humasess.Options[coretest.User]) http.Handler {
	tb.Helper()
	handler, _ := coretest.Serve(tb, store, opts, onChi)
	return handler
}

// TestCore shows that the promises of the core hold on every store. If
// processes can share the store, each part of a test has its own.
func TestCore(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			for _, b := range coretest.Behaviours {
				p := k.open(t)
				b.Run(t, coretest.Shared{One: p.store(t), Other: p.store(t), Hooks: onChi, Writers: writers})
			}
		})
	}
}

// TestCarriers runs the matrix of carriers on every store.
func TestCarriers(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			for _, b := range coretest.Carriers {
				p := k.open(t)
				b.Run(t, coretest.Shared{One: p.store(t), Other: p.store(t), Hooks: onChi, Writers: writers})
			}
		})
	}
}
