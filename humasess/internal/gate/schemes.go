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

// Types of security schemes. Those of the type http use the header Authorization.
const (
	typeHTTP   = "http"
	typeAPIKey = "apiKey"
)

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
		case s.Type == typeAPIKey && s.In == "header":
			add(http.CanonicalHeaderKey(s.Name))
		case s.Type == typeAPIKey && s.In == "cookie":
			add(fieldCookie)
		case policy.UsesAuthorization(s):
			add(fieldAuthorization)
		}
	}
	return names
}

// presences returns those of a policy. A scheme that also counts together with a session of
// its manager is none, because that session comes with a cookie.
func (s *schemes) presences(demands []demand) []presence {
	var all []presence
	for key := range s.programs {
		var alone, together bool
		session := -1
		for _, d := range demands {
			for _, alternative := range d.alternatives {
				for _, c := range alternative {
					if c.key == key {
						alone, together, session = alone || c.user, together || !c.user, c.session
					}
				}
			}
		}
		if !alone || together || session < 0 {
			continue
		}
		switch scheme := s.api.OpenAPI().Components.SecuritySchemes[key]; {
		case scheme == nil:
		case scheme.Type == typeAPIKey && scheme.In == "header":
			all = append(all, presence{key: key, session: session, header: scheme.Name})
		case scheme.Type == typeHTTP && strings.EqualFold(scheme.Scheme, "bearer"):
			all = append(all, presence{key: key, session: session, header: fieldAuthorization, bearer: true})
		}
	}
	return all
}

// challenges names the schemes that the client could use. See [policy.Challenge].
func (s *schemes) challenges(keys []string) []string {
	var all []string
	for _, key := range keys {
		program, ok := s.programs[key]
		if !ok || program.manager == nil {
			continue
		}
		name := policy.Challenge(s.api.OpenAPI().Components.SecuritySchemes[key])
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// mentioned reports whether one of the requirements names the scheme.
func mentioned(all []policy.Requirements, scheme string) bool {
	return slices.ContainsFunc(all, func(r policy.Requirements) bool {
		return slices.ContainsFunc(r, func(a map[string][]string) bool { _, ok := a[scheme]; return ok })
	})
}
