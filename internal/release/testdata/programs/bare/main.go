// Bare is a program with huma alone, to compare go.sum with.
package main

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

func main() {
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Outside", "1.0.0"))
	huma.Get(api, "/me", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
}
