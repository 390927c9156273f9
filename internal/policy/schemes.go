package policy

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// schemes are the security schemes of one document: those of its session types,
// and those of the program that a manager checks.
type schemes struct {
	oapi   *huma.OpenAPI
	ours   []Scheme
	checks map[string]string // the session whose user a scheme of the program brings, by key; "" for a CSRF token
}

// add documents a session type. It refuses a type, key or cookie name that the
// document already has.
func (d *schemes) add(s Scheme) error {
	for _, other := range d.ours {
		switch {
		case other.Type == s.Type:
			return fmt.Errorf("humasess: a manager of %v is already attached to this API", s.Type)
		case s.sharedCookie(other) != "":
			return fmt.Errorf("humasess: cookie name %q belongs to another manager on this API, now or as a former name: "+
				"set Options.Cookie.Name, and name no cookie of another manager in Options.Cookie.Former", s.sharedCookie(other))
		}
	}
	for _, key := range s.keys() {
		if _, taken := d.oapi.Components.SecuritySchemes[key]; taken {
			return fmt.Errorf("humasess: security scheme %q exists in this API: set Options.%s", key, s.option(key))
		}
	}
	if s.CSRFHeader != "" {
		_, taken := d.oapi.Components.SecuritySchemes[s.CSRFKey()]
		if taken || slices.Contains(s.keys(), s.CSRFKey()) {
			return fmt.Errorf("humasess: security scheme %q exists in this API: set Options.SchemeName", s.CSRFKey())
		}
	}
	if err := s.clash(d.oapi.Components.Schemas.Map()); err != nil {
		return fmt.Errorf("humasess: %w", err)
	}
	if d.oapi.Components.SecuritySchemes == nil {
		d.oapi.Components.SecuritySchemes = map[string]*huma.SecurityScheme{}
	}
	d.oapi.Components.SecuritySchemes[s.Key] = s.object()
	if s.Bearer != nil {
		d.oapi.Components.SecuritySchemes[s.Bearer.Key] = s.Bearer.object()
	}
	if s.CSRFHeader != "" {
		d.oapi.Components.SecuritySchemes[s.CSRFKey()] = s.csrfObject()
		d.checks[s.CSRFKey()] = ""
	}
	d.ours = append(d.ours, s)
	d.oapi.Security = d.global()
	return nil
}

// global returns the requirement that operations inherit when they declare nothing.
// It is the requirement of the document, with all default schemes. These count even
// if a program has removed them from the document.
func (d *schemes) global() Requirements {
	global := Requirements(d.oapi.Security)
	for _, s := range d.ours {
		if !s.Default {
			continue
		}
		if global = cloneAll(global); len(global) == 0 {
			global = Requirements{{}}
		}
		for _, alternative := range global {
			key := s.carriedBy(alternative)
			alternative[key] = union(alternative[key], nil)
		}
	}
	return d.withBearer(global)
}

// withBearer adds an alternative with the token to each one that names a single session,
// with the same roles. An alternative with two sessions needs two credentials, and a
// request has only one header Authorization. For the same reason an alternative with a
// scheme of the program in that header gets none.
//
// It leaves out alternatives that no request can satisfy, unless no other is left.
func (d *schemes) withBearer(all Requirements) Requirements {
	if all == nil {
		return nil
	}
	result := make(Requirements, 0, 2*len(all))
	for _, alternative := range all {
		result = append(result, alternative)
		if s, only := d.onlySession(alternative); only && s.Bearer != nil {
			other := maps.Clone(alternative)
			other[s.Bearer.Key] = union(alternative[s.Key], nil)
			delete(other, s.Key)
			if s.CSRFHeader != "" {
				delete(other, s.CSRFKey())
			}
			result = append(result, other)
		}
	}
	if !d.impossible(result) {
		result = slices.DeleteFunc(result, d.overdetermined)
	}
	return tidy(result)
}

// onlySession returns the session that an alternative names by its cookie, if it names
// no other and no other credential in the header Authorization.
func (d *schemes) onlySession(alternative map[string][]string) (Scheme, bool) {
	var only Scheme
	n, cookie := 0, false
	for key := range alternative {
		if s, ours := d.byKey(key); ours {
			only, cookie = s, key == s.Key
			n++
		} else if UsesAuthorization(d.oapi.Components.SecuritySchemes[key]) {
			return Scheme{}, false
		}
	}
	return only, n == 1 && cookie
}

// UsesAuthorization reports whether requests carry the credential of a scheme in the
// header Authorization.
func UsesAuthorization(s *huma.SecurityScheme) bool {
	return s != nil && (s.Type == "http" || s.Type == "oauth2" || s.Type == "openIdConnect")
}

// overdetermined reports whether an alternative names a token and another session, or
// the cookie of the same one. A request with a token is judged by the token alone.
func (d *schemes) overdetermined(alternative map[string][]string) bool {
	n, token := 0, false
	for key := range alternative {
		if s, ours := d.byKey(key); ours {
			token = token || key != s.Key
			n++
		}
	}
	return token && n > 1
}

// impossible reports whether requirements have no alternative that a request could
// satisfy.
func (d *schemes) impossible(all Requirements) bool {
	return len(all) > 0 && !slices.ContainsFunc(all, func(alternative map[string][]string) bool { return !d.overdetermined(alternative) })
}

func (d *schemes) byType(t reflect.Type) (Scheme, bool) {
	for _, s := range d.ours {
		if s.Type == t {
			return s, true
		}
	}
	return Scheme{}, false
}

func (d *schemes) byKey(key string) (Scheme, bool) {
	for _, s := range d.ours {
		if slices.Contains(s.keys(), key) {
			return s, true
		}
	}
	return Scheme{}, false
}

func (d *schemes) hasCheck(key string) bool {
	_, ok := d.checks[key]
	return ok
}

// undescribed reports whether a scheme of the program has a check, but no entry in the
// document. Only the entry tells the header of the credential. Without it, caches would
// not learn the header, and a cookie would count beside the credential.
func (d *schemes) undescribed(key string) bool {
	return d.checks[key] != "" && d.oapi.Components.SecuritySchemes[key] == nil
}

// brings reports whether a scheme of the program in the alternative brings the user of a
// session, so that the alternative needs no such session.
func (d *schemes) brings(alternative map[string][]string, s Scheme) bool {
	for key := range alternative {
		if session, ok := d.checks[key]; ok && session == s.Key {
			return true
		}
	}
	return false
}

// withAccepted adds an alternative with each scheme that a manager accepts everywhere to
// the requirement of an operation that its session alone satisfies.
func (d *schemes) withAccepted(all Requirements, refuses func(s Scheme, roles []string) bool) Requirements {
	var more Requirements
	for _, alternative := range all {
		s, only := d.onlySession(alternative)
		if !only || len(alternative) > 1 || refuses(s, alternative[s.Key]) {
			continue
		}
		for _, key := range s.Accepts {
			more = append(more, map[string][]string{key: {}})
		}
	}
	if len(more) == 0 {
		return all
	}
	return tidy(append(cloneAll(all), more...))
}

// noClash returns an error when a schema has got the name of a scheme meanwhile.
func (d *schemes) noClash() error {
	for _, s := range d.ours {
		if err := s.clash(d.oapi.Components.Schemas.Map()); err != nil {
			return err
		}
	}
	return nil
}

func (d *schemes) mentionsOurs(all Requirements) bool {
	return slices.ContainsFunc(d.ours, func(s Scheme) bool {
		return mentionsAny(all, s.keys()) || s.CSRFHeader != "" && mentions(all, s.CSRFKey())
	})
}

// concerns reports whether a manager has anything to check.
func (d *schemes) concerns(all Requirements) bool {
	return d.mentionsOurs(all) || slices.ContainsFunc(all, func(alternative map[string][]string) bool {
		for key := range alternative {
			if d.hasCheck(key) {
				return true
			}
		}
		return false
	})
}

// checkable refuses requirements that no request can satisfy.
func (d *schemes) checkable(all Requirements) error {
	if d.impossible(all) {
		return fmt.Errorf("security names a bearer token and another session in one requirement, %v: a request with a token is judged by the token alone, "+
			"so name each session in a requirement of its own", all[0])
	}
	for _, alternative := range all {
		if err := d.tokenAlone(alternative); err != nil {
			return err
		}
		for key, roles := range alternative {
			s, ours := d.byKey(key)
			switch {
			case ours && len(roles) > 0 && !s.HasRoles:
				return errNoRoles(roles)
			case d.undescribed(key):
				return fmt.Errorf("security names scheme %q of Options.Schemes, but the document does not describe it, so the header of its credential is unknown: "+
					"add %q to components.securitySchemes before registering operations", key, key)
			case ours || d.hasCheck(key):
			case d.oapi.Components.SecuritySchemes[key] == nil:
				return fmt.Errorf("security names the unknown scheme %q: add it to components.securitySchemes, and its check to Options.Schemes", key)
			default:
				return fmt.Errorf("security names scheme %q beside a session or a checked scheme, but no manager checks it: add its check to Options.Schemes", key)
			}
		}
	}
	return nil
}

// tokenAlone refuses an alternative with a CSRF token and without its session.
// The token proves nothing by itself, so an operation that names nothing else
// would be open to every client.
func (d *schemes) tokenAlone(alternative map[string][]string) error {
	for _, s := range d.ours {
		_, token := alternative[s.CSRFKey()]
		if _, session := alternative[s.Key]; token && !session && s.CSRFHeader != "" {
			return fmt.Errorf("security names the CSRF token %q without its session: name %q in the same requirement, "+
				"or embed a session type and leave the token to Options.CSRFHeader", s.CSRFKey(), s.Key)
		}
	}
	return nil
}

func errNoRoles(roles []string) error {
	return fmt.Errorf("requires roles %q, but the sessions do not have roles: set Options.Roles", roles)
}
