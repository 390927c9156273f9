// Package openapi holds functions for programs and CI that work on the OpenAPI
// document and on the policy of an API with sessions.
//
// [PolicyOf] lists which requests each operation admits. [Policy.Markdown] shows that
// as tables, and [Diff] says which changes loosen it. In a test, call CheckPolicy of
// package humasess/humasesstest.
//
// [Downgrade] turns the document into OpenAPI 3.0.3, for tools that do not read
// 3.1. The sessions themselves need no call of this package:
// [humasess.Manager.Attach] documents them.
//
// [humasess.Manager.Attach]: https://pkg.go.dev/github.com/humasess/sessions/humasess#Manager.Attach
package openapi
