// Package account has the operations of a page that shows users where they are
// signed in. One call registers them all, as ordinary documented operations:
//
//	err := account.Register(api, sessions, &account.Options[User, Profile]{
//		View: func(u User) Profile { return Profile{Name: u.Name} },
//	})
//
// # Operations
//
//	GET    /session                 get-session            who am I, and until when
//	GET    /sessions                list-sessions          where I am signed in
//	DELETE /sessions/{id}           revoke-session         end one of them
//	POST   /sessions/revoke-others  revoke-other-sessions  end all but this one
//	POST   /sign-out                sign-out               end this one
//	POST   /sign-out-everywhere     sign-out-everywhere    end all of them
//	GET    /session/events          watch-session          be told when this one ends: Options.Watch
//
// They are about the sessions of whoever asks, and of nobody else: the ID of
// another user's session is answered as one that does not exist. No answer has
// a credential in it, and of a session's data only what Options.View and
// Options.Label return.
//
// [Options] leave operations out, change their paths, names, tags and
// everything else of a [huma.Operation], and ask for a fresh authentication
// before sessions are ended. A [huma.Group] gives them a prefix; two managers
// on one API need one, and Options.Edit for operation IDs of their own.
//
// # When not to use it
//
// Pages for administrators, about the sessions of others, call the methods of
// [humasess.Manager] in operations of their own.
package account
