// Package account provides the operations for a page that shows users their active
// sessions. One call registers all of them, as ordinary documented operations:
//
//	err := account.Register(api, sessions, &account.Options[User, Profile]{
//		View: func(u User) Profile { return Profile{Name: u.Name} },
//	})
//
// [Register] is the only call. The API must have the manager attached, and the manager needs
// humasess.Options.Identity.
//
// # Operations
//
//	GET    /session                 get-session            the user, the authentication and the end of this session
//	GET    /sessions                list-sessions          the user's sessions
//	DELETE /sessions/{id}           revoke-session         end one session
//	POST   /sessions/revoke-others  revoke-other-sessions  end all except this session
//	POST   /sign-out                sign-out               end this session
//	POST   /sign-out-everywhere     sign-out-everywhere    end all sessions
//	GET    /session/events          watch-session          an event when this session ends: Options.Watch
//
// The operations show and end only the sessions of the user that sends the request.
// The ID of another user's session gets the same answer as one that does not exist.
// The body of an answer never contains a credential. Of a session's data, answers contain
// only the results of [Options.View] and [Options.Label].
//
// With Options.Bearer of the manager, the operations serve clients with bearer tokens as
// well, and a list shows the sessions of both kinds. Then revoke-other-sessions answers
// with the new token in the header Session-Token.
//
// [Options] can omit operations and change every field of their [huma.Operation].
// They can require a recent authentication before a request ends other sessions. A
// [huma.Group] adds a prefix to the paths. Two managers on one API need different
// prefixes, and [Options.Edit] for different operation IDs.
//
// # Errors
//
// The answers are those of package humasess: 401 without a user, 404 for the ID of another
// user's session, 403 if [Options.Fresh] asks for the password again, and 503 if the store
// fails. Without an index of users, as with sessions that are in their cookies, [Register]
// returns an error that names the operation to omit.
//
// # When not to use it
//
// Pages for administrators show the sessions of other users. Write operations for
// them that call the methods of [humasess.Manager].
package account
