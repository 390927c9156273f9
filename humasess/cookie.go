package humasess

import (
	"net/http"
	"slices"

	"github.com/humasess/sessions/humasess/internal/cookies"
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

	// Path limits the cookie to a path, which is no protection against other
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
