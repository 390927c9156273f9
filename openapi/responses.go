package openapi

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
	noCredentials    = "No valid credentials." //nolint:gosec // a text of the document
	crossOriginText  = "Sent by a page of another origin."
	guardText        = "The session is not allowed to do this."
	limitText        = "The user is signed in as often as is allowed."
	setCookieText    = "Sets the session cookie."
)

// describeResponses adds the answers that the policy can give, unless the
// user has described them. The map is shared by copies of the operation, so
// the operation gets a new one.
func (d *Document) describeResponses(op *huma.Operation, policy Policy, hadMarker bool) {
	responses := maps.Clone(op.Responses)
	if responses == nil {
		responses = map[string]*huma.Response{}
	}
	if requires(policy) {
		text := noCredentials
		if len(policy.Declarations) > 0 || slices.ContainsFunc(policy.Requirements, d.mentionsOurs) {
			text = unauthorizedText
		}
		d.add(responses, http.StatusUnauthorized, text)
	}
	if text := d.forbiddenText(op, policy); text != "" {
		d.add(responses, http.StatusForbidden, text)
	}
	if hadMarker && len(op.Parameters) == 0 && op.RequestBody == nil && addedUnprocessable(op) {
		delete(responses, strconv.Itoa(http.StatusUnprocessableEntity))
	}
	if slices.ContainsFunc(policy.Declarations, func(d Declaration) bool { return d.Kind == Login }) {
		setCookieHeader(responses)
	}
	if slices.ContainsFunc(policy.Declarations, d.limits) {
		d.add(responses, http.StatusConflict, limitText)
	}
	op.Responses = responses
}

// limits reports whether a login may be refused for the number of sessions.
func (d *Document) limits(login Declaration) bool {
	return login.Kind == Login && slices.ContainsFunc(d.schemes, func(s Scheme) bool { return s.Type == login.Type && s.Limited })
}

// addedUnprocessable reports whether huma has added a 422 for the marker: it
// appends one to the errors that the user has listed, whatever they are.
func addedUnprocessable(op *huma.Operation) bool {
	n := 0
	for _, status := range op.Errors {
		if status == http.StatusUnprocessableEntity {
			n++
		}
	}
	return n == 1
}

// requires reports whether a request without a session can be refused.
func requires(p Policy) bool {
	return slices.ContainsFunc(p.Requirements, func(r Requirements) bool {
		return len(r) > 0 && !slices.ContainsFunc(r, func(a map[string][]string) bool { return len(a) == 0 })
	})
}

// forbiddenText describes the 403 of an operation, "" when it has none.
func (d *Document) forbiddenText(op *huma.Operation, p Policy) string {
	var parts []string
	if roles := d.requiredRoles(p); len(roles) > 0 {
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
	for _, s := range d.csrfChecked(op) {
		if mentions(op.Security, s.CSRFKey()) {
			parts = append(parts, fmt.Sprintf("Without the session's CSRF token in `%s`.", s.CSRFHeader))
		}
	}
	isolated := slices.ContainsFunc(d.schemes, func(s Scheme) bool { return s.Isolated })
	if (isolated || !SafeMethod(op.Method)) && !CrossSiteAllowed(op) {
		parts = append(parts, crossOriginText)
	}
	return strings.Join(parts, " ")
}

// freshest is the shortest time within which users must have authenticated, 0
// if it does not matter.
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

// proofText describes the 403 that asks the user to authenticate again, ""
// when nothing does.
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

// requiredRoles are those of sessions. The scopes of other schemes are for
// their checks, which answer 401.
func (d *Document) requiredRoles(p Policy) []string {
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

// SafeMethod reports whether requests of the method are exempt from the
// cross-origin check, as in [http.CrossOriginProtection].
func SafeMethod(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

func (d *Document) add(responses map[string]*huma.Response, status int, text string) {
	key := strconv.Itoa(status)
	if responses[key] == nil {
		responses[key] = &huma.Response{Description: text, Content: d.errorContent()}
	}
}

// errorContent describes the error model that huma.NewError makes, which a
// program may replace.
func (d *Document) errorContent() map[string]*huma.MediaType {
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

// setCookieHeader describes the cookie on every successful response: as a
// string, because generators split an array at the comma of Expires, and not
// required, because some fail a call without it.
func setCookieHeader(responses map[string]*huma.Response) {
	for key, response := range responses {
		if !strings.HasPrefix(key, "2") && !strings.HasPrefix(key, "3") {
			continue
		}
		described := *response
		described.Headers = maps.Clone(response.Headers)
		if described.Headers == nil {
			described.Headers = map[string]*huma.Param{}
		}
		if described.Headers["Set-Cookie"] == nil {
			described.Headers["Set-Cookie"] = &huma.Header{
				Description: setCookieText,
				Schema:      &huma.Schema{Type: huma.TypeString},
			}
		}
		responses[key] = &described
	}
}
