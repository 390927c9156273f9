package humasess

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/cookies"
	"github.com/humasess/sessions/humasess/internal/timeouts"
	"github.com/humasess/sessions/internal/policy"
)

// CookieOptions are the attributes of the session cookie. The zero value is
// `__Host-id; Path=/; Secure; HttpOnly; SameSite=Lax`, without Max-Age.
type CookieOptions struct {
	// Name of the cookie. Prefixes are honoured in any case, as browsers do
	// (RFC 6265bis § 5.7): __Host-, __Secure-, __Http- and __Host-Http-.
	// The default is "__Host-id"; "__Secure-id" when Domain or Path is set;
	// "id" with InsecureAllowHTTP.
	Name string

	// Domain makes the cookie visible to subdomains, and to all programs there.
	// Public suffixes, such as "co.uk" and "github.io", single labels, such as
	// "localhost", and addresses are refused, because browsers share no cookie
	// there. The default, "", keeps it to the host that set it.
	Domain string

	// Path limits the cookie to a path, which does not protect it from other
	// pages of the host. The default is "/".
	Path string

	// SameSite says which requests of other sites carry the cookie. None is
	// refused with InsecureAllowHTTP. The default is [http.SameSiteLaxMode].
	SameSite http.SameSite

	// Partitioned keys the cookie by the top-level site (CHIPS). The default
	// is false.
	Partitioned bool

	// InsecureAllowHTTP drops Secure, for development on plain http. An
	// attacker on the network can then take over sessions. The default is false.
	InsecureAllowHTTP bool

	// Former are scopes that the cookie had before a change of Name, Domain, Path
	// or Partitioned. Browsers keep the cookie of a former scope beside the present
	// one. A token in a former scope opens its session. The next write of the
	// session issues the token in the present scope; a request that only reads
	// writes at most once per tenth of the idle timeout. Each answer that sets or
	// expires the cookie also expires the former ones. At most 4 entries are
	// allowed.
	//
	// A sibling host can set cookies under a name without the prefix __Host-. So
	// remove an entry when the sessions from before the change have ended, which
	// is after the longest absolute timeout. The default is none.
	Former []CookieScope
}

// CookieScope has the fields by which browsers tell cookies of one host apart. A change of any
// field of [CookieOptions] with the same name makes another cookie, beside the
// former one.
type CookieScope struct {
	// Name of the cookie. The default is the present name.
	Name string

	// Domain of the cookie. The default, "", is the host that set it.
	Domain string

	// Path of the cookie. The default is "/".
	Path string

	// Partitioned says that the cookie was keyed by the top-level site. The
	// default is false.
	Partitioned bool
}

// options returns the same options for package cookies.
func (c CookieOptions) options() cookies.Options {
	o := cookies.Options{
		Name: c.Name, Domain: c.Domain, Path: c.Path,
		SameSite: c.SameSite, Partitioned: c.Partitioned, InsecureAllowHTTP: c.InsecureAllowHTTP,
	}
	for _, s := range c.Former {
		o.Former = append(o.Former, cookies.Scope(s))
	}
	return o
}

// withDefaults returns a copy that is complete, or an error.
func (c CookieOptions) withDefaults() (CookieOptions, error) {
	o, err := c.options().WithDefaults()
	if err != nil {
		return c, err
	}
	c.Name, c.Path, c.SameSite, c.Former = o.Name, o.Path, o.SameSite, slices.Clone(c.Former)
	for i, s := range o.Former {
		c.Former[i] = CookieScope(s)
	}
	return c, nil
}

// BearerOptions let clients without cookies have sessions: mobile apps, command lines,
// services. Such a client gets a token ([Session.StartBearer]), stores it, and sends it
// as "Authorization: Bearer <token>" (RFC 6750 § 2.1). A token never opens a session
// that began with a cookie, nor the reverse.
//
// A request with a bearer token is judged by the token alone: the cookies of all managers
// of the API are ignored, and the checks against requests from other sites are left out,
// because no browser adds the header by itself.
type BearerOptions struct {
	// SchemeName is the key of the security scheme in the document. An operation whose
	// Security names it, and not Options.SchemeName, takes no cookie. Two managers on one
	// API need different ones. The default is "sessionBearer".
	SchemeName string

	// Prefix begins every token, so that tools find leaked tokens, and so that a token
	// is told from other credentials in the header. Two managers on one API need
	// different ones, of which neither begins the other. 2 to 32 letters, digits and "_".
	// The default is "hs_".
	Prefix string

	// IdleTimeout ends a session that was not used for that time. The default is 14
	// days; with Options.AssuranceLevel it is the level's, which is also the upper bound.
	IdleTimeout time.Duration

	// AbsoluteTimeout ends a session however busy it is. The default is 90 days; with
	// Options.AssuranceLevel it is the level's, which is also the upper bound.
	AbsoluteTimeout time.Duration
}

// complete sets the defaults and refuses what could not work.
func (o *BearerOptions) complete(level int, cookieScheme string) error {
	t := timeouts.Timeouts{Idle: o.IdleTimeout, Absolute: o.AbsoluteTimeout}
	if err := t.Assure(level); err != nil {
		return err
	}
	t.Idle, t.Absolute = cmp.Or(t.Idle, 14*24*time.Hour), cmp.Or(t.Absolute, 90*24*time.Hour)
	if err := t.CheckUsual(); err != nil {
		return err
	}
	o.IdleTimeout, o.AbsoluteTimeout = t.Idle, t.Absolute
	o.SchemeName, o.Prefix = cmp.Or(o.SchemeName, "sessionBearer"), cmp.Or(o.Prefix, "hs_")
	switch {
	case !policy.ValidKey(o.SchemeName):
		return fmt.Errorf("SchemeName %q is not a component key: letters, digits and . _ - only", o.SchemeName)
	case o.SchemeName == cookieScheme:
		return fmt.Errorf("SchemeName %q is that of the cookie", o.SchemeName)
	case !validPrefix.MatchString(o.Prefix):
		return fmt.Errorf("Prefix %q is not 2 to 32 letters, digits and _", o.Prefix)
	}
	return nil
}

var validPrefix = regexp.MustCompile(`^[A-Za-z0-9_]{2,32}$`)

// BearerToken is the answer to a sign-in of a client without cookies, in the form of RFC
// 6749 § 5.1. An operation returns it, or has it in a field of its answer. A type of an
// answer must not embed it: huma would document the type as a BearerToken. The access
// token is a credential.
type BearerToken struct {
	AccessToken string `json:"access_token"` // a credential, which begins with BearerOptions.Prefix
	TokenType   string `json:"token_type"`   // "Bearer"
	ExpiresIn   int    `json:"expires_in"`   // seconds until the session ends if it is not used
}

// Schema implements [huma.SchemaProvider]: the document describes the token in place, so
// that its name never clashes with a type of the program.
func (BearerToken) Schema(huma.Registry) *huma.Schema { return policy.BearerTokenSchema() }

// String leaves the credential out.
func (BearerToken) String() string { return "BearerToken(...)" }

// LogValue implements [slog.LogValuer] without the credential.
func (t BearerToken) LogValue() slog.Value { return slog.StringValue(t.String()) }

// GoString is String, for %#v.
func (t BearerToken) GoString() string { return t.String() }

const (
	carriedByCookie = "cookie"
	carriedByBearer = "bearer"
)

func carrierName(bearer bool) string {
	if bearer {
		return carriedByBearer
	}
	return carriedByCookie
}
