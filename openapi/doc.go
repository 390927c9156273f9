// Package openapi writes sessions into a huma API's OpenAPI document: the
// cookie security scheme, the requirement of each operation, and the answers
// that follow from it.
//
// Most programs never import it: [humasess.Manager.Attach] does. It is here
// for those who read what was declared, and for [Downgrade].
//
// # Declared, documented, enforced
//
// A session type that is embedded in an operation's input declares itself
// while huma builds the schema of its marker parameter ([Declare]). The
// [Document] finds the declarations when the operation is added, takes the
// marker out again and writes [OpenAPI Operation.security]. The [Policy] that
// it computes for that is the one that is enforced.
//
// [humasess.Manager.Attach]: https://pkg.go.dev/github.com/humasess/sessions/humasess#Manager.Attach
// [OpenAPI Operation.security]: https://spec.openapis.org/oas/v3.1.1.html#operation-object
package openapi
