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
	"github.com/humasess/sessions/humasess/internal/response"
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
	if u, err := url.Parse(p.LoginURL); err == nil && p.LoginURL != "" {
		p.LoginURL = u.RequestURI() // escaped, as the browser asks for it
	}
	for _, s := range p.AllowCrossSite {
		method, path, _ := strings.Cut(s, " ")
		if method == "" || method != strings.ToUpper(method) || !localpath.Is(path) || !isEscaped(path) {
			return nil, fmt.Errorf("AllowCrossSite %q is not a method and an exact, escaped path", s)
		}
	}
	return p, nil
}

// isEscaped reports whether a request can have the path, which has neither a query nor
// the wildcards of a pattern.
func isEscaped(path string) bool {
	u, err := url.Parse(path)
	return err == nil && u.EscapedPath() == path
}

// Both exemptions compare the path as it is escaped. A router may choose the route by
// that form, so another spelling of an exempt path may lead to another handler.

// signsIn reports whether a path is that of the sign-in page.
func (p *Page) signsIn(escaped string) bool {
	at, _, _ := strings.Cut(p.LoginURL, "?")
	return at != "" && at == escaped
}

// opens reports whether the request is for the sign-in page, which needs no session. The
// browser must have asked for it. The handler may see the end of that path only, behind
// [http.StripPrefix]. After other changes of the path the request is for another page.
func (p *Page) opens(r *http.Request) bool {
	if p.LoginURL == "" {
		return false
	}
	at := askedPath(r)
	return p.signsIn(at) && strings.HasSuffix(at, r.URL.EscapedPath())
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
	if p.LoginURL != "" && model.GetStatus() == http.StatusUnauthorized && !p.opens(r) {
		switch {
		case r.Header.Get("Hx-Request") == "true":
			forbidCaches(ctx)
			w.Header().Set("Hx-Redirect", p.signIn(askedWithHTMX(r)))
		case (r.Method == http.MethodGet || r.Method == http.MethodHead) && navigates(r.Header):
			forbidCaches(ctx)
			w.Header().Del(fieldChallenge)
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

// forbidCaches keeps a redirect out of caches, also where middleware has let them store
// all pages.
func forbidCaches(ctx huma.Context) {
	response.Scrub(ctx, true)
	ctx.SetHeader("Cache-Control", "no-store")
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

// askedPath returns the escaped path of asked.
func askedPath(r *http.Request) string {
	u, err := url.ParseRequestURI(r.RequestURI)
	if err != nil {
		u = r.URL
	}
	return u.EscapedPath()
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
	w.wrote = w.wrote || !response.IsInterim(status)
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *pageWriter) Write(b []byte) (int, error) {
	if !w.wrote {
		w.WriteHeader(w.status)
	}
	return w.ResponseWriter.Write(b)
}

// FlushError is for [http.ResponseController].
func (w *pageWriter) FlushError() error {
	if !w.wrote {
		w.WriteHeader(w.status)
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap is for [http.ResponseController].
func (w *pageWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
