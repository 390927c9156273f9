package gate

import (
	"net/http"
	"strings"

	"github.com/humasess/sessions/humasess/internal/response"
)

// rulesNow returns the rules of a response that begins now. cookie says whether it
// sets a cookie of a session.
func (r *Request) rulesNow(cookie bool) response.Rules {
	return response.Rules{
		Vary:    r.entry.vary,
		Private: cookie || r.proved || r.anyActive() || r.admitted && r.presents(),
		Cookie:  cookie,
	}
}

// presents reports whether the client has sent a credential for a scheme of the
// program. If the scheme is optional, its check is not called, so the handler can
// check the credential itself.
func (r *Request) presents() bool {
	for _, name := range r.entry.vary {
		if name != "Cookie" && r.scope.humaContext.Header(name) != "" {
			return true
		}
	}
	return false
}

// vary names the request headers that may bring a user to an operation: Cookie
// for sessions, and those of the schemes that Options.Schemes check.
func (g *Gate) vary(e *entry) []string {
	var names []string
	add := func(name string) {
		if !response.ContainsToken(strings.Join(names, ","), name) {
			names = append(names, name)
		}
	}
	if len(e.sessions) > 0 {
		add("Cookie")
	}
	for _, key := range g.checkedSchemes(e.policy.Requirements) {
		switch s := g.api.OpenAPI().Components.SecuritySchemes[key]; {
		case s == nil:
		case s.Type == "apiKey" && s.In == "header":
			add(http.CanonicalHeaderKey(s.Name))
		case s.Type == "apiKey" && s.In == "cookie":
			add("Cookie")
		case s.Type == typeHTTP, s.Type == "oauth2", s.Type == "openIdConnect":
			add("Authorization")
		}
	}
	return names
}
