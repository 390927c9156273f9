package policy

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

const (
	unauthorizedText = "No valid session: the cookie is missing, unknown, expired or revoked."
	noSessionText    = "No valid session: the cookie or the token is missing, unknown, expired or revoked."
	noCredentials    = "No valid credentials." //nolint:gosec // a text of the document
	crossOriginText  = "Sent by a page of another origin."
	guardText        = "The session is not allowed to do this."
	limitText        = "The user is signed in as often as is allowed."
	setCookieText    = "Sets the session cookie."
	renewCookieText  = "Replaces the session cookie if the session has a new token."
	renewTokenText   = "The new bearer token, if the session has one. It replaces the token of the request." //nolint:gosec // a text of the document
)

// describeResponses adds the responses of the core to an operation, except those
// that the program has described. Copies of the operation share the map, so the
// operation gets a new one.
func describeResponses(d *schemes, op *huma.Operation, policy Policy, hadMarker bool) {
	responses := maps.Clone(op.Responses)
	if responses == nil {
		responses = map[string]*huma.Response{}
	}
	if requires(policy) {
		text := noCredentials
		if len(policy.Declarations) > 0 || slices.ContainsFunc(policy.Requirements, d.mentionsOurs) {
			text = unauthorizedText
		}
		if d.takesToken(policy) {
			text = noSessionText
		}
		addResponse(d, responses, http.StatusUnauthorized, text)
	}
	if text := forbiddenText(d, op, policy); text != "" {
		addResponse(d, responses, http.StatusForbidden, text)
	}
	if hadMarker && len(op.Parameters) == 0 && op.RequestBody == nil && addedUnprocessable(op) {
		delete(responses, strconv.Itoa(http.StatusUnprocessableEntity))
	}
	if slices.ContainsFunc(policy.Declarations, func(d Declaration) bool { return d.Kind == Login }) {
		d.addHeader(responses, "Set-Cookie", setCookieText)
	}
	if renews(op) {
		d.addHeader(responses, "Set-Cookie", renewCookieText)
		if d.takesToken(policy) {
			d.addHeader(responses, "Session-Token", renewTokenText)
		}
	}
	if slices.ContainsFunc(policy.Declarations, func(login Declaration) bool { return limits(d, login) }) {
		addResponse(d, responses, http.StatusConflict, limitText)
	}
	op.Responses = responses
}

// limits reports whether the core may refuse a login because the user has too
// many sessions.
func limits(d *schemes, login Declaration) bool {
	return login.Kind == Login && slices.ContainsFunc(d.ours, func(s Scheme) bool { return s.Type == login.Type && s.Limited })
}

// addedUnprocessable reports whether huma has added the 422, for the marker. huma
// appends a 422 to the errors of every operation with a parameter, so a second
// one is the program's.
func addedUnprocessable(op *huma.Operation) bool {
	n := 0
	for _, status := range op.Errors {
		if status == http.StatusUnprocessableEntity {
			n++
		}
	}
	return n == 1
}

// requires reports whether the core can refuse a request for its lack of
// credentials.
func requires(p Policy) bool {
	return slices.ContainsFunc(p.Requirements, func(r Requirements) bool {
		return len(r) > 0 && !slices.ContainsFunc(r, func(a map[string][]string) bool { return len(a) == 0 })
	})
}

// forbiddenText returns the description of the operation's 403, or "" when the
// core never answers 403.
func forbiddenText(d *schemes, op *huma.Operation, p Policy) string {
	var parts []string
	if roles := requiredRoles(d, p); len(roles) > 0 {
		noun := "role"
		if len(roles) > 1 {
			noun = "roles"
		}
		parts = append(parts, fmt.Sprintf("The session lacks the required %s: `%s`.", noun, strings.Join(roles, "`, `")))
	}
	if text := proofText(p); text != "" {
		parts = append(parts, text)
	}
	if slices.ContainsFunc(p.Declarations, func(d Declaration) bool { return d.Kind == Guarded && d.Guard != nil }) {
		parts = append(parts, guardText)
	}
	for _, s := range csrfChecked(d, op) {
		if mentions(op.Security, s.CSRFKey()) {
			parts = append(parts, fmt.Sprintf("Without the session's CSRF token in `%s`.", s.CSRFHeader))
		}
	}
	isolated := slices.ContainsFunc(d.ours, func(s Scheme) bool { return s.Isolated })
	if (isolated || !SafeMethod(op.Method)) && !CrossSiteAllowed(op) {
		parts = append(parts, crossOriginText)
	}
	return strings.Join(parts, " ")
}

// freshest returns the shortest time within which users must have authenticated,
// or 0 if the policy does not limit it.
func freshest(p Policy) time.Duration {
	var shortest time.Duration
	consider := func(d time.Duration) {
		if d > 0 && (shortest == 0 || d < shortest) {
			shortest = d
		}
	}
	for _, declared := range p.Declarations {
		consider(declared.Fresh)
	}
	for _, d := range p.Fresh {
		consider(d)
	}
	return shortest
}

// proofText returns the description of the 403 that asks the user to authenticate
// again, or "" when the policy never asks.
func proofText(p Policy) string {
	var methods []string
	for _, declared := range p.Declarations {
		methods = union(methods, declared.Methods)
	}
	within := freshest(p)
	if len(methods) == 0 && within == 0 {
		return ""
	}
	text := "`reauthentication-required`: the user has not authenticated"
	if len(methods) > 0 {
		text += " by `" + strings.Join(methods, "` and `") + "`"
	}
	if within > 0 {
		text += fmt.Sprintf(" within %v", within)
	}
	return text + "."
}

// requiredRoles returns the roles that sessions must have. It leaves out the
// scopes of other schemes, because their checks answer 401.
func requiredRoles(d *schemes, p Policy) []string {
	var roles []string
	for _, r := range p.Requirements {
		for _, alternative := range r {
			for _, scheme := range slices.Sorted(maps.Keys(alternative)) {
				if _, ours := d.byKey(scheme); ours {
					roles = union(roles, alternative[scheme])
				}
			}
		}
	}
	return roles
}

func addResponse(d *schemes, responses map[string]*huma.Response, status int, text string) {
	key := strconv.Itoa(status)
	if responses[key] == nil {
		responses[key] = &huma.Response{Description: text, Content: errorContent(d)}
	}
}

// errorContent describes the error model of [huma.NewError]. A program may have
// replaced that function.
func errorContent(d *schemes) map[string]*huma.MediaType {
	example := huma.NewError(0, "")
	contentType := "application/json"
	if f, ok := example.(huma.ContentTypeFilter); ok {
		contentType = f.ContentType(contentType)
	}
	t := reflect.TypeOf(example)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	schema := d.oapi.Components.Schemas.Schema(t, true, t.Name()+"Error")
	return map[string]*huma.MediaType{contentType: {Schema: schema}}
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
func (d *schemes) addHeader(responses map[string]*huma.Response, name, text string) {
	for code, response := range responses {
		if !isSuccess(code) || response.Headers[name] != nil || hasBearerToken(response, d.oapi.Components.Schemas) {
			continue
		}
		described := *response
		described.Headers = maps.Clone(response.Headers)
		if described.Headers == nil {
			described.Headers = map[string]*huma.Param{}
		}
		described.Headers[name] = &huma.Header{Description: text, Schema: &huma.Schema{Type: huma.TypeString}}
		responses[code] = &described
	}
}
