// Package cookie keeps each session in its own cookie, encrypted and
// authenticated. The server stores no sessions. With Options.Revoked it stores
// which sessions have ended.
//
// # Two programs
//
// Two programs with one key, one cookie name and one scheme name
// (humasess.Options.SchemeName) accept each other's sessions, even if their
// session types differ. Give each program its own key or its own scheme name. A
// cookie opens only under the name and the scheme that it was sealed for.
// Programs with one scheme name that share Options.Revoked also share the marks
// of revoked users: revoking "ada" in one program signs her out of both.
//
//	sealer, err := security.NewAEAD(keys...)
//	…
//	store := cookie.New(sealer, &cookie.Options{Revoked: memory.NewRevocations()})
//
// # Limits
//
// A client can keep an older copy of its cookie and present it again, and then
// the data roll back. So keep no counters, balances, or one-time codes in such
// a session, nor other data whose older state is of use to a client. Of two
// parallel requests, one loses its changes. Sessions cannot be listed, limited
// per user, renewed, or updated by an administrator: these calls answer
// [errors.ErrUnsupported].
//
// With Options.Revoked, a logout and the revocation of a user take effect at
// once for every copy. This costs one round trip per request, and one more for
// a write. A logout also ends the other copies of a session whose own copy has
// passed its idle timeout. If a user is revoked during a request, the session
// of that request does not continue.
//
// The mark of a logout is kept for a minute longer than any copy of the session
// lasts, so until a minute after the session's first deadline. The mark of a
// revoked user is kept for [stores.LongestSession]. If the answer of a call is
// lost, the call is repeated within Options.StoreTimeout of the manager.
//
// With Options.AllowReplayAfterLogout none of this holds. A logout deletes the
// cookie in the browser, and a stolen copy works until its deadline.
//
// # The content of a cookie
//
// A cookie holds ID, identity, time of last use, idle timeout, deadline and
// data. It is never compressed, and bound to the cookie's name and the manager.
// Times are whole seconds: an idle timeout is rounded up, and a deadline is
// rounded down. Name and value have at most 4096 bytes (RFC 6265bis § 5.6). A
// larger session is a [SizeError], and no cookie is sent. The cookie is sent
// again when the session has changed. To extend the session it is sent at most
// once per tenth of the idle timeout. It is always sealed with the newest key.
//
// The clocks of servers that share sessions must agree to within seconds.
package cookie
