package policy

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

const (
	unauthorizedText = "No valid session: the cookie is missing, unknown, expired or revoked."
	noSessionText    = "No valid session: the cookie or the token is missing, unknown, expired or revoked."
	noCredentials    = "No valid credentials." //nolint:gosec // a text of the document
	limitText        = "The user is signed in as often as is allowed."
)

// describeResponses adds the responses of the core to an operation, except those
// that the program has described. Copies of the operation share the map, so the
// operation gets a new one.
//
// It adds no 503, although the store may fail in any of these operations. The default
// response covers it, so that generated clients have one place for it.
func describeResponses(d *schemes, op *huma.Operation, policy Policy, hadMarker bool) {
	responses := maps.Clone(op.Responses)
	if responses == nil {
		responses = map[string]*huma.Response{}
	}
	if requires(policy) {
		d.addUnauthorized(responses, policy)
	}
	if causes := forbidden(d, op, policy); len(causes) > 0 {
		addResponse(d, responses, http.StatusForbidden, causes)
	}
	if hadMarker && len(op.Parameters) == 0 && op.RequestBody == nil && addedUnprocessable(op) {
		delete(responses, strconv.Itoa(http.StatusUnprocessableEntity))
	}
	describeCredentials(d, op, policy, responses)
	if slices.ContainsFunc(policy.Declarations, func(login Declaration) bool { return limits(d, login) }) {
		addResponse(d, responses, http.StatusConflict, []cause{{text: limitText, problem: ProblemLimit}})
	}
	op.Responses = responses
}

// addUnauthorized adds the 401 with its challenge.
func (d *schemes) addUnauthorized(responses map[string]*huma.Response, policy Policy) {
	problem, text := ProblemNoSession, unauthorizedText
	alternatives := d.alternatives(policy)
	switch {
	case !d.asksSession(policy):
		problem, text = ProblemNoCredentials, noCredentials
	case d.takesToken(policy):
		text = noSessionText
	}
	if d.asksSession(policy) && len(alternatives) > 0 {
		problem = ProblemNoCredentials
		text += " The request has no valid credentials of `" + strings.Join(alternatives, "` or `") + "` either."
	}
	key := strconv.Itoa(http.StatusUnauthorized)
	if responses[key] != nil {
		return
	}
	addResponse(d, responses, http.StatusUnauthorized, []cause{{text: text, problem: problem}})
	if h := d.challengeHeader(policy); h != nil {
		responses[key].Headers = map[string]*huma.Param{FieldChallenge: h}
	}
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

func addResponse(d *schemes, responses map[string]*huma.Response, status int, causes []cause) {
	key := strconv.Itoa(status)
	if responses[key] == nil {
		responses[key] = &huma.Response{Description: causesText(causes), Content: withExamples(errorContent(d), causes)}
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
