// Package security holds the parts of humasess that authenticate requests. It keeps no
// sessions and does no network I/O, so each part can be reviewed and tested alone.
//
// [KeysFromEnv] and [NewAEAD] are the two calls most programs need. Together they make the
// [Sealer] of humasess.Options and of package stores/cookie:
//
//	keys, err := security.KeysFromEnv("SESSION_KEYS")
//	…
//	sealer, err := security.NewAEAD(keys...)
//
// # Parts
//
//   - [Token] is a public ID and a secret of 256 bits. Stores keep the hash of the secret.
//   - [Sealer] encrypts values for cookies. [Key] is its key.
//   - [CSRFKey] makes and verifies the CSRF tokens of a session.
//   - [CrossOrigin] detects requests from pages of other origins.
//
// # Secrets
//
// A formatted [Key], [Token] or [CSRFKey] does not show its secret. Only methods with the
// name Reveal, and the methods that make text for a client, return it. Secrets are compared
// in constant time. Random values are from crypto/rand.
//
// # When not to use it
//
// Package humasess uses these parts by itself. A program needs this package for its keys and
// its sealer, and for a server that is not an API of huma. The package stores no passwords.
package security
