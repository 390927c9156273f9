// Package security holds the keys and the sealers of humasess. It keeps no sessions and does
// no network I/O, so it can be reviewed and tested alone.
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
//   - [Sealer] encrypts values for cookies. [Key] is its key, and [Binding] ties a value to its use.
//   - [ErrCrossSite] and [ErrForeignOrigin] tell why humasess has refused a request.
//
// # Secrets
//
// A formatted [Key] does not show its secret. Only Reveal returns it. Secrets are compared in
// constant time. Random values are from crypto/rand.
//
// # When not to use it
//
// Package humasess calls the sealer by itself. A program needs this package for its keys and
// its sealer. The package stores no passwords.
package security
