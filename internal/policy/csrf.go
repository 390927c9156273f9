package policy

import (
	"fmt"

	"github.com/danielgtaylor/huma/v2"
)

const csrfDescription = "CSRF token of the session, in a request that changes something. The response that sets the session cookie carries it in the same header."

// CSRFKey is the key of the scheme's CSRF token, itself a scheme.
func (s Scheme) CSRFKey() string { return s.Key + "CSRF" }

func (s Scheme) csrfObject() *huma.SecurityScheme {
	return &huma.SecurityScheme{Type: "apiKey", In: "header", Name: s.CSRFHeader, Description: csrfDescription}
}

// csrfChecked are the schemes whose requests of the operation carry a token.
func (d *Document) csrfChecked(op *huma.Operation) []Scheme {
	var all []Scheme
	if SafeMethod(op.Method) || CrossSiteAllowed(op) {
		return nil
	}
	for _, s := range d.schemes {
		if s.CSRFHeader != "" {
			all = append(all, s)
		}
	}
	return all
}

// withCSRF adds the tokens to every alternative with their session.
func (d *Document) withCSRF(op *huma.Operation, documented Requirements) Requirements {
	schemes := d.csrfChecked(op)
	if len(schemes) == 0 {
		return documented
	}
	if documented == nil {
		if documented = d.global(); !d.mentionsOurs(documented) {
			return nil // inherits the document's own
		}
	}
	documented = cloneAll(documented)
	for _, alternative := range documented {
		for _, s := range schemes {
			if _, ok := alternative[s.Key]; ok {
				alternative[s.CSRFKey()] = []string{}
			}
		}
	}
	return documented
}

// tokenAlone refuses an alternative with a CSRF token and without its session:
// the token proves nothing by itself, and an operation that names nothing else
// would be open to everybody.
func (d *Document) tokenAlone(alternative map[string][]string) error {
	for _, s := range d.schemes {
		_, token := alternative[s.CSRFKey()]
		if _, session := alternative[s.Key]; token && !session && s.CSRFHeader != "" {
			return fmt.Errorf("security names the CSRF token %q without its session: name %q in the same requirement, "+
				"or embed a session type and leave the token to Options.CSRFHeader", s.CSRFKey(), s.Key)
		}
	}
	return nil
}
