package main

import (
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// TestPolicy fails when an operation becomes open to more clients.
func TestPolicy(t *testing.T) {
	api := humachi.New(chi.NewMux(), huma.DefaultConfig("Tutorial", "1.0.0"))
	if err := register(api, nil, memory.New(nil)); err != nil {
		t.Fatal(err)
	}
	humasesstest.CheckPolicy(t, api, "testdata/policy.json")
	humasesstest.CheckDocument(t, api, nil)
}
