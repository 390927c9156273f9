package gate

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

// typeHTTP is the type of security schemes that use the header Authorization.
const typeHTTP = "http"

// checking returns the managers whose Options.Schemes the requirements
// name.
func (g *Gate) checking(all []policy.Requirements) []Manager {
	var managers []Manager
	for _, key := range g.checkedSchemes(all) {
		if m := g.checkers[key]; !slices.Contains(managers, m) {
			managers = append(managers, m)
		}
	}
	return managers
}

// checkedSchemes returns the schemes among the requirements that
// Options.Schemes check.
func (g *Gate) checkedSchemes(all []policy.Requirements) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(g.checkers)), func(key string) bool { return !mentioned(all, key) })
}

// schemesHold checks the schemes of an operation that uses no session. It writes the
// answer if the request does not satisfy them.
func (g *Gate) schemesHold(ctx huma.Context, e *entry) bool {
	for _, alternatives := range e.demands {
		if slices.ContainsFunc(alternatives, func(a map[string][]string) bool { return g.holds(ctx, a) }) {
			continue
		}
		if len(e.vary) > 0 {
			ctx.AppendHeader("Vary", strings.Join(e.vary, ", "))
		}
		ctx.SetHeader("WWW-Authenticate", g.challenge(alternatives))
		writeProblem(g.api, ctx, answerNoCredentials.model(ctx))
		return false
	}
	return true
}

func (g *Gate) holds(ctx huma.Context, alternative map[string][]string) bool {
	for scheme, scopes := range alternative {
		if check := g.checks[scheme]; check == nil || check(ctx, scopes) != nil {
			return false
		}
	}
	return true
}

// challenge names a scheme that the client could use (RFC 9110 § 11.6.1). HTTP has no
// name for keys and certificates. For them, it is the type in the document.
func (g *Gate) challenge(alternatives policy.Requirements) string {
	for _, alternative := range alternatives {
		for _, key := range slices.Sorted(maps.Keys(alternative)) {
			switch s := g.api.OpenAPI().Components.SecuritySchemes[key]; {
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
