package sdk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	verrors "github.com/pb33f/libopenapi-validator/errors"
	"github.com/pb33f/libopenapi-validator/helpers"
)

// holds reports whether the session of a request is active in the credential of a
// scheme, and has all of the roles. The document decides the rest.
type holds func(r *http.Request, scheme string, roles []string) error

// noSession is for requests without a session.
func noSession(*http.Request, string, []string) error { return errors.New("no session") }

// asked returns the answer of the API at that address about the session.
func asked(api string) holds {
	return func(r *http.Request, scheme string, roles []string) error { return ask(api, r, scheme, roles) }
}

// credentials are the headers of the security schemes.
var credentials = map[string]string{"sessionCookie": "Cookie", "sessionBearer": "Authorization"}

func ask(api string, r *http.Request, scheme string, roles []string) error {
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, api+"/me", nil)
	if err != nil {
		return err
	}
	header := credentials[scheme]
	req.Header[header] = r.Header[header]
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	var me struct{ Roles []string }
	if err := json.NewDecoder(res.Body).Decode(&me); err != nil {
		return err
	}
	for _, role := range roles {
		if !slices.Contains(me.Roles, role) {
			return fmt.Errorf("lacks %s", role)
		}
	}
	return nil
}

// kin judges by kin-openapi.
type kin struct {
	router  routers.Router
	options *openapi3filter.Options
}

var _ judge = kin{}

func loadKin(t *testing.T, document []byte) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Errorf("kin-openapi: %v", err)
	}
	doc.Servers = nil // the test serves elsewhere
	return doc
}

func newKin(t *testing.T, document []byte, session holds) kin {
	t.Helper()
	router, err := gorillamux.NewRouter(loadKin(t, document))
	if err != nil {
		t.Fatal(err)
	}
	return kin{router, &openapi3filter.Options{
		IncludeResponseStatus:             true,
		RejectWhenRequestBodyNotSpecified: true,
		AuthenticationFunc: func(_ context.Context, in *openapi3filter.AuthenticationInput) error {
			return session(in.RequestValidationInput.Request, in.SecuritySchemeName, in.Scopes)
		},
	}}
}

func (kin) name() string { return "kin-openapi" }

func (k kin) input(r *http.Request) (*openapi3filter.RequestValidationInput, error) {
	route, params, err := k.router.FindRoute(r)
	return &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: k.options}, err
}

func (k kin) request(r *http.Request) (bool, error) {
	in, err := k.input(r)
	if err != nil {
		return false, err
	}
	err = openapi3filter.ValidateRequest(r.Context(), in)
	if unsatisfied := (*openapi3filter.SecurityRequirementsError)(nil); errors.As(err, &unsatisfied) {
		return false, nil
	}
	return true, err
}

func (k kin) response(r *http.Request, status int, header http.Header, body []byte) error {
	in, err := k.input(r)
	if err != nil {
		return err
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: status, Header: header, Options: k.options}
	return openapi3filter.ValidateResponse(r.Context(), out.SetBodyBytes(body))
}

// pb33f judges by libopenapi-validator.
type pb33f struct{ validator validator.Validator }

var _ judge = pb33f{}

func loadPB33F(t *testing.T, document []byte, options ...config.Option) validator.Validator {
	t.Helper()
	doc, err := libopenapi.NewDocument(document)
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(doc, options...)
	if len(errs) != 0 {
		t.Fatal(errs)
	}
	t.Cleanup(v.Release)
	if _, found := v.ValidateDocument(); len(found) != 0 {
		t.Errorf("libopenapi-validator: %v", join(found))
	}
	return v
}

func newPB33F(t *testing.T, document []byte, session holds) pb33f {
	t.Helper()
	return pb33f{loadPB33F(t, document, config.WithFormatAssertions(), config.WithRejectUndeclaredRequestBody(),
		config.WithAuthenticationFunc(func(_ context.Context, in *config.AuthenticationInput) error {
			return session(in.Request, in.SecuritySchemeName, in.Scopes)
		}))}
}

func (pb33f) name() string { return "libopenapi-validator" }

func (p pb33f) request(r *http.Request) (bool, error) {
	_, found := p.validator.ValidateHttpRequest(r)
	rest := slices.DeleteFunc(slices.Clone(found), func(e *verrors.ValidationError) bool { return e.ValidationType == helpers.SecurityValidation })
	return len(rest) == len(found), join(rest)
}

func (p pb33f) response(r *http.Request, status int, header http.Header, body []byte) error {
	res := &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Request: r}
	_, found := p.validator.ValidateHttpResponse(r, res)
	return join(found)
}

// join makes one error of all that the validator has found, with details.
func join(found []*verrors.ValidationError) error {
	var all []error
	for _, e := range found {
		var details []string
		for _, d := range e.SchemaValidationErrors {
			details = append(details, d.FieldPath+": "+d.Reason)
		}
		all = append(all, fmt.Errorf("%s: %s (%s)", e.Message, e.Reason, strings.Join(details, "; ")))
	}
	return errors.Join(all...)
}
