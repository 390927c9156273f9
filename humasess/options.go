package humasess

import (
	"context"
	"log/slog"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/security"
)

// Options configure a [Manager]. The zero value is the secure one, and nil
// means the same. [New] copies them, so a later change has no effect. Most
// programs set Identity, and Roles if they have any. The fields are in groups,
// each with the most used option first:
//
//   - Users: Identity, Roles, AnonymousSuffices
//   - Cookie: Cookie, Sealer, ClearSiteData
//   - Timeouts: IdleTimeout, AbsoluteTimeout, RememberIdleTimeout,
//     RememberAbsoluteTimeout, AssuranceLevel
//   - Requests of other origins: TrustedOrigins, TrustOrigin,
//     RejectCrossSiteReads, CSRFHeader
//   - Operations and their document: RequireByDefault, SchemeName, OmitRoles
//   - Bearer tokens and other credentials: Bearer, Schemes, AcceptSchemes
//   - Sessions of a user: MaxPerIdentity, RefuseOverLimit, Client
//   - Renewal of tokens: RotateEvery, RotationGrace, RevokeReused
//   - Events and logs: OnEvent, Logger, LogIdentity
//   - Stored data: Codec, OnUndecodable
//   - Store and clock: StoreTimeout, DoneInterval, Now
type Options[T any] struct {
	// Users.

	// Identity returns the ID of the user that the data belong to, and "" for
	// data without a user. It must depend on nothing but its argument. The
	// identity of the zero T counts as "" as well, because strconv.Itoa, for
	// example, returns "0" for it. A session without an identity is anonymous:
	// it does not satisfy Required, Guarded or Require.
	//
	// Without Identity any active session satisfies them, and sessions cannot be
	// listed or revoked by user. The default is nil.
	Identity func(T) string

	// Roles returns the roles that requirements are checked against. It must
	// depend on nothing but its argument. The default is nil.
	Roles func(T) []string

	// AnonymousSuffices lets anonymous sessions satisfy Required, Guarded,
	// Require, RequireFresh and RequireByDefault. It changes nothing else. The
	// default is false.
	AnonymousSuffices bool

	// Cookie.

	// Cookie are the attributes of the session cookie. The default is
	// `__Host-id; Path=/; Secure; HttpOnly; SameSite=Lax`.
	Cookie CookieOptions

	// Sealer encrypts the token in the cookie, so that forged cookies never
	// reach the store. See [security.NewAEAD]. The default is nil.
	Sealer security.Sealer

	// ClearSiteData are the kinds of data that browsers are to forget when a
	// response signs out: "cache", "storage", "executionContexts" or "cookies".
	// "cookies" also signs out of sibling hosts, because it is for the whole
	// registrable domain. The session's own cookie expires without it. Browsers
	// heed the header on https only. The default is none.
	ClearSiteData []string

	// Timeouts.

	// IdleTimeout is the time that a session lives at least after its last
	// request. It ends at most a tenth later, because requests extend it at most
	// once per tenth (ASVS 7.3.1). The default is 30 minutes.
	IdleTimeout time.Duration

	// AbsoluteTimeout ends a session that long after its Start or its last
	// Reauthenticated, even if it is in use (ASVS 7.3.2). At most 400 days, the
	// longest life of a cookie (RFC 6265bis § 5.5). The default is 12 hours.
	AbsoluteTimeout time.Duration

	// RememberIdleTimeout replaces IdleTimeout for sessions with Remember.
	// The default is 14 days.
	RememberIdleTimeout time.Duration

	// RememberAbsoluteTimeout replaces AbsoluteTimeout for sessions that are
	// remembered when they start or re-authenticate. At most 400 days. The
	// default is 30 days.
	RememberAbsoluteTimeout time.Duration

	// AssuranceLevel is an authenticator assurance level of NIST SP 800-63B-4,
	// from 1 to 3. It sets the timeouts that are not set, and New refuses longer
	// ones, those of Remember included: 30 days absolute at level 1; 24 hours
	// absolute and 1 hour idle at level 2; 12 hours and 15 minutes at level 3. Idle
	// timeouts leave room for the tenth that a session may live longer, so they
	// become 54 minutes at level 2 and 13 minutes at level 3. The level covers
	// lifetimes only, because the program authenticates its users. 0 sets and
	// refuses nothing. The default is 0.
	AssuranceLevel int

	// Requests of other origins.

	// TrustedOrigins may send unsafe requests although they are not the API's
	// own, each as "scheme://host[:port]" in the spelling of browsers. There are
	// no wildcards: see TrustOrigin. The default is none.
	TrustedOrigins []string

	// TrustOrigin reports whether the pages of an origin may send unsafe requests,
	// as the origins in TrustedOrigins may: for programs whose customers bring
	// domains of their own. The origin has the form of TrustedOrigins. The
	// function is asked only about requests that would be refused otherwise, with
	// the request's context, before a session is looked up. It must be safe for
	// concurrent use, and must compare the whole origin or a suffix that begins
	// with a dot: "https://evil-example.com" ends with "example.com", too. The
	// default is nil.
	TrustOrigin func(ctx context.Context, origin string) bool

	// RejectCrossSiteReads refuses requests of safe methods, too, that a page of
	// another site makes other than by navigating, to embed or to measure the
	// answers (Fetch Metadata, ASVS 3.5.8). The default is false.
	RejectCrossSiteReads bool

	// CSRFHeader names a header, such as "X-CSRF-Token", in which unsafe requests
	// with an active session must carry [Session.CSRFToken]. It is for programs
	// that must comply with the letter of NIST SP 800-63B-4 § 5.1. It comes on top
	// of the cross-origin check, and is a scheme of its own in the document. Docs
	// pages and generated clients cannot send it by themselves. "" is none. The
	// default is "".
	CSRFHeader string

	// Operations and their document.

	// RequireByDefault requires a session for every operation that does not
	// embed Session or Login or say `security: []`. The default is false.
	RequireByDefault bool

	// SchemeName is the key of the security scheme in the OpenAPI document,
	// and part of every record: sessions are lost when it changes. Programs with
	// the same name on one server accept each other's sessions, unless each has
	// a prefix, schema or file of its own. The default is "sessionCookie".
	SchemeName string

	// OmitRoles keeps roles out of the document, except for the text of the 403,
	// for tools that refuse them on a cookie scheme. They are checked all the
	// same. The default is false.
	OmitRoles bool

	// Bearer tokens and other credentials.

	// Bearer lets clients without cookies have sessions, with a token in the header
	// Authorization. [Session.StartBearer] issues the token. Everything else is the same for
	// both: the store, limits, lists and revocations. A requirement of SchemeName admits
	// both. With nil there are only cookies. A store of sessions that are in their cookies
	// refuses it. The default is nil.
	Bearer *BearerOptions

	// Schemes are other credentials of the program that bring a user: API keys, passwords
	// of machines, tokens of another issuer, client certificates. The key is that of the
	// security scheme in the document, which must describe it. An operation lists the
	// scheme in its Security, beside the session or alone:
	//
	//	Security: []map[string][]string{{"sessionCookie": {}}, {"apiKey": {}}}
	//
	// The document must describe the scheme in components.securitySchemes before an
	// operation uses it; otherwise the registration panics.
	//
	// A function returns the user, for the scopes of the requirement. The user passes the
	// same checks as that of a session: identity, roles and Check of a guard. The handler
	// finds the data in the session of its input, or by [From]. Nothing is stored, the ID
	// is "", and calls that change the session return [ErrNoSession]. A guard with Fresh or
	// Methods refuses the user with 403. In an alternative that names the session as well,
	// the session's data count.
	//
	// The function returns [ErrNoSession] if the request has no such credential. A
	// [huma.StatusError] of 500 or more is sent as it is. [context.Canceled] and
	// [context.DeadlineExceeded] are a 503. Any other error is a 401 that says nothing, and
	// an event of kind [events.Rejected] with the error, which must not contain the
	// credential. On an operation whose session is optional, both are as no session. The
	// function is called once for each request and list of scopes, and concurrently.
	//
	// A header of a scheme (apiKey in a header, or http with bearer) makes the scheme decide
	// alone, and the cookie is ignored. Beside any other credential, such as a Basic
	// password, the first alternative that holds counts. Beside a bearer token of a session,
	// no credential counts. The cross-origin check stays, because browsers send some
	// credentials by themselves. The default is none.
	Schemes map[string]func(ctx huma.Context, scopes []string) (T, error)

	// AcceptSchemes are keys of Schemes that also count wherever a session of this manager
	// is enough, without scopes. They do not count for these operations:
	//
	//   - those that embed [Login], or have the modifier [OnlySession]
	//   - those with Fresh or Methods
	//   - those whose Security asks for roles of the session that neither a guard nor Require
	//     asks for
	//   - those of package account
	//
	// The default is none.
	AcceptSchemes []string

	// Sessions of a user.

	// MaxPerIdentity bounds the active sessions of one identity, with cookies and with
	// bearer tokens together. A Start beyond it ends the oldest session. -1 is no limit.
	// The default is 100.
	MaxPerIdentity int

	// RefuseOverLimit refuses a Start beyond MaxPerIdentity, and an Update that
	// would change the identity, with [ErrLimit] from Commit or with its 409 in
	// place of the handler's answer. The oldest session stays. A session that the
	// request replaces does not count. A user that cannot sign out elsewhere must
	// wait until a session expires. The default is false.
	RefuseOverLimit bool

	// Client returns the description of the client that List shows with each
	// session, for pages that show users where they are signed in. [ClientOf] is
	// such a function; a function of the program may return a full address or the
	// address that a proxy reports.
	//
	// Only Start and Reauthenticated call it, so a thief of the cookie cannot
	// change the description. The user agent is cut to 256 bytes without control
	// characters. The description ends with the session. With nil nothing is
	// captured, and the next write of a session erases an earlier description.
	// The default is nil.
	Client func(huma.Context) Client

	// Renewal of tokens.

	// RotateEvery renews the token of a busy session that often, as Renew does
	// (OWASP's "renewal timeout"). A request that only reads is answered even
	// when the rotation cannot be written. It must be longer than RotationGrace.
	// With 0, only Renew renews a token. The default is 0.
	RotateEvery time.Duration

	// RotationGrace is the time that the previous token still opens the session
	// after a request first presented the new token. Requests that were under way
	// need it. Negative is not at all. The default is 10 seconds.
	RotationGrace time.Duration

	// RevokeReused ends a session when a request presents one of its last 16
	// replaced secrets after RotationGrace. Such a secret shows that a thief has
	// the token, or that the thief has renewed it. Without RevokeReused the request
	// only gives an event of kind [events.Reused]. A request that is under way for
	// longer than RotationGrace signs its own user out, too. The default is false.
	RevokeReused bool

	// Events and logs.

	// OnEvent is called for every event, within the request and concurrently.
	// [events.Counters] count them. The default is nil.
	OnEvent func(context.Context, events.Event)

	// Logger gets problems as warnings and errors, and all other events for
	// debugging. Failures of the store, and other lines that an outage or a client
	// can repeat, come at most once a second for each kind and reason, with a count.
	// A session cookie that browsers drop is a warning without an event. It
	// comes once for each reason and origin, and at most 16 times. The default is
	// [slog.Default].
	Logger *slog.Logger

	// LogIdentity puts the identity of the session into the lines of Logger, as the
	// attribute "identity". OnEvent has it in any case. Identities are personal data:
	// with LogIdentity they are kept wherever the log is. The default is false.
	LogIdentity bool

	// Stored data.

	// Codec encodes T for the store. The default is JSON.
	Codec Codec

	// OnUndecodable decides about stored data that does not decode as T, or that
	// decodes with another identity than its session has, as data with a renamed
	// field do: it returns the migrated value, or an error. ErrHide hides the session,
	// which is then as good as none but stays stored, so that rolling back a
	// release heals it. Any other error fails the request with a 500. The
	// default hides.
	OnUndecodable func(data []byte, cause error) (T, error)

	// Store and clock.

	// StoreTimeout bounds the time that the store may take: for all loads of a
	// request together, for its commit together with replays and retries, and for
	// each call outside a request or with the program's own context, which also
	// ends with that context. Then the answer is 503. Count and RevokeEverything
	// end with their context only. Negative is no bound. The default is 5 seconds.
	StoreTimeout time.Duration

	// DoneInterval is the interval of the store look-ups for [Session.Done]. It
	// bounds how late a process notices that another process ended a session,
	// unless the store sends hints. At least 100 milliseconds. The default is 15
	// seconds.
	DoneInterval time.Duration

	// Now is the clock for tests and for stores that have none of their own.
	// The default is [time.Now].
	Now func() time.Time
}

// Codec encodes session data for the store. The zero Codec is JSON of package
// encoding/json. Set both functions or none. They are called concurrently.
type Codec struct {
	// Marshal encodes v, which is a *T. It must not keep v.
	Marshal func(v any) ([]byte, error)

	// Unmarshal decodes data into v, which is a *T. It must not keep data. Data that
	// Marshal did not write are an error: see Options.OnUndecodable.
	Unmarshal func(data []byte, v any) error
}

// Cloner is implemented by session data that can copy itself: no slice, map
// or pointer of the copy may lead to the original. The copy is then made from
// a value that the memory store keeps decoded, which saves decoding it. Data of
// plain kinds, slices, maps and pointers are copied without it, unless they
// have a [Codec] of their own, or types that decode or contain themselves.
type Cloner[T any] interface{ Clone() T }

// keptClient returns the part of an earlier client that a write keeps: nothing
// when the manager no longer captures clients.
func (o *Options[T]) keptClient(client []byte) []byte {
	if o.Client == nil {
		return nil
	}
	return client
}
