package site

import (
	"errors"
	"maps"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// failure is an error page.
type failure struct {
	Status int
	Text   string
	Login  string // the address of the sign-in page, or ""
	Retry  string // the address to try again, or ""
}

// texts are for users. The text of an error is for the log.
var texts = map[int]struct{ title, text string }{
	http.StatusBadRequest:         {"That did not work", "The browser sent something that this site does not understand. Go back, reload the page and try again."},
	http.StatusUnauthorized:       {"You are signed out", "Your session has ended, so nothing was changed. Sign in and try again."},
	http.StatusForbidden:          {"Not for you", "Your account may not see this page."},
	http.StatusNotFound:           {"Not found", "There is nothing at this address."},
	http.StatusMethodNotAllowed:   {"That did not work", "This address does not take such a request."},
	http.StatusConflict:           {"That was too fast", "Another page changed the same thing. Try again."},
	http.StatusServiceUnavailable: {"Back in a moment", "We cannot reach our data right now. Please try again soon."},
}

// refused is the Error of the pages: it answers requests that do not get in, and those
// whose session cannot be written. The headers are set already, such as Retry-After.
func (s *Site) refused(w http.ResponseWriter, r *http.Request, status int, err error) {
	s.showError(w, r, status, err)
}

// fail answers a request whose handler has an error of a session.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusInternalServerError
	if known, ok := errors.AsType[huma.StatusError](err); ok {
		status = known.GetStatus()
	}
	if with, ok := errors.AsType[huma.HeadersError](err); ok {
		maps.Copy(w.Header(), with.GetHeaders()) // such as Retry-After
	}
	s.showError(w, r, status, err)
}

func (s *Site) notFound(w http.ResponseWriter, r *http.Request) {
	s.showError(w, r, http.StatusNotFound, nil)
}

func (s *Site) notAllowed(w http.ResponseWriter, r *http.Request) {
	s.showError(w, r, http.StatusMethodNotAllowed, nil)
}

func (s *Site) showError(w http.ResponseWriter, r *http.Request, status int, err error) {
	known, ok := texts[status]
	if !ok {
		known.title, known.text = "Something went wrong", "This is our fault. Please try again later."
	}
	if problem, ok := errors.AsType[*huma.ErrorModel](err); ok && problem.Type == "urn:humasess:problem:cross-origin" {
		known.title, known.text = "Refused", "Another site sent this form in your name. Nothing was changed."
	}
	f := failure{Status: status, Text: known.text}
	switch {
	case status == http.StatusUnauthorized:
		f.Login = "/login?return_to=%2Flist" // all forms that need a session are on this page
	case status == http.StatusServiceUnavailable && r.Method == http.MethodGet:
		f.Retry = r.URL.RequestURI()
	}
	p := page{Title: known.title, Data: f}
	if byHTMX(r) { // the page stays, and says it
		w.Header().Set("Hx-Retarget", "#notice")
		w.Header().Set("Hx-Reswap", "innerHTML")
		s.showPart(w, status, "trouble", p)
		return
	}
	s.show(w, r, status, "error.html", p)
}
