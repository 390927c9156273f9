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
	CookieName string       // the live name, prefix included
	Former     []string     // names that the cookie had, whose tokens still open
	Type       reflect.Type // of the session's data
	Manager    any          // identifies the manager to a [Protection]
	HasRoles   bool         // the type knows its roles, so operations may require some
	OmitRoles  bool         // keep roles out of the document, not out of the check
	Default    bool         // operations that declare nothing require it
	Isolated   bool         // reads of other sites are refused as well
	Limited    bool         // logins are refused when a user has too many sessions
	CSRFHeader string       // that unsafe requests with a session must carry, "" if none
	Extension  any          // x-session: the session's policy, as JSON
}

// schemeDescription is what docs pages and prompting clients show.
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

// CSRFKey is the key of the scheme's CSRF token, itself a scheme.
func (s Scheme) CSRFKey() string { return s.Key + "CSRF" }

func (s Scheme) csrfObject() *huma.SecurityScheme {
	return &huma.SecurityScheme{Type: "apiKey", In: "header", Name: s.CSRFHeader, Description: csrfDescription}
}

// sharedCookie returns a cookie name that both schemes have or had, or "". Each
// would expire the other's cookie. Some jars do not tell letters' case apart.
func (s Scheme) sharedCookie(other Scheme) string {
	theirs := append([]string{other.CookieName}, other.Former...)
	for _, name := range append([]string{s.CookieName}, s.Former...) {
		if slices.ContainsFunc(theirs, func(n string) bool { return strings.EqualFold(n, name) }) {
			return name
		}
	}
	return ""
}

// clash returns an error when a schema has the scheme's name: generators turn
// both into types, in PascalCase, and refuse the document.
func (s Scheme) clash(schemas map[string]*huma.Schema) error {
	for name := range schemas {
		if pascal(name) == pascal(s.Key) {
			return fmt.Errorf("security scheme %q and schema %q get the same name in generated clients: set Options.SchemeName or rename the type", s.Key, name)
		}
	}
	return nil
}

// pascal is the form in which generators compare names.
func pascal(s string) string {
	var b strings.Builder
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune("._- ", r) }) {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}
