// Package site is the application of the example: pages that the server renders.
package site

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores"
)

// User is the data of a session.
type User struct {
	ID      string
	Name    string
	Manager bool
}

// Options configure [New].
type Options struct {
	// InsecureAllowHTTP serves plain http. The default is false: browsers keep
	// the cookies on https only.
	InsecureAllowHTTP bool

	// Now is the clock for tests. The default is time.Now.
	Now func() time.Time
}

// Site is the application. Create it with [New].
type Site struct {
	http.Handler

	sessions *humasess.Manager[User]
	notices  *humasess.Manager[Notices]
	lists    *lists
}

// New returns the application on a store. The options may be nil.
func New(store stores.Store, opts *Options) (*Site, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	// Programs on localhost share their cookies, because cookies ignore the port. So each
	// has names of its own.
	cookie := func(name string) humasess.CookieOptions {
		if o.InsecureAllowHTTP {
			return humasess.CookieOptions{Name: name, InsecureAllowHTTP: true}
		}
		return humasess.CookieOptions{Name: "__Host-" + name}
	}
	sessions, err := humasess.New(store, &humasess.Options[User]{
		Identity: func(u User) string { return u.ID },
		Roles: func(u User) []string {
			if u.Manager {
				return []string{"manager"}
			}
			return nil
		},
		Cookie: cookie("pages"),
		Now:    o.Now,
	})
	if err != nil {
		return nil, err
	}
	notices, err := humasess.New(store, &humasess.Options[Notices]{
		SchemeName:      "noticeCookie", // keeps these sessions apart from the users' in the store
		Cookie:          cookie("pages-notice"),
		IdleTimeout:     noticeTime,
		AbsoluteTimeout: noticeTime,
		Now:             o.Now,
	})
	if err != nil {
		return nil, err
	}
	s := &Site{sessions: sessions, notices: notices, lists: newLists()}
	s.Handler = hardened(s.routes())
	return s, nil
}

// routes are groups, because the middleware of a group runs after the routing. So Route
// knows the route of a request that is refused.
//
// The notices are inside, so they are written first. If that fails, the answer is 503, and
// a sign-in does not count either. The other way round the user's session would be written
// already, and its cookie lost with the answer.
func (s *Site) routes() http.Handler {
	notices := s.notices.Pages(&humasess.PageOptions{Error: s.refused, Route: route})
	pages := func(o humasess.PageOptions) chi.Middlewares {
		o.LoginURL, o.Error, o.Route = "/login", s.refused, route
		return chi.Chain(s.sessions.Pages(&o), notices)
	}
	r := chi.NewRouter()
	r.Get("/static/{file}", static())
	r.Group(func(r chi.Router) {
		r.Use(pages(humasess.PageOptions{})...)
		r.Get("/", s.home)
		r.Get("/login", s.loginForm)
		r.Post("/login", s.login)
		r.Post("/logout", s.logout)
		r.NotFound(s.notFound)
		r.MethodNotAllowed(s.notAllowed)
	})
	r.Group(func(r chi.Router) {
		r.Use(pages(humasess.PageOptions{Require: true})...)
		r.Get("/list", s.list)
		r.Post("/list", s.add)
		r.Delete("/list/{id}", s.remove) // htmx
		r.Post("/list/{id}", s.remove)   // a form, which cannot send DELETE
	})
	r.Group(func(r chi.Router) {
		r.Use(pages(humasess.PageOptions{Roles: []string{"manager"}})...)
		r.Get("/totals", s.totals)
	})
	return r
}

func route(r *http.Request) string { return chi.RouteContext(r.Context()).RoutePattern() }

// Close ends background work. Call it after the server has shut down.
func (s *Site) Close(ctx context.Context) error {
	return errors.Join(s.sessions.Close(ctx), s.notices.Close(ctx))
}

// hardened adds headers that allow the pages only scripts, styles and forms of their own.
// It also bounds the body, because a form is small.
func hardened(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "+
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
		next.ServeHTTP(w, r)
	})
}
