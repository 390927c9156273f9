package gate

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/response"
	"github.com/humasess/sessions/internal/policy"
)

// schemes are the security schemes of an API that are not sessions, by key.
type schemes struct {
	api      huma.API                 // whose document describes them
	programs map[string]programScheme // of the program
	csrf     map[string]string        // of CSRF tokens, with the scheme of the session
	bearers  map[string]string        // of bearer tokens, with the scheme of the session
}

// programScheme is a scheme that a function of Options.Schemes checks.
type programScheme struct {
	manager Manager // whose option it is
	check   SchemeCheck
}

// has reports whether the key is taken.
func (s *schemes) has(key string) bool {
	_, program := s.programs[key]
	_, csrf := s.csrf[key]
	_, bearer := s.bearers[key]
	return program || csrf || bearer
}

// among returns the schemes of the program that the requirements name.
func (s *schemes) among(all []policy.Requirements) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.programs)), func(key string) bool { return !mentioned(all, key) })
}

// managers returns the managers of the schemes with these keys.
func (s *schemes) managers(keys []string) []Manager {
	var managers []Manager
	for _, key := range keys {
		if m := s.programs[key].manager; !slices.Contains(managers, m) {
			managers = append(managers, m)
		}
	}
	return managers
}

// typeHTTP is the type of security schemes that use the header Authorization.
const typeHTTP = "http"

// headers adds the request headers that bring the credentials of the schemes with
// these keys.
func (s *schemes) headers(names, keys []string) []string {
	add := func(name string) {
		if !response.ContainsToken(strings.Join(names, ","), name) {
			names = append(names, name)
		}
	}
	for _, key := range keys {
		switch s := s.api.OpenAPI().Components.SecuritySchemes[key]; {
		case s == nil:
		case s.Type == "apiKey" && s.In == "header":
			add(http.CanonicalHeaderKey(s.Name))
		case s.Type == "apiKey" && s.In == "cookie":
			add(fieldCookie)
		case s.Type == typeHTTP, s.Type == "oauth2", s.Type == "openIdConnect":
			add(fieldAuthorization)
		}
	}
	return names
}

// challenge names a scheme that the client could use (RFC 9110 § 11.6.1). HTTP has no
// name for keys and certificates. For them, it is the type in the document.
func (s *schemes) challenge(alternatives policy.Requirements) string {
	for _, alternative := range alternatives {
		for _, key := range slices.Sorted(maps.Keys(alternative)) {
			switch s := s.api.OpenAPI().Components.SecuritySchemes[key]; {
			case s == nil:
			case s.Type == typeHTTP:
				return http.CanonicalHeaderKey(s.Scheme)
			default:
				return s.Type
			}
		}
	}
	return "Credentials"
}

// mentioned reports whether one of the requirements names the scheme.
func mentioned(all []policy.Requirements, scheme string) bool {
	return slices.ContainsFunc(all, func(r policy.Requirements) bool {
		return slices.ContainsFunc(r, func(a map[string][]string) bool { _, ok := a[scheme]; return ok })
	})
}
