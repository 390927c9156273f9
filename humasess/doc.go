// Package humasess gives a [huma] API typed sessions. A session is a struct
// embedded in an operation's input, so it is part of the OpenAPI document: the
// cookie's security scheme, which operations need a session, which roles, and
// the 401 and 403 that follow are generated, and what is enforced.
//
// [New] and [Manager.Attach] are the two calls most programs need:
//
//	sessions, err := humasess.New(memory.New(nil), &humasess.Options[User]{
//		Identity: func(u User) string { return u.ID },
//		Roles:    func(u User) []string { return u.Roles },
//	})
//	…
//	err = sessions.Attach(api) // before the first operation
//
// # Inputs
//
// The type that an operation embeds says which session it requires:
//
//   - [Session]: nothing. It works with and without an active session, which
//     is also right for logging out.
//   - [Login]: nothing. Its job is to start a session, and the document says so.
//   - [Required]: a session with a user, or 401 before the body is read.
//   - [Guarded]: also the check of a [Guard], and its roles, or 403.
//
// Embed by value, at the top of the input or in an exported struct embedded
// there. Two session types in one operation are embedded under names of their
// own, which must be exported for huma to see them:
//
//	type (
//		Auth   = humasess.Required[User]
//		Basket = humasess.Session[Cart]
//	)
//
// [Manager.Protect] protects operations of a group that embed nothing, [From]
// finds the session below a handler, and [Manager.Handler] is for plain net/http
// routes.
// A mistake in the way sessions are used panics at registration, as huma does,
// or is answered with a 500 that names the operation and the correction.
//
// # Life of a session
//
// A request's session is loaded once, before the handler, and written once,
// before the first byte of the response. [Session.Start] signs in with a new
// token, [Session.Update] changes data and loses no concurrent change, and
// [Session.Destroy] signs out for good: no request that is still running
// brings the session back. Nothing is stored for a visitor until one of the
// first two.
//
// A response of 400 or more drops the pending changes of Start, Update, and Renew;
// [Session.Commit] writes earlier. Changes that end sessions stand.
//
// # Errors
//
// Errors of a session match one of this package's, or [errors.ErrUnsupported],
// by [errors.Is], and carry the right [huma.StatusError]: a handler returns
// them as they are. Those that match [ErrInvalid] are logged, because the client
// gets a 500 without the reason. A store that cannot be reached is a 503,
// and signs no user out.
//
// # Concurrency
//
// A [Manager] is shared by all requests. A [Session] is safe for concurrent
// use by the goroutines of its request and belongs to that request: changes
// after the response has begun are [ErrCommitted]. Data that Get and Value
// return is the caller's own.
//
// # Clients without cookies
//
// With Options.Bearer, mobile apps, command lines and services have sessions, too.
// [Session.StartBearer] signs in and returns a token, which the client stores and sends
// in the header Authorization. [Session.RenewBearer] replaces the token, and
// [Manager.IssueBearer] gives one to another device. All else is the same for both
// kinds of clients.
//
// # When not to use it
//
// Sessions are of users that sign in to this API. Keys of machines, tokens of an
// identity provider and client certificates are other credentials, which the program
// checks. They can stand beside a session: see Options.Schemes.
//
// # Compatibility
//
// Until version 1, a minor version may change the API, and the change log says
// how. From version 1 the module follows semantic versioning. The stored format
// is versioned apart from that: a release reads the records of the one before it,
// and the other way round, so that it can be rolled out and back under load.
// The problem types of error answers, the kinds of events and the cookie's
// shape are part of the API; the wording of messages is not.
package humasess
