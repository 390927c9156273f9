package humasess

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/openapi"
	"github.com/humasess/sessions/security"
)

// Options configure a [Manager]. The zero value is the secure one, and nil
// stands for it. Options are copied by [New].
type Options[T any] struct {
	// Identity returns the ID of the user that the data belong to, and "" for
	// data without a user. It must depend on nothing but its argument. The
	// identity of the zero T counts as "" as well, because strconv.Itoa, for
	// example, returns "0" for it. A session without an identity is anonymous:
	// it does not satisfy Required, Guarded or Require.
	//
	// Without Identity any active session satisfies them, and sessions cannot be
	// listed or revoked by user. The default is nil.
	Identity func(T) string

	// AnonymousSuffices lets anonymous sessions satisfy Required, Guarded,
	// Require, RequireFresh and RequireByDefault. It changes nothing else. The
	// default is false.
	AnonymousSuffices bool

	// Roles returns the roles that requirements are checked against. It must
	// depend on nothing but its argument. The default is nil.
	Roles func(T) []string

	// Cookie are the attributes of the session cookie. The default is
	// `__Host-id; Path=/; Secure; HttpOnly; SameSite=Lax`.
	Cookie CookieOptions

	// Sealer encrypts the token in the cookie, so that forged cookies never
	// reach the store. See [security.NewAEAD]. The default is nil.
	Sealer security.Sealer

	// Codec encodes T for the store. The default is JSON.
	Codec Codec

	// IdleTimeout is how long a session lives at least after its last request.
	// It ends at most a tenth later, because requests extend it at most once per
	// tenth. ASVS 7.3.1. The default is 30 minutes.
	IdleTimeout time.Duration

	// AbsoluteTimeout ends a session that long after its Start or its last
	// Reauthenticated, however busy it is. ASVS 7.3.2. The default is 12 hours.
	AbsoluteTimeout time.Duration

	// RememberIdleTimeout replaces IdleTimeout for sessions with Remember.
	// The default is 14 days.
	RememberIdleTimeout time.Duration

	// RememberAbsoluteTimeout replaces AbsoluteTimeout for sessions that are
	// remembered when they start or re-authenticate. At most 400 days, the
	// longest life of a cookie (RFC 6265bis § 5.5). The default is 30 days.
	RememberAbsoluteTimeout time.Duration

	// RotationGrace is how long the previous token opens the session after the
	// one that Renew has issued was first presented, for requests that were
	// under way. Negative is not at all. The default is 10 seconds.
	RotationGrace time.Duration

	// RotateEvery renews the token of a busy session that often, as Renew does
	// (OWASP's "renewal timeout"). A request that only reads is answered even
	// when the rotation cannot be written. 0 is only when Renew is called; else
	// it must be longer than RotationGrace. The default is 0.
	RotateEvery time.Duration

	// RevokeReused ends a session when one of its last 16 superseded secrets
	// is presented after RotationGrace, which [EventReused] reports in any
	// case: a thief has it, or has had it renewed. A request that is under way
	// for longer than RotationGrace signs its own user out, too. The default is
	// false.
	RevokeReused bool

	// MaxPerIdentity bounds the live sessions of one identity; the oldest
	// gives way. -1 is no limit. The default is 100.
	MaxPerIdentity int

	// OverLimit is what a Start beyond MaxPerIdentity does. The default is
	// EvictOldest.
	OverLimit OverLimit

	// DoneInterval is how often the sessions that somebody waits for with
	// [Session.Done] are looked up in the store: so much later, at most, does a
	// process know what another one has ended, unless the store gives it a hint.
	// At least 100 milliseconds. The default is 15 seconds.
	DoneInterval time.Duration

	// Capture notes the user agent and the address of sign-ins. The default is
	// to note nothing.
	Capture Capture

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
	// another site makes other than by navigating, to embed or to measure what
	// they answer (Fetch Metadata, ASVS 3.5.8). The default is false.
	RejectCrossSiteReads bool

	// CSRFHeader names a header, such as "X-CSRF-Token", in which unsafe
	// requests with an active session must carry [Session.CSRFToken], for those
	// who must comply with the letter of NIST SP 800-63B-4 § 5.1. It comes on
	// top of the cross-origin check, and is a scheme of its own in the document.
	// Docs pages and generated clients cannot send it by themselves. The default
	// is "", none.
	CSRFHeader string

	// ClearSiteData are the kinds of data that browsers are to forget when a
	// response signs out, "cache", "storage", "executionContexts" or "cookies".
	// Beware of "cookies": it is for the whole registrable domain, so that it
	// signs out of sibling hosts, too; our cookie expires without it. Browsers
	// heed the header on https only. The default is none.
	ClearSiteData []string

	// Assurance makes the timeouts those of an assurance level of NIST SP
	// 800-63B-4 where they are not set, and refuses longer ones, those of
	// Remember included. Idle timeouts leave room for the tenth that a session
	// may live longer: at most 54 minutes at AAL2 and 13 minutes at AAL3 when
	// they are not set. The default is none.
	Assurance Assurance

	// StoreTimeout bounds the time that the store may take: for all loads of a
	// request together, for its commit together with replays and retries, and for
	// each call outside a request or with the program's own context, which also
	// ends with that context. Then the answer is 503. Count and RevokeEverything
	// end with their context only. Negative is no bound. The default is 5 seconds.
	StoreTimeout time.Duration

	// RequireByDefault requires a session for every operation that does not
	// embed Session or Login or say `security: []`. The default is false.
	RequireByDefault bool

	// SchemeName is the key of the security scheme in the OpenAPI document,
	// and part of every record: sessions are lost when it changes. Programs with
	// the same name on one server accept each other's sessions, unless each has
	// a prefix, schema or file of its own. The default is "sessionCookie".
	SchemeName string

	// OmitRoles keeps roles out of the document, but for the text of the 403,
	// for tools that refuse them on a cookie scheme. They are checked all the
	// same. The default is false.
	OmitRoles bool

	// Schemes check the security schemes of the program's own, by the scheme's
	// key. An operation may ask for such a scheme beside a session or instead of
	// one. A function returns a nil error if the request satisfies the scheme, for
	// which scopes are those of the requirement. The client does not see the text
	// of any other error. The manager ignores the data that a function returns:
	// the handler finds no session. The default is none.
	Schemes map[string]func(ctx huma.Context, scopes []string) (T, error)

	// OnUndecodable decides about stored data that does not decode as T, or that
	// decodes with another identity than its session has, as data with a renamed
	// field do: it returns the migrated value, or an error. ErrHide hides the session,
	// which is then as good as none but stays stored, so that rolling back a
	// release heals it. Any other error fails the request with a 500. The
	// default hides.
	OnUndecodable func(data []byte, cause error) (T, error)

	// OnEvent is called for every event, within the request and concurrently.
	// The default is nil.
	OnEvent func(context.Context, Event)

	// Logger gets problems as warnings and errors, and all other events for
	// debugging. The default is [slog.Default].
	Logger *slog.Logger

	// Now is the clock for tests and for stores that have none of their own.
	// The default is [time.Now].
	Now func() time.Time
}

const defaultSchemeName = "sessionCookie"

// orDefault replaces 0.
func orDefault[V comparable](v *V, fallback V) {
	var zero V
	if *v == zero {
		*v = fallback
	}
}

// withDefaults returns a copy that is complete and consistent.
func (o *Options[T]) withDefaults() (Options[T], error) {
	var c Options[T]
	if o != nil {
		c = *o
		c.ClearSiteData = slices.Clone(o.ClearSiteData)
	}
	if err := c.assure(); err != nil {
		return c, err
	}
	if c.MaxPerIdentity > 0 && c.Identity == nil {
		return c, fmt.Errorf("MaxPerIdentity is %d, and without Identity sessions have no identity to be counted by", c.MaxPerIdentity)
	}
	orDefault(&c.IdleTimeout, 30*time.Minute)
	orDefault(&c.AbsoluteTimeout, 12*time.Hour)
	orDefault(&c.RememberIdleTimeout, 14*24*time.Hour)
	orDefault(&c.RememberAbsoluteTimeout, 30*24*time.Hour)
	orDefault(&c.RotationGrace, 10*time.Second)
	orDefault(&c.MaxPerIdentity, 100)
	orDefault(&c.DoneInterval, 15*time.Second)
	orDefault(&c.StoreTimeout, 5*time.Second)
	orDefault(&c.SchemeName, defaultSchemeName)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	var err error
	if c.Cookie, err = c.Cookie.withDefaults(); err != nil {
		return c, err
	}
	return c, c.check()
}

func (o *Options[T]) check() error {
	switch {
	case o.IdleTimeout < time.Second:
		return fmt.Errorf("IdleTimeout %v is less than a second", o.IdleTimeout)
	case o.AbsoluteTimeout < o.IdleTimeout:
		return fmt.Errorf("AbsoluteTimeout %v is less than IdleTimeout %v", o.AbsoluteTimeout, o.IdleTimeout)
	case o.AbsoluteTimeout > maxCookieAge:
		return fmt.Errorf("AbsoluteTimeout %v is more than 400 days", o.AbsoluteTimeout)
	case o.RememberIdleTimeout < time.Second:
		return fmt.Errorf("RememberIdleTimeout %v is less than a second", o.RememberIdleTimeout)
	case o.RememberAbsoluteTimeout < o.RememberIdleTimeout:
		return fmt.Errorf("RememberAbsoluteTimeout %v is less than RememberIdleTimeout %v", o.RememberAbsoluteTimeout, o.RememberIdleTimeout)
	case o.RememberAbsoluteTimeout > maxCookieAge:
		return fmt.Errorf("RememberAbsoluteTimeout %v is more than 400 days, the longest life of a cookie", o.RememberAbsoluteTimeout)
	case o.RotationGrace > time.Hour:
		return fmt.Errorf("RotationGrace %v is more than an hour", o.RotationGrace)
	case o.RotateEvery != 0 && (o.RotateEvery < time.Second || o.RotateEvery <= o.RotationGrace):
		return fmt.Errorf("RotateEvery %v is less than a second, or not more than RotationGrace %v", o.RotateEvery, o.RotationGrace)
	case o.RotateEvery >= max(o.AbsoluteTimeout, o.RememberAbsoluteTimeout):
		return fmt.Errorf("RotateEvery %v is not less than AbsoluteTimeout %v and RememberAbsoluteTimeout %v: every session ends before",
			o.RotateEvery, o.AbsoluteTimeout, o.RememberAbsoluteTimeout)
	case o.MaxPerIdentity < -1:
		return fmt.Errorf("MaxPerIdentity %d is neither -1 nor positive", o.MaxPerIdentity)
	case o.DoneInterval < 100*time.Millisecond:
		return fmt.Errorf("DoneInterval %v is less than 100 milliseconds", o.DoneInterval)
	case o.StoreTimeout >= 0 && o.StoreTimeout < time.Millisecond:
		return fmt.Errorf("StoreTimeout %v is less than a millisecond; negative is no bound", o.StoreTimeout)
	case o.Capture.Address > FullAddress:
		return fmt.Errorf("Capture.Address %d is none of NoAddress, TruncatedAddress and FullAddress", o.Capture.Address)
	case o.Capture.AddressOf != nil && o.Capture.Address == NoAddress:
		return errors.New("Capture.AddressOf is set, and Capture.Address is NoAddress")
	case o.OverLimit > RefuseNew:
		return fmt.Errorf("OverLimit %d is neither EvictOldest nor RefuseNew", o.OverLimit)
	case o.OverLimit == RefuseNew && o.MaxPerIdentity == -1:
		return errors.New("OverLimit is RefuseNew, and MaxPerIdentity -1 is no limit")
	case o.OverLimit == RefuseNew && o.Identity == nil:
		return errors.New("OverLimit is RefuseNew, and without Identity sessions have no identity that could be over a limit")
	case o.AnonymousSuffices && o.Identity == nil:
		return errors.New("AnonymousSuffices is true, and without Identity every session satisfies requirements: set Identity, or leave AnonymousSuffices out")
	case o.OmitRoles && o.Roles == nil:
		return errors.New("OmitRoles is true, and without Roles no requirement has roles: set Roles, or leave OmitRoles out")
	case slices.ContainsFunc(o.ClearSiteData, func(kind string) bool {
		return !slices.Contains([]string{"cache", "storage", "executionContexts", "cookies"}, kind)
	}):
		return fmt.Errorf("ClearSiteData %q is none of cache, storage, executionContexts and cookies", o.ClearSiteData)
	case !openapi.ValidKey(o.SchemeName):
		return fmt.Errorf("SchemeName %q is not a component key: letters, digits and . _ - only", o.SchemeName)
	case (o.Codec.Marshal == nil) != (o.Codec.Unmarshal == nil):
		return errors.New("Codec has one function of two")
	}
	for key, check := range o.Schemes {
		if check == nil || key == o.SchemeName || o.CSRFHeader != "" && key == (openapi.Scheme{Key: o.SchemeName}).CSRFKey() {
			return fmt.Errorf("Schemes[%q] is nil or names a scheme of the session's own", key)
		}
	}
	if o.CSRFHeader != "" {
		if err := checkCSRFHeader(o.CSRFHeader); err != nil {
			return err
		}
	}
	return o.probe()
}

// probe encodes the zero T, so that a type that the codec cannot handle stops
// the program at its start and not at the first login.
func (o *Options[T]) probe() error {
	var zero T
	if o.Codec.Marshal == nil {
		if err := checkDataType(reflect.TypeFor[T]()); err != nil {
			return fmt.Errorf("session data: %w", err)
		}
	}
	codec := o.Codec.withDefaults()
	data, err := codec.Marshal(&zero)
	if err != nil {
		return fmt.Errorf("codec cannot encode %v: %w", reflect.TypeFor[T](), err)
	}
	if err := codec.Unmarshal(data, &zero); err != nil {
		return fmt.Errorf("codec cannot decode what it encoded of %v: %w", reflect.TypeFor[T](), err)
	}
	return nil
}

// idle and absolute are the timeouts of a session.
func (o *Options[T]) timeouts(remember bool) (idle, absolute time.Duration) {
	if remember {
		return o.RememberIdleTimeout, o.RememberAbsoluteTimeout
	}
	return o.IdleTimeout, o.AbsoluteTimeout
}
