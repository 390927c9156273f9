package policy

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// FieldChallenge is the header of a 401 that says how to authenticate (RFC 9110
// § 11.6.1). A 401 has one line of it for each scheme.
const FieldChallenge = "WWW-Authenticate"

// SessionChallenge asks for a session. Browsers do not show a prompt for its scheme.
const SessionChallenge = `Cookie realm="session"`

const challengeText = "Schemes by which the client can authenticate (RFC 9110 § 11.6.1), each in a line of its own."

// Challenge returns the challenge of a scheme of the program, which is nil if the
// document does not have it. HTTP has no name for keys and certificates. For them, it
// is the type in the document.
func Challenge(s *huma.SecurityScheme) string {
	switch {
	case s == nil:
		return "Credentials"
	case s.Type == typeHTTP && strings.EqualFold(s.Scheme, "basic"):
		return `Basic realm="api"` // Basic requires a realm (RFC 7617 § 2)
	case s.Type == typeHTTP:
		return http.CanonicalHeaderKey(s.Scheme)
	}
	return s.Type
}

// challengeHeader describes the header of a 401. It is nil if the operation accepts
// only schemes that no manager checks. Its example is the first line of the answer.
func (d *schemes) challengeHeader(p Policy) *huma.Header {
	h := &huma.Header{Description: challengeText, Schema: &huma.Schema{Type: huma.TypeString}}
	others := d.others(p, func(map[string][]string) bool { return true })
	switch {
	case d.asksSession(p):
		h.Example = SessionChallenge
	case len(others) > 0:
		h.Example = Challenge(d.oapi.Components.SecuritySchemes[others[0]])
	default:
		return nil
	}
	return h
}

// asksSession reports whether a session of ours counts for the operation.
func (d *schemes) asksSession(p Policy) bool {
	return len(p.Declarations) > 0 || slices.ContainsFunc(p.Requirements, d.mentionsOurs)
}

// alternatives returns the keys of the program's schemes that suffice without a session.
func (d *schemes) alternatives(p Policy) []string {
	return d.others(p, func(alternative map[string][]string) bool {
		return !slices.ContainsFunc(slices.Collect(maps.Keys(alternative)), func(key string) bool {
			_, ours := d.byKey(key)
			return ours
		})
	})
}

// others returns the keys of the program's schemes in those alternatives that count.
func (d *schemes) others(p Policy, counts func(alternative map[string][]string) bool) []string {
	var keys []string
	for _, r := range p.Requirements {
		for _, alternative := range r {
			if !counts(alternative) {
				continue
			}
			for _, key := range slices.Sorted(maps.Keys(alternative)) {
				if _, ours := d.byKey(key); !ours && d.hasCheck(key) && !d.isCSRF(key) {
					keys = union(keys, []string{key})
				}
			}
		}
	}
	return keys
}

func (d *schemes) isCSRF(key string) bool {
	return slices.ContainsFunc(d.ours, func(s Scheme) bool { return s.CSRFHeader != "" && s.CSRFKey() == key })
}
