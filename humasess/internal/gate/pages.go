package gate

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess/internal/localpath"
)

// Page says how requests of a browser are answered that do not get in. The public type
// documents the fields.
type Page struct {
	Require        bool
	Roles          []string
	LoginURL       string
	AllowCrossSite []string
	Error          func(w http.ResponseWriter, r *http.Request, status int, err error)
	Route          func(r *http.Request) string
}

// complete returns a copy that shares nothing with the program, or an error.
func (p *Page) complete() (*Page, error) {
	var c Page
	if p != nil {
		c = *p
	}
	p = &c
	p.Roles, p.AllowCrossSite = slices.Clone(p.Roles), slices.Clone(p.AllowCrossSite)
	p.Require = p.Require || len(p.Roles) > 0
	if p.LoginURL != "" && (!localpath.Is(p.LoginURL) || strings.Contains(p.LoginURL, "#")) {
		return nil, fmt.Errorf("LoginURL %q is not a local path", p.LoginURL)
	}
	for _, s := range p.AllowCrossSite {
		method, path, _ := strings.Cut(s, " ")
		if method == "" || method != strings.ToUpper(method) || !localpath.Is(path) || strings.ContainsAny(path, "?#{}") {
			return nil, fmt.Errorf("AllowCrossSite %q is not a method and an exact path", s)
		}
	}
	return p, nil
}

// Both exemptions compare the path as it is escaped. A router may choose the route by
// that form, so another spelling of an exempt path may lead to another handler.

// signsIn reports whether a path is that of the sign-in page, which needs no session.
func (p *Page) signsIn(escaped string) bool {
	at, _, _ := strings.Cut(p.LoginURL, "?")
	return at != "" && at == escaped
}

// allows reports whether the request is exempt from the cross-origin check.
func (p *Page) allows(r *http.Request) bool {
	return slices.Contains(p.AllowCrossSite, r.Method+" "+r.URL.EscapedPath())
}

// route is for events and logs. A path has no limit to its values, so it does not
// stand for a route that is not known.
func (p *Page) route(r *http.Request) string {
	route := r.Pattern
	if p.Route != nil {
		route = p.Route(r)
	}
	switch {
	case route == "":
		return r.Method
	case strings.HasPrefix(route, r.Method+" "):
		return route
	}
	return r.Method + " " + route
}

// refuse answers a request that does not get in. It reports false if the program has
// no answer of its own.
func (p *Page) refuse(ctx huma.Context, model huma.StatusError, cause error) bool {
	r, w := humago.Unwrap(ctx)
	if p.LoginURL != "" && model.GetStatus() == http.StatusUnauthorized && !p.signsIn(r.URL.EscapedPath()) {
		switch {
		case r.Header.Get("Hx-Request") == "true":
			w.Header().Set("Hx-Redirect", p.signIn(askedWithHTMX(r)))
			w.Header().Set("Cache-Control", "no-store")
		case (r.Method == http.MethodGet || r.Method == http.MethodHead) && navigates(r.Header):
			w.Header().Del(fieldChallenge)
			w.Header().Set("Cache-Control", "no-store")
			http.Redirect(w, r, p.signIn(asked(r)), http.StatusSeeOther) //nolint:gosec // the path is LoginURL, and the rest is escaped
			return true
		}
	}
	if p.Error == nil {
		return false
	}
	status := model.GetStatus()
	own := &pageWriter{ResponseWriter: w, status: status}
	p.Error(own, r, status, pageError(model, cause))
	if !own.wrote {
		w.WriteHeader(status)
	}
	return true
}

// signIn returns the address of the sign-in page, from which the user returns.
func (p *Page) signIn(returnTo string) string {
	path, _, _ := strings.Cut(returnTo, "?")
	if !localpath.Is(returnTo) || p.signsIn(path) {
		return p.LoginURL
	}
	separator := "?"
	if strings.Contains(p.LoginURL, "?") {
		separator = "&"
	}
	return p.LoginURL + separator + "return_to=" + url.QueryEscape(returnTo)
}

// navigates reports whether the browser shows the answer as a page. Browsers that do not
// send Fetch Metadata, as on plain http, ask for HTML.
func navigates(h http.Header) bool {
	if mode := h.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return strings.Contains(h.Get("Accept"), "text/html")
}

// asked returns the path and the query as the browser has sent them, before middleware
// such as [http.StripPrefix].
func asked(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		return r.RequestURI
	}
	return r.URL.RequestURI()
}

// askedWithHTMX returns the page that the user sees. The request is only for a part of it,
// unless htmx replaces the whole page.
func askedWithHTMX(r *http.Request) string {
	if r.Method == http.MethodGet && r.Header.Get("Hx-Boosted") == "true" {
		return asked(r)
	}
	u, err := url.Parse(r.Header.Get("Hx-Current-Url"))
	if err != nil {
		return ""
	}
	return u.RequestURI()
}

// pageError returns the error for the program's own page. It matches the sentinel, the
// cause and the model, so the program can tell them apart.
func pageError(model huma.StatusError, cause error) error {
	switch {
	case cause != nil:
		return &failure{sentinel: cause, model: model}
	case model.GetStatus() == http.StatusUnauthorized:
		return &failure{sentinel: ErrNoSession, model: model}
	}
	return model
}

// pageWriter writes the status of the refusal, unless the program writes another one.
type pageWriter struct {
	http.ResponseWriter
	status int
	wrote  bool
}

// WriteHeader implements [http.ResponseWriter].
func (w *pageWriter) WriteHeader(status int) {
	w.wrote = true
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *pageWriter) Write(b []byte) (int, error) {
	if !w.wrote {
		w.WriteHeader(w.status)
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for [http.ResponseController].
func (w *pageWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// ReturnTo is the public function, which documents it.
func ReturnTo(r *http.Request) string {
	values := r.URL.Query()["return_to"]
	if len(values) != 1 || !localpath.Is(values[0]) || isSignIn(r, values[0]) {
		return "/"
	}
	return values[0]
}

// isSignIn reports whether a reference leads to the page that the request is for, or to
// the sign-in page of [Pages] around it.
func isSignIn(r *http.Request, ref string) bool {
	path, _, _ := strings.Cut(ref, "?")
	if path == r.URL.EscapedPath() {
		return true
	}
	around := RequestIn(r.Context())
	for ; around != nil; around = around.outer {
		if page := around.entry.page; page != nil && page.signsIn(path) {
			return true
		}
	}
	return false
}
