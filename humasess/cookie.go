package humasess

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"
)

// defaultCookieName is the cookie's name with the zero Options. With this prefix,
// browsers refuse the cookie unless it is Secure, has no Domain and has the Path
// "/" (RFC 6265bis § 4.1.3.2). The rest of the name does not identify the server.
const defaultCookieName = "__Host-id"

const (
	maxCookieAge       = 400 * 24 * time.Hour // RFC 6265bis § 5.5
	maxCookieSize      = 4096                 // name plus value, in octets, § 5.6
	maxCookieAttribute = 1024                 // § 5.6
)

// CookieOptions are the attributes of the session cookie. The zero value is
// `__Host-id; Path=/; Secure; HttpOnly; SameSite=Lax`, without Max-Age.
type CookieOptions struct {
	// Name of the cookie. Prefixes are honoured in any case, as browsers do
	// (RFC 6265bis § 5.7): __Host-, __Secure-, __Http- and __Host-Http-.
	// The default is "__Host-id"; "__Secure-id" when Domain or Path is set;
	// "id" with InsecureAllowHTTP.
	Name string

	// Domain makes the cookie visible to subdomains, and to whatever runs there.
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

	// InsecureAllowHTTP drops Secure, for development on plain http. Whoever
	// can read the network then takes over sessions. The default is false.
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

// withDefaults fills in and checks the options: a browser drops a cookie that
// breaks these rules without a word.
func (c CookieOptions) withDefaults() (CookieOptions, error) {
	if c.Name == "" {
		switch {
		case c.InsecureAllowHTTP:
			c.Name = "id"
		case c.Domain != "" || c.Path != "" && c.Path != "/":
			c.Name = "__Secure-id"
		default:
			c.Name = defaultCookieName
		}
	}
	if c.Path == "" {
		c.Path = "/"
	}
	if c.SameSite == 0 || c.SameSite == http.SameSiteDefaultMode {
		c.SameSite = http.SameSiteLaxMode
	}
	if err := c.check(); err != nil {
		return c, err
	}
	var err error
	c.Former, err = c.formerScopes()
	return c, err
}

func (c CookieOptions) check() error {
	lower := strings.ToLower(c.Name)
	hostPrefix := strings.HasPrefix(lower, "__host-")
	prefixed := hostPrefix || strings.HasPrefix(lower, "__secure-") || strings.HasPrefix(lower, "__http-")
	switch {
	case !validToken(c.Name):
		return fmt.Errorf("cookie name %q is not a token of RFC 9110 § 5.6.2", c.Name)
	case len(c.Name) > 256:
		return fmt.Errorf("cookie name of %d bytes is too long", len(c.Name))
	case prefixed && c.InsecureAllowHTTP:
		return fmt.Errorf("cookie name %q needs Secure: drop the prefix or InsecureAllowHTTP", c.Name)
	case hostPrefix && c.Domain != "":
		return fmt.Errorf("cookie name %q allows no Domain, but it is %q", c.Name, c.Domain)
	case hostPrefix && c.Path != "/":
		return fmt.Errorf("cookie name %q needs Path \"/\", but it is %q", c.Name, c.Path)
	case !slices.Contains([]http.SameSite{http.SameSiteLaxMode, http.SameSiteStrictMode, http.SameSiteNoneMode}, c.SameSite):
		return fmt.Errorf("unknown SameSite mode %d", c.SameSite)
	case c.SameSite == http.SameSiteNoneMode && c.InsecureAllowHTTP:
		return errors.New("SameSite=None needs Secure, which InsecureAllowHTTP drops")
	case c.Partitioned && c.InsecureAllowHTTP:
		return errors.New("Partitioned needs Secure, which InsecureAllowHTTP drops")
	}
	if err := checkPath(c.Path); err != nil {
		return fmt.Errorf("invalid cookie Path %q: %w", c.Path, err)
	}
	if c.Domain == "" {
		return nil
	}
	if err := checkDomain(c.Domain); err != nil {
		return fmt.Errorf("invalid cookie Domain %q: %w", c.Domain, err)
	}
	return nil
}

func validToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

func validAttribute(s string) bool {
	return len(s) <= maxCookieAttribute && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f || r == ';' })
}

// checkPath refuses paths that no request has: browsers compare the text with
// the path of a URL as they have normalized it.
func checkPath(path string) error {
	switch {
	case !strings.HasPrefix(path, "/"):
		return errors.New("it must begin with a slash")
	case !validAttribute(path):
		return errors.New("it must be ASCII without semicolons and control characters, and at most 1024 bytes long")
	case strings.ContainsAny(path, " \"#<>?\\^`{}"):
		return errors.New("no path of a URL has such a character: write it as the browser does, with %XX")
	}
	for segment := range strings.SplitSeq(path, "/") {
		if dots := strings.ReplaceAll(strings.ToLower(segment), "%2e", "."); dots == "." || dots == ".." {
			return errors.New("browsers resolve the segments . and .. of a URL, so no path has one")
		}
	}
	return nil
}

// checkDomain refuses domains for which browsers drop the cookie, or keep it to
// the host as they do without a Domain (RFC 6265bis § 5.7). net/http knows the
// rules of host names; the dots at either end that it passes make browsers drop
// the cookie or ignore the dot.
func checkDomain(domain string) error {
	c := http.Cookie{Name: "id", Domain: domain}
	lower := strings.ToLower(domain)
	switch {
	case strings.ContainsFunc(domain, func(r rune) bool { return r >= 0x80 }):
		return errors.New("it must be in ASCII: write the labels with other letters as punycode, xn--")
	case c.Valid() != nil || strings.Trim(domain, ".") != domain:
		return errors.New("it must be the name of a host without scheme, port, wildcard and dots at its ends")
	case endsInNumber(lower):
		return errors.New("an address has no subdomains: leave Domain empty")
	}
	if suffix, _ := publicsuffix.PublicSuffix(lower); suffix == lower {
		return errors.New("it is a public suffix, under which domains of different owners are, or a single label; " +
			"browsers share no cookie there: name your own domain, or leave Domain empty")
	}
	return nil
}

// endsInNumber reports whether browsers take a host for an IPv4 address: its
// last label is a decimal or hexadecimal number (URL Standard, "ends in a
// number").
func endsInNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	digits, set := last, "0123456789"
	if hexadecimal, ok := strings.CutPrefix(last, "0x"); ok {
		digits, set = hexadecimal, "0123456789abcdef"
	}
	return last != "" && strings.Trim(digits, set) == ""
}

// attributes are everything of a Set-Cookie after the value but its age,
// the same for setting and for deleting.
func (c CookieOptions) attributes() string {
	var b strings.Builder
	b.WriteString("; Path=" + c.Path)
	if c.Domain != "" {
		b.WriteString("; Domain=" + c.Domain)
	}
	b.WriteString("; HttpOnly")
	if !c.InsecureAllowHTTP {
		b.WriteString("; Secure")
	}
	switch c.SameSite {
	case http.SameSiteStrictMode:
		b.WriteString("; SameSite=Strict")
	case http.SameSiteNoneMode:
		b.WriteString("; SameSite=None")
	default:
		b.WriteString("; SameSite=Lax")
	}
	if c.Partitioned {
		b.WriteString("; Partitioned")
	}
	return b.String()
}

// expired is the Set-Cookie that expires the cookie. It has both forms: Max-Age
// wins, and Expires is for clients that do not know it.
func (c CookieOptions) expired() string {
	return c.Name + "=" + c.attributes() + "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
}
