package events

// Kind is the kind of an event.
type Kind string

// The kinds of events. Later versions may add kinds.
//
// No kind reports that a session has expired, because stores delete expired
// sessions by themselves. A later request with the cookie of an expired session
// is [Rejected], as with the cookie of a revoked session or a forged one.
const (
	Created     Kind = "created"      // a new session was stored
	Renewed     Kind = "renewed"      // a session got a new token
	Touched     Kind = "touched"      // a request extended its session: at most once per tenth of IdleTimeout, except for parallel requests
	Destroyed   Kind = "destroyed"    // a handler called Destroy or Take, or a new session took the place of an old one
	Revoked     Kind = "revoked"      // the user or an administrator ended sessions
	Evicted     Kind = "evicted"      // sessions were ended to stay within MaxPerIdentity
	Reused      Kind = "reused"       // a request presented a secret that a rotation has replaced
	Rejected    Kind = "rejected"     // a cookie, a token or another credential opened nothing
	Challenged  Kind = "challenged"   // an operation or page that needs a session or another credential answered 401
	Refused     Kind = "refused"      // a request got 403 before the handler ran
	Undecodable Kind = "undecodable"  // stored data do not fit T
	StoreFailed Kind = "store_failed" // a call of the store failed
	Canceled    Kind = "canceled"     // the client or the caller cancelled during a call of the store
)

// Reason tells events of one [Kind] apart. It is "" for kinds without reasons.
type Reason string

// The reasons of [Created], [Destroyed], [Rejected], [Refused], [Renewed] and
// [Revoked]. Later versions may add reasons.
//
// Each sign-in is one event with [ReasonSignIn]. A change of the identity by Update is a
// sign-in, because it makes a new session. The old one is [Destroyed] with
// [ReasonReplaced]. Without Options.Identity, Created has no reason.
const (
	ReasonSignIn              Reason = "sign_in"                // Created: the new session has an identity
	ReasonAnonymous           Reason = "anonymous"              // Created: the new session has no identity; Challenged: the operation needs a user
	ReasonSignOut             Reason = "sign_out"               // Destroyed: by the handler, and the session had an identity
	ReasonReplaced            Reason = "replaced"               // Destroyed: a new session has taken its place
	ReasonMalformed           Reason = "malformed"              // Rejected: not a token, so the store was not called
	ReasonUnknown             Reason = "unknown"                // Rejected: the session is unknown, expired or revoked
	ReasonMismatch            Reason = "mismatch"               // Rejected: the session exists, and the secret is wrong
	ReasonForeign             Reason = "foreign"                // Rejected: the session belongs to another manager, or to a cookie and not to a bearer token, or the reverse
	ReasonAmbiguous           Reason = "ambiguous"              // Rejected: several different cookies of one name, or several bearer tokens
	ReasonRevokedDuringSignIn Reason = "revoked_during_sign_in" // Rejected: Start in a request that began before a revocation
	ReasonChangedDuringSignIn Reason = "changed_during_sign_in" // Rejected: Start in a request that began before UpdateIdentity or RevokeWhere
	ReasonUndecided           Reason = "undecided"              // Rejected: Start in a request that perhaps began before one of them
	ReasonCredential          Reason = "credential"             // Rejected: a function of Options.Schemes returned the error of the event; Challenged: nothing else was presented
	ReasonLimit               Reason = "limit"                  // Rejected: Start beyond MaxPerIdentity with RefuseOverLimit
	ReasonCrossOrigin         Reason = "cross_origin"           // Refused: a page of another origin sent the request; Err has the Origin, the Host and the options that would allow it
	ReasonCSRF                Reason = "csrf"                   // Refused: the request lacks the session's CSRF token
	ReasonGuardError          Reason = "guard_error"            // Refused: a guard returned an error that is not a huma.StatusError
	ReasonGuard               Reason = "guard"                  // Refused: a guard returned a huma.StatusError below 500, which Err has; Challenged: it was a 401
	ReasonRole                Reason = "role"                   // Refused: the user lacks a role; Err names those that are missing
	ReasonMethods             Reason = "methods"                // Refused: the sign-in lacks an authentication method; Err names it
	ReasonNotFresh            Reason = "not_fresh"              // Refused: the last proof of the user is too old
	ReasonPeriodic            Reason = "periodic"               // Renewed: RotateEvery has passed
	ReasonReissued            Reason = "reissued"               // Renewed: no request had presented the secret of the last rotation
	ReasonReused              Reason = "reused"                 // Revoked: because of an event of kind Reused
	ReasonEverything          Reason = "everything"             // Revoked: by RevokeEverything
)

// Reasons why a request has no session. Session.Reason of package humasess returns them,
// and [Challenged] has them. Both also have [ReasonUnknown] and [ReasonAmbiguous].
// Challenged has [ReasonForeign], [ReasonCredential] and [ReasonGuard] as well, and
// [ReasonAnonymous] if the session has no user.
const (
	ReasonAbsent      Reason = "absent"      // the request presented no cookie or token that counts
	ReasonUndecodable Reason = "undecodable" // the session's data do not decode, and Options.OnUndecodable hides them
	ReasonEnded       Reason = "ended"       // the request itself has ended the session
	ReasonRevoked     Reason = "revoked"     // a write found that the session ended while the request ran
)

// Event reports one thing that happened to a session, for operators. It never
// carries a token, a secret or a cookie's value.
//
// Identity is set if the request has presented the secret of the session, or is signing
// the user in, or if the program has named the session or the user. So a client that
// only knows a public ID cannot put a user's name into the log: an event with
// [ReasonMismatch] has the ID of the session that the client aims at, and no Identity.
// Identity is also "" for an anonymous session, for RevokeEverything, and without
// Options.Identity.
type Event struct {
	Kind      Kind   // the kind; switch on it, and ignore kinds that you do not know
	SessionID string // the public ID, or "" if the session is not known
	Identity  string // of the session's user, as Options.Identity returned it, or ""
	Scheme    string // the SchemeName of the manager
	Operation string // the operation's ID or path, or "" outside a request
	Reason    Reason // tells events of one kind apart, or ""
	Count     int    // the number of sessions, for Evicted and Revoked
	Err       error  // the cause, which clients never see
}
