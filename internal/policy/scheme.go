package policy

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Scheme is the security scheme of one session type.
type Scheme struct {
	Key        string       // in components.securitySchemes, e.g. "sessionCookie"
	CookieName string       // the current name, with its prefix
	Former     []string     // names that the cookie had; tokens under them still open
	Type       reflect.Type // of the session's data
	Manager    any          // identifies the manager to a [Protection]
	HasRoles   bool         // the type knows its roles, so operations may require some
	OmitRoles  bool         // the document omits roles; the core still checks them
	Default    bool         // operations that declare nothing require it
	Isolated   bool         // reads of other sites are refused as well
	Limited    bool         // logins are refused when a user has too many sessions
	CSRFHeader string       // the header for the CSRF token of unsafe requests, or ""
	Accepts    []string     // schemes of the program that bring a user wherever the session suffices
	Bearer     *Bearer      // of clients with a token instead of a cookie, nil without them
	Extension  any          // x-session: the session's policy, as JSON
	Settings   *Settings    // for a policy file
	SetCookie  string       // an example of the header, with [ExampleToken]; "" for none
}

// typeHTTP is the type of security schemes that have a name in HTTP.
const typeHTTP = "http"

// schemeDescription is the text on docs pages and in clients that ask the user.
const schemeDescription = "Session cookie. A login operation sets it (HttpOnly) and browsers send it by " +
	"themselves from then on: there is nothing to type on a docs page. Other clients keep a cookie jar, " +
	"or send the value of `Set-Cookie` back."

const csrfDescription = "CSRF token of the session, in a request that changes something. The response that sets the session cookie carries it in the same header."

var validKey = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)

// ValidKey reports whether s may name a component ([OpenAPI § 4.8.7]).
//
// [OpenAPI § 4.8.7]: https://spec.openapis.org/oas/v3.1.1.html#components-object
func ValidKey(s string) bool { return validKey.MatchString(s) }

func (s Scheme) object() *huma.SecurityScheme {
	return &huma.SecurityScheme{
		Type:        "apiKey",
		In:          "cookie",
		Name:        s.CookieName,
		Description: schemeDescription,
		Extensions:  map[string]any{"x-session": s.Extension},
	}
}

// CSRFKey returns the key of the scheme that documents the CSRF token.
func (s Scheme) CSRFKey() string { return CSRFKey(s.Key) }

// CSRFKey is [Scheme.CSRFKey] for the key of a session's scheme.
func CSRFKey(session string) string { return session + "CSRF" }

func (s Scheme) csrfObject() *huma.SecurityScheme {
	return &huma.SecurityScheme{Type: "apiKey", In: "header", Name: s.CSRFHeader, Description: csrfDescription}
}

// sharedCookie returns a cookie name that both schemes have or had, or "". With
// such a name, each manager would expire the other's cookie. Letter case does not
// count, because some cookie jars ignore it.
func (s Scheme) sharedCookie(other Scheme) string {
	theirs := append([]string{other.CookieName}, other.Former...)
	for _, name := range append([]string{s.CookieName}, s.Former...) {
		if slices.ContainsFunc(theirs, func(n string) bool { return strings.EqualFold(n, name) }) {
			return name
		}
	}
	return ""
}

// keys returns those of the schemes in the document that a session satisfies.
func (s Scheme) keys() []string {
	if s.Bearer == nil {
		return []string{s.Key}
	}
	return []string{s.Key, s.Bearer.Key}
}

// option returns the field of Options that sets a key.
func (s Scheme) option(key string) string {
	if key == s.Key {
		return "SchemeName"
	}
	return "Bearer.SchemeName"
}

// carriedBy returns the key by which an alternative names the session, and that of its
// cookie if it names neither.
func (s Scheme) carriedBy(alternative map[string][]string) string {
	if s.Bearer != nil {
		if _, named := alternative[s.Bearer.Key]; named {
			return s.Bearer.Key
		}
	}
	return s.Key
}

// clash returns an error when a schema has the scheme's name. Generators turn both
// names into types, in PascalCase, and refuse the document.
func (s Scheme) clash(schemas map[string]*huma.Schema) error {
	for name := range schemas {
		for _, key := range s.keys() {
			if pascal(name) == pascal(key) {
				return fmt.Errorf("security scheme %q and schema %q get the same name in generated clients: set Options.%s or rename the type", key, name, s.option(key))
			}
		}
	}
	return nil
}

// pascal returns the form of a name that generators compare.
func pascal(s string) string {
	var b strings.Builder
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune("._- ", r) }) {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

// Bearer is the security scheme of sessions whose token the client sends in the header
// Authorization.
type Bearer struct {
	Key       string // in components.securitySchemes, e.g. "sessionBearer"
	Prefix    string // of every token
	Extension any    // x-session: the session's policy, as JSON
}

const bearerDescription = "Session token. A login operation returns it in its answer, for clients without cookies. It is a " +
	"credential: store it where other programs cannot read it. A response with the header `Session-Token` replaces it."

func (b *Bearer) object() *huma.SecurityScheme {
	return &huma.SecurityScheme{
		Type: typeHTTP, Scheme: "bearer", Description: bearerDescription,
		Extensions: map[string]any{"x-session": b.Extension},
	}
}
