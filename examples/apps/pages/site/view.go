package site

import (
	"bytes"
	"embed"
	"html/template"
	"log/slog"
	"net/http"

	"github.com/humasess/sessions/humasess"
)

//go:embed templates
var templateFiles embed.FS

// views are the templates, one set for each page, because all define "main". Parts are in
// layout.html and list.html.
var views = func() map[string]*template.Template {
	views := map[string]*template.Template{}
	for _, name := range []string{"home.html", "login.html", "list.html", "totals.html", "error.html"} {
		views[name] = template.Must(template.ParseFS(templateFiles, "templates/layout.html", "templates/"+name))
	}
	return views
}()

// page is the data of a template.
type page struct {
	Title  string
	Path   string // of the request
	Notice string // shown once
	User   *User  // nil without a session

	// Visitor reports that there is no session. A request that was refused has neither a
	// user nor a visitor, because the page does not know its session.
	Visitor bool

	Data any
}

// show writes a page.
func (s *Site) show(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	p.Path, p.Notice = r.URL.Path, takeNotice(r)
	if session, ok := humasess.From[User](r.Context()); ok {
		u, active := session.Get()
		if p.Visitor = !active; active {
			p.User = &u
		}
	}
	write(w, status, views[name], "layout", p)
}

// showPart writes a part of a page, for htmx.
func (s *Site) showPart(w http.ResponseWriter, status int, name string, p page) {
	write(w, status, views["list.html"], name, p)
}

// byHTMX reports whether htmx asks, which wants a part of the page.
func byHTMX(r *http.Request) bool { return r.Header.Get("Hx-Request") == "true" }

// write executes the template first, so a fault in it is not half a page. All pages are
// no-store: on the way back the browser asks again, and a page with a notice shows it
// once.
func write(w http.ResponseWriter, status int, t *template.Template, name string, p page) {
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, p); err != nil {
		slog.Error("template", "name", name, "error", err)
		http.Error(w, "Something went wrong.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // the browser may have gone
}

func (s *Site) home(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, "home.html", page{Title: "Shopping"})
}
