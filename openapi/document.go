package openapi

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// Document edits the OpenAPI document of one API. Its methods are called
// while the API is being built, as huma's own are, except [Document.Policy].
type Document struct {
	oapi    *huma.OpenAPI
	schemes []Scheme
	checks  map[string]bool

	mu       sync.Mutex
	policies map[*huma.Operation]Policy // of operations that went through the hook
	routes   map[string]Policy          // the same, by method and path
}

// NewDocument prepares a document, before the first operation is registered.
// It stays as it is until the first [Document.AddScheme].
func NewDocument(oapi *huma.OpenAPI) (*Document, error) {
	if len(oapi.Paths) > 0 {
		return nil, errors.New("humasess: Attach called after the first operation was registered: attach before, or the operation is neither protected nor documented")
	}
	return &Document{oapi: oapi, checks: map[string]bool{}, policies: map[*huma.Operation]Policy{}, routes: map[string]Policy{}}, nil
}

// AddScheme documents a session type. It refuses a type, key or cookie name
// that the document has already.
func (d *Document) AddScheme(s Scheme) error {
	if len(d.oapi.Paths) > 0 {
		return errors.New("humasess: Attach called after the first operation was registered: attach every manager before")
	}
	for _, other := range d.schemes {
		switch {
		case other.Type == s.Type:
			return fmt.Errorf("humasess: a manager of %v is already attached to this API", s.Type)
		case strings.EqualFold(other.CookieName, s.CookieName):
			return fmt.Errorf("humasess: cookie name %q is taken by another manager on this API: set Options.Cookie.Name", s.CookieName)
		}
	}
	if _, taken := d.oapi.Components.SecuritySchemes[s.Key]; taken {
		return fmt.Errorf("humasess: security scheme %q exists in this API: set Options.SchemeName", s.Key)
	}
	if err := s.clash(d.oapi.Components.Schemas.Map()); err != nil {
		return fmt.Errorf("humasess: %w", err)
	}
	if d.oapi.Components.SecuritySchemes == nil {
		d.oapi.Components.SecuritySchemes = map[string]*huma.SecurityScheme{}
	}
	d.oapi.Components.SecuritySchemes[s.Key] = s.object()
	if s.CSRFHeader != "" {
		if _, taken := d.oapi.Components.SecuritySchemes[s.CSRFKey()]; taken {
			return fmt.Errorf("humasess: security scheme %q exists in this API: set Options.SchemeName", s.CSRFKey())
		}
		d.oapi.Components.SecuritySchemes[s.CSRFKey()] = s.csrfObject()
		d.AddCheck(s.CSRFKey())
	}
	if len(d.schemes) == 0 {
		d.oapi.OnAddOperation = append(d.oapi.OnAddOperation, d.onAddOperation)
	}
	d.schemes = append(d.schemes, s)
	d.oapi.Security = d.global()
	return nil
}

// AddCheck says that somebody checks a scheme that is not ours.
func (d *Document) AddCheck(key string) { d.checks[key] = true }

// global is what operations inherit that say nothing: what the document says,
// and the schemes that are required by default even if it does not any more.
func (d *Document) global() Requirements {
	global := Requirements(d.oapi.Security)
	for _, s := range d.schemes {
		if !s.Default {
			continue
		}
		if global = cloneAll(global); len(global) == 0 {
			global = Requirements{{}}
		}
		for _, alternative := range global {
			alternative[s.Key] = union(alternative[s.Key], nil)
		}
	}
	return global
}

func (d *Document) byType(t reflect.Type) (Scheme, bool) {
	for _, s := range d.schemes {
		if s.Type == t {
			return s, true
		}
	}
	return Scheme{}, false
}

func (d *Document) byKey(key string) (Scheme, bool) {
	for _, s := range d.schemes {
		if s.Key == key {
			return s, true
		}
	}
	return Scheme{}, false
}

func (d *Document) hasCheck(key string) bool { return d.checks[key] }

// onAddOperation writes what the operation declared into it. It panics on a
// contradiction, as huma does on other mistakes in a registration.
func (d *Document) onAddOperation(oapi *huma.OpenAPI, op *huma.Operation) {
	err := d.describe(op)
	if err != nil {
		Seal(oapi.Components.Schemas)
		panic(problem(op.Method, op.Path, op.OperationID, err))
	}
}

func (d *Document) describe(op *huma.Operation) error {
	if err := d.refuseMisplaced(op); err != nil {
		return err
	}
	for _, s := range d.schemes {
		if err := s.clash(d.oapi.Components.Schemas.Map()); err != nil {
			return err
		}
	}
	policy, documented, err := d.declared(op)
	if err != nil {
		return err
	}
	for _, p := range protections(op) {
		if p.Documented != nil {
			*p.Documented = true
		}
	}
	// Groups without a prefix hand over one operation, which then reaches the
	// middleware; all others copy it and look it up by its marker.
	d.mu.Lock()
	d.policies[op] = policy
	d.routes[route(op)] = policy
	d.mu.Unlock()
	if !policy.UsesSessions() {
		return nil
	}
	hadMarker := len(policy.Declarations) > 0
	op.Parameters = withoutMarkers(op.Parameters)
	if documented = d.withCSRF(op, documented); documented != nil {
		op.Security = documented
	}
	describeModifiers(op)
	d.describeResponses(op, policy, hadMarker)
	return nil
}
