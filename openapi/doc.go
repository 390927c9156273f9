// Package openapi holds functions for programs and CI that work on the OpenAPI document
// and on the policy of an API with sessions. The sessions themselves need no call of this
// package, because [humasess.Manager.Attach] documents them.
//
// [PolicyOf] and [Downgrade] are the two calls most programs need.
//
// # The policy
//
// [PolicyOf] lists which requests each operation admits. Keep [Policy.JSON] as a file in
// version control. In a test, [humasesstest.CheckPolicy] compares the API with that file.
// [Policy.Markdown] shows the policy as tables for reviewers. [ParsePolicy] reads the file,
// and [Diff] says which changes loosen the policy.
//
// # OpenAPI 3.0
//
// [Downgrade] turns the document into OpenAPI 3.0.3, for tools that do not read 3.1.
//
// # When not to use it
//
// A policy says which requests get in. It does not contain the code of guards and of other
// functions, so a review of these is still needed.
//
// [humasess.Manager.Attach]: https://pkg.go.dev/github.com/humasess/sessions/humasess#Manager.Attach
// [humasesstest.CheckPolicy]: https://pkg.go.dev/github.com/humasess/sessions/humasess/humasesstest#CheckPolicy
package openapi
