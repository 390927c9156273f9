package humasess

import (
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/openapi"
)

// checking returns the managers whose Options.SchemeChecks the requirements
// name.
func (g *gate) checking(all []openapi.Requirements) []manager {
	var managers []manager
	for _, key := range slices.Sorted(maps.Keys(g.checkers)) {
		if m := g.checkers[key]; mentioned(all, key) && !slices.Contains(managers, m) {
			managers = append(managers, m)
		}
	}
	return managers
}

// schemesHold checks the schemes of an operation that uses no session, and
// answers when they do not hold. The response is the handler's alone: there is
// no session whose cookie or data it could depend on.
func (g *gate) schemesHold(ctx huma.Context, e *entry) bool {
	for _, alternatives := range e.demands {
		if slices.ContainsFunc(alternatives, func(a map[string][]string) bool { return g.holds(ctx, a) }) {
			continue
		}
		ctx.SetHeader("WWW-Authenticate", g.challenge(alternatives))
		writeProblem(g.api, ctx, answerNoCredentials.model(ctx))
		return false
	}
	return true
}

func (g *gate) holds(ctx huma.Context, alternative map[string][]string) bool {
	for scheme, scopes := range alternative {
		if check := g.checks[scheme]; check == nil || check(ctx, scopes) != nil {
			return false
		}
	}
	return true
}

// challenge names a scheme that would do (RFC 9110 § 11.6.1). HTTP has no name
// for keys and certificates; there, it is the type that the document states.
func (g *gate) challenge(alternatives openapi.Requirements) string {
	for _, alternative := range alternatives {
		for _, key := range slices.Sorted(maps.Keys(alternative)) {
			switch s := g.api.OpenAPI().Components.SecuritySchemes[key]; {
			case s == nil:
			case s.Type == "http":
				return http.CanonicalHeaderKey(s.Scheme)
			default:
				return s.Type
			}
		}
	}
	return "Credentials"
}
