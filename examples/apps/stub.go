// Package apps is a stub until the examples are here.
package apps

import (
	_ "github.com/coreos/go-oidc/v3/oidc"
	_ "github.com/danielgtaylor/huma/v2/adapters/humachi"
	_ "github.com/go-chi/chi/v5"
	_ "github.com/go-chi/cors"
	_ "github.com/go-webauthn/webauthn/webauthn"
	_ "github.com/humasess/sessions/humasess"
	_ "github.com/humasess/sessions/stores/postgres"
	_ "github.com/humasess/sessions/stores/memory"
	_ "github.com/zitadel/oidc/v3/pkg/op"
	_ "golang.org/x/oauth2"
)
