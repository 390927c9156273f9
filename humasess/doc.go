// Package humasess gives a [huma] API typed sessions. A program embeds one struct in the
// input of an operation. The package then loads the session, checks it, saves it and
// sends the cookie. It also writes the same requirement into the OpenAPI document: the
// security scheme, the roles, and the answers 401 and 403. So the document and the checks
// always agree.
//
// The module is called sessions, and this package humasess is one folder of it, beside the
// stores and the tools.
//
// # The two calls most programs need
//
// [New] makes a [Manager] from a store and [Options]. [Manager.Attach] adds it to an API:
//
//	sessions, err := humasess.New(memory.New(nil), &humasess.Options[User]{
//		Identity: func(u User) string { return u.ID },
//		Roles:    func(u User) []string { return u.Roles },
//	})
//	…
//	err = sessions.Attach(api) // before the first operation
//
// Operations are registered with huma's own functions, such as huma.Register and
// huma.Get. The example of the package is a complete program.
//
// # Inputs
//
// The type that an operation embeds says which session it requires:
//
//   - [Session]: nothing. The operation works with and without an active session. A
//     logout embeds it, so that a user without a session can log out too.
//   - [Login]: nothing. The operation starts a session, and the document says so.
//   - [Required]: a session with a user. Otherwise the answer is 401, before the body is
//     read.
//   - [Guarded]: also the roles and the check of a [Guard]. Otherwise the answer is 403.
//
// Embed by value, at the top of the input or in an exported struct embedded there. An
// operation with two types of sessions embeds each under an exported name:
//
//	type (
//		Auth   = humasess.Required[User]
//		Basket = humasess.Session[Cart]
//	)
//
// [Manager.Protect] protects the operations of a group that embed nothing. [Manager.Require]
// and [Manager.RequireFresh] do the same as modifiers. [Options.RequireByDefault] protects
// every operation that declares nothing. [From] finds the session in a context below the
// handler.
//
// A mistake in a declaration panics at registration, as in huma. A mistake that shows only
// in a request gets a 500, and the log names the operation and the correction.
//
// # Life of a session
//
// A session is loaded once, before the handler. It is written once, before the first byte
// of the response. Nothing is stored for a visitor until the handler calls
// [Session.Start] or [Session.Update].
//
//   - [Session.Start] signs in: a new ID, a new token, and both timeouts begin.
//   - [Session.Update] changes the data. No concurrent change is lost.
//   - [Session.Destroy] signs out. A request that is still running cannot bring the session
//     back.
//   - [Session.Take] returns the data and ends the session, for data that count once.
//   - [Session.Reauthenticated] notes that the user has entered the password again.
//
// A response of 400 or more drops the pending changes of Start, Update and Renew.
// [Session.Commit] writes them earlier. Changes that end sessions stand with any response.
//
// A session ends after [Options.IdleTimeout] without a request, and after
// [Options.AbsoluteTimeout] in any case. [Session.Remember] selects longer timeouts, and
// [Session.SetTTL] a shorter one. [Session.Done] tells a stream that its session has ended.
//
// # Sessions of a user
//
// [Options.Identity] tells which sessions belong to one user. [Session.List],
// [Session.Revoke], [Session.RevokeOthers] and [Session.RevokeAll] are for users.
// [Manager.List], [Manager.Revoke], [Manager.RevokeIdentity], [Manager.RevokeWhere] and
// [Manager.UpdateIdentity] are for administrators. Package [github.com/humasess/sessions/humasess/account] has ready
// operations for a page of devices.
//
// # Clients without cookies
//
// With [Options.Bearer], mobile apps, command lines and services have sessions, too.
// [Session.StartBearer] signs in and returns a token. The client stores the token and
// sends it in the header Authorization. [Session.RenewBearer] replaces the token, and
// [Manager.IssueBearer] makes one for another device.
//
// # Pages and plain net/http
//
// [Manager.Handler] gives a plain [http.Handler] the session. [Manager.Pages] is a
// middleware for HTML pages: it redirects a user without a session to the sign-in page.
// [ReturnTo] leads the user back from there.
//
// # Errors
//
// Each error of a session matches an error of this package, or [errors.ErrUnsupported], by
// [errors.Is]. It is also a [huma.StatusError] with the right status. So a handler returns
// it as it is. The client gets a 500 without the reason for [ErrInvalid], and the reason is
// logged. A store that fails is [ErrUnavailable], a 503. It signs no user out.
//
// # Concurrency
//
// A [Manager] is safe for concurrent use, and all requests share it. A [Session] is safe for
// concurrent use by the goroutines of its request. After the response has begun, changes
// return [ErrCommitted]. The caller owns the data that [Session.Get] and [Required.Value]
// return.
//
// # Tests
//
// Package [github.com/humasess/sessions/humasess/humasesstest] has a clock, a store that fails on demand and a client that
// keeps cookies. It also compares an API with its document, and with a file of its policy.
//
// # When not to use it
//
// Sessions are for users that sign in to this API. An API that only accepts API keys, tokens
// of an identity provider or client certificates needs no session. Such a credential can
// stand beside a session: see [Options.Schemes]. The package checks no passwords and speaks
// to no identity provider. It works with huma only.
//
// # Compatibility
//
// Until version 1, a minor version may change the API, and [docs/compatibility.md] says which
// changes of the API, the stored format, answers and events a release may make.
//
// [docs/compatibility.md]: https://github.com/humasess/sessions/blob/main/docs/compatibility.md
package humasess
