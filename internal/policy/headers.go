package policy

import (
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

const (
	setCookieText   = "Sets the session cookie."
	renewCookieText = "Replaces the session cookie if the session has a new token."
	renewTokenText  = "The new bearer token, if the session has one. It replaces the token of the request."                                   //nolint:gosec // a text of the document
	csrfTokenText   = "The CSRF token of the session, with a new session cookie. Requests that change something carry it in the same header." //nolint:gosec // a text of the document
)

// ExampleToken stands for a token in examples. It is valid in a cookie and in the header
// Authorization, and shorter than every token.
const ExampleToken = "example-token"

// describeCredentials describes the headers by which successful responses give the client
// a credential.
func describeCredentials(d *schemes, op *huma.Operation, policy Policy, responses map[string]*huma.Response) {
	for _, s := range d.ours {
		starts := slices.ContainsFunc(policy.Declarations, func(d Declaration) bool { return d.Kind == Login && d.Type == s.Type })
		replaces := renews(op) && d.usedBy(policy, s)
		switch {
		case starts:
			d.addHeader(responses, "Set-Cookie", setCookieText, s.SetCookie)
		case replaces:
			d.addHeader(responses, "Set-Cookie", renewCookieText, s.SetCookie)
		default:
			continue
		}
		if replaces && s.Bearer != nil && d.takesToken(policy) {
			d.addHeader(responses, "Session-Token", renewTokenText, s.Bearer.Prefix+ExampleToken)
		}
		if s.CSRFHeader != "" {
			d.addHeader(responses, s.CSRFHeader, csrfTokenText, ExampleToken)
		}
	}
}

// usedBy reports whether the operation has a session of the scheme.
func (d *schemes) usedBy(p Policy, s Scheme) bool {
	return hasType(p.Declarations, s.Type) || slices.ContainsFunc(p.Requirements, func(r Requirements) bool { return mentionsAny(r, s.keys()) })
}

// takesToken reports whether a bearer token can open a session of the operation.
func (d *schemes) takesToken(p Policy) bool {
	return slices.ContainsFunc(d.ours, func(s Scheme) bool {
		return s.Bearer != nil && slices.ContainsFunc(p.Requirements, func(r Requirements) bool { return mentions(r, s.Bearer.Key) })
	})
}

// addHeader describes a header with a credential on every successful response that does
// not have one of this name. The header is a string, because generators split an array
// at the comma of Expires. It is not required, because some generated clients fail a
// call without it.
//
// An answer with a bearer token in its body has no such header.
func (d *schemes) addHeader(responses map[string]*huma.Response, name, text, example string) {
	header := &huma.Header{Description: text, Schema: &huma.Schema{Type: huma.TypeString}}
	if example != "" {
		header.Example = example
	}
	for code, response := range responses {
		if !isSuccess(code) || response.Headers[name] != nil || hasBearerToken(response, d.oapi.Components.Schemas) {
			continue
		}
		described := *response
		described.Headers = maps.Clone(response.Headers)
		if described.Headers == nil {
			described.Headers = map[string]*huma.Param{}
		}
		shown := *header
		described.Headers[name] = &shown
		responses[code] = &described
	}
}
