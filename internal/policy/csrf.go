package policy

import "github.com/danielgtaylor/huma/v2"

// csrfChecked returns the schemes whose CSRF token requests of the operation
// must carry.
func csrfChecked(d *schemes, op *huma.Operation) []Scheme {
	var all []Scheme
	if SafeMethod(op.Method) || CrossSiteAllowed(op) {
		return nil
	}
	for _, s := range d.ours {
		if s.CSRFHeader != "" {
			all = append(all, s)
		}
	}
	return all
}

// withCSRF adds the CSRF tokens to every alternative that names their session.
func withCSRF(d *schemes, op *huma.Operation, documented Requirements) Requirements {
	checked := csrfChecked(d, op)
	if len(checked) == 0 {
		return documented
	}
	if documented == nil {
		if documented = d.global(); !d.mentionsOurs(documented) {
			return nil // inherits the document's own
		}
	}
	documented = cloneAll(documented)
	for _, alternative := range documented {
		for _, s := range checked {
			if _, ok := alternative[s.Key]; ok {
				alternative[s.CSRFKey()] = []string{}
			}
		}
	}
	return documented
}
