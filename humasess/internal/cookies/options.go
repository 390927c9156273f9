package cookies

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// defaultName is the cookie's name with the zero Options. With this prefix,
// browsers refuse the cookie unless it is Secure, has no Domain and has the Path
// "/" (RFC 6265bis § 4.1.3.2). The rest of the name does not identify the server.
const defaultName = "__Host-id"

// MaxAge is the longest life of a cookie (RFC 6265bis § 5.5).
const MaxAge = 400 * 24 * time.Hour

// Options are the attributes of the session cookie. humasess.CookieOptions has their
// documentation.
type Options struct {
	Name   string // "" is __Host-id, or the name with the strictest prefix that the others allow
	Domain string // "" keeps the cookie to the host that set it
	Path   string // "" is "/"

	SameSite          http.SameSite // 0 is SameSite=Lax
	Partitioned       bool          // keyed by the top-level site
	InsecureAllowHTTP bool          // without Secure

	Former []Scope // scopes that the cookie had before a change
}

// WithDefaults returns the options with their defaults. It refuses options that break
// the rules of browsers, because a browser drops such a cookie without a message.
func (c Options) WithDefaults() (Options, error) {
	if c.Name == "" {
		switch {
		case c.InsecureAllowHTTP:
			c.Name = "id"
		case c.Domain != "" || c.Path != "" && c.Path != "/":
			c.Name = "__Secure-id"
		default:
			c.Name = defaultName
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

func (c Options) check() error {
	lower := strings.ToLower(c.Name)
	hostPrefix := strings.HasPrefix(lower, "__host-")
	prefixed := hostPrefix || strings.HasPrefix(lower, "__secure-") || strings.HasPrefix(lower, "__http-")
	switch {
	case !IsToken(c.Name):
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
