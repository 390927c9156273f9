// Package openapi holds functions for programs and CI that work on the OpenAPI
// document of an API with sessions.
//
// [Downgrade] turns the document into OpenAPI 3.0.3, for tools that do not read
// 3.1. The sessions themselves need no call of this package:
// [humasess.Manager.Attach] documents them.
//
// [humasess.Manager.Attach]: https://pkg.go.dev/github.com/humasess/sessions/humasess#Manager.Attach
package openapi
