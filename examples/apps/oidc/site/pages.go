package site

import (
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/humasess/sessions/humasess"
)

//go:embed pages
var templates embed.FS

//go:embed static
var files embed.FS // a file server resolves "..", so it has nothing else

var pages = template.Must(template.ParseFS(templates, "pages/*.html"))

func static() http.Handler {
	return http.FileServerFS(files)
}

func show(w http.ResponseWriter, status int, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = pages.ExecuteTemplate(w, name, data) // an error means that the client has gone
}

// view is the data of the pages of a user.
type view struct {
	User      User
	Proof     humasess.Authentication
	Providers []*provider
}

func (s *Site) home(w http.ResponseWriter, r *http.Request) {
	session, _ := humasess.From[User](r.Context())
	user, _ := session.Get()
	show(w, http.StatusOK, "home.html", view{user, session.Authentication(), s.providers})
}

// vault is a page that needs a recent proof.
func (s *Site) vault(w http.ResponseWriter, r *http.Request) {
	session, _ := humasess.From[User](r.Context())
	if session.RequireFresh(stepUpAge) != nil {
		http.Redirect(w, r, "/step-up?return_to="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	user, _ := session.Get()
	show(w, http.StatusOK, "vault.html", view{user, session.Authentication(), s.providers})
}

// failure is the page for a request that cannot be answered.
type failure struct {
	Status      int
	Title, Text string
	Again       string // the path of a new try
}

var broken = failure{
	Status: http.StatusServiceUnavailable, Title: "Something went wrong",
	Text: "Try again in a moment.", Again: "/",
}

var signedOut = failure{
	Status: http.StatusUnauthorized, Title: "You are not signed in",
	Text: "Nothing was changed. Sign in and try again.", Again: "/sign-in",
}

var ended = failure{
	Status: http.StatusBadRequest, Title: "This sign-in has ended",
	Text: "It took too long, was used already, or began in another browser.", Again: "/sign-in",
}

func refused(in SignIn) failure {
	return failure{
		Status: http.StatusForbidden, Title: "The sign-in did not succeed",
		Text: "The provider did not confirm it.", Again: in.again(),
	}
}

func another(in SignIn) failure {
	return failure{
		Status: http.StatusForbidden, Title: "That was another account",
		Text: "You are still signed in as before. Confirm with the same account.", Again: in.again(),
	}
}

func unreachable(p *provider, in SignIn) failure {
	in.Provider = p.Key
	return failure{
		Status: http.StatusServiceUnavailable, Title: "No answer from " + p.Label,
		Text: "Nothing has changed here. Try again in a moment.", Again: in.again(),
	}
}

// again returns the path of a new try.
func (in SignIn) again() string {
	query := url.Values{"return_to": {in.ReturnTo}}
	if in.StepUp {
		return "/step-up?" + query.Encode()
	}
	query.Set("provider", in.Provider)
	return "/sign-in?" + query.Encode()
}

// fail shows a page. The reason goes to the log only.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, f failure, reason error) {
	if errors.Is(reason, humasess.ErrUnavailable) {
		f = broken // the store does not answer
	}
	if reason != nil {
		slog.WarnContext(r.Context(), f.Title, "path", r.URL.Path, "error", reason)
	}
	w.Header().Set("Cache-Control", "no-store")
	show(w, f.Status, "failure.html", f)
}

// refuse shows the page of a request that the sessions refuse, such as a form of another
// site, and of one whose session cannot be written.
func (s *Site) refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	if status == http.StatusUnauthorized { // a form or a script, without a session
		s.fail(w, r, signedOut, nil) // common, so there is nothing for the log
		return
	}
	f := broken
	f.Status = status
	s.fail(w, r, f, err)
}

// hardened adds headers that allow the pages only their own script, style and API.
// Browsers apply form-action to redirects, too, so it lists the providers: the form of
// the sign-out leads there. If the end_session_endpoint of a provider has another origin
// than its issuer, add that one.
func (s *Site) hardened(next http.Handler) http.Handler {
	targets := []string{"'self'"}
	for _, p := range s.providers {
		if u, err := url.Parse(p.Issuer); err == nil {
			targets = append(targets, u.Scheme+"://"+u.Host)
		}
	}
	policy := "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; " +
		"form-action " + strings.Join(targets, " ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}
