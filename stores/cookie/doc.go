// Package cookie keeps each session in its own cookie, encrypted and
// authenticated. The server stores nothing, except which sessions were ended if
// Options.Revoked is set.
//
// # Two programs
//
// Two programs with one key, one cookie name and one scheme name
// (humasess.Options.SchemeName) accept each other's sessions, whatever types the
// sessions hold. Give each program a key of its own, or a scheme name of its
// own: a cookie opens only under the name and the scheme that it was made for.
// Programs with one scheme name that share Options.Revoked also share the marks
// of revoked users: revoking "ada" in one program signs her out of both.
//
//	sealer, err := security.NewAEAD(keys...)
//	…
//	store := cookie.New(sealer, &cookie.Options{Revoked: memory.NewRevocations()})
//
// # What it cannot do
//
// A cookie is a copy, and whoever has an older one can present it again: data
// roll back. Keep no counters, balances, or one-time codes in such a session,
// and nothing else whose older state is worth something. Of two requests at
// once, one loses what it has changed. Sessions cannot be listed, limited per
// user, renewed, or updated by an administrator: the answer is
// [errors.ErrUnsupported].
//
// With Options.Revoked, logging out and revoking a user hold at once, for
// every copy, at one round trip per request and one more when it writes. A
// logout also ends the other copies when the copy at hand was idle for too long
// to be accepted. A request that is under way when its user is revoked does not
// carry on signed in. The mark of a logout is kept for a minute longer than any
// copy of the session lasts: until the deadline that the session began with.
// The mark of a revoked user is kept for [stores.LongestSession]. A call whose
// answer was lost is repeated within Options.StoreTimeout of the manager. With
// Options.AllowReplayAfterLogout they do not hold: logging out deletes the
// cookie in the browser, and a stolen copy works until its deadline.
//
// # What the cookie holds
//
// ID, identity, when it was last seen, idle timeout, deadline and data, never
// compressed, bound to the cookie's name and the manager. Times are whole
// seconds: an idle timeout is rounded up, and a deadline is rounded down. Name
// and value have 4096 bytes at most (RFC 6265bis § 5.6); more is a [SizeError],
// and nothing is sent. The cookie is sent again when the session has changed, and
// at most once per tenth of the idle timeout to extend it, sealed with the newest
// key.
//
// Servers that share sessions need clocks that agree to within seconds.
package cookie
