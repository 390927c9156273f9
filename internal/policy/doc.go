// Package policy says what each operation of an API demands of a request, and
// writes that into the OpenAPI document. The core enforces the same value.
//
// # Declared, documented, enforced
//
// A session type that an operation's input embeds declares itself while huma
// builds the schema of its marker parameter: see [Declare]. The [Document] reads
// the declarations when huma adds the operation, and removes the marker. It then
// computes the [Policy], and documents it in [Operation.security] and in the
// responses. [Document.Policy] returns that policy to the core's middleware.
//
// Programs do not see this package. Package openapi holds the functions that
// programs and CI call on a finished document.
//
// [Operation.security]: https://spec.openapis.org/oas/v3.1.1.html#operation-object
package policy
