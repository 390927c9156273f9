// Package site is an application in two parts, for two origins: an API with sessions, and
// a page that uses it from elsewhere.
package site

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/cors"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores"
)

// Options configure [NewAPI].
type Options struct {
	// FrontEnds are the origins of the pages that may use the API, each as a browser
	// sends it: "https://app.example.com". At least one is required.
	FrontEnds []string

	// Cookie are the attributes of the session cookie. A page of another site needs
	// SameSite=None.
	Cookie humasess.CookieOptions

	// Logger gets the warnings about refused origins and dropped cookies. The default
	// is [slog.Default].
	Logger *slog.Logger

	// Now is the clock for tests. The default is [time.Now].
	Now func() time.Time
}

// NewAPI returns the API on a store.
func NewAPI(store stores.Store, o Options) (http.Handler, error) {
	if len(o.FrontEnds) == 0 {
		return nil, errors.New("site: NewAPI called without FrontEnds, and package cors would allow every origin")
	}
	sessions, err := humasess.New(store, &humasess.Options[User]{
		Identity:       func(u User) string { return u.ID },
		Cookie:         o.Cookie,
		TrustedOrigins: o.FrontEnds, // they may write
		Logger:         o.Logger,
		Now:            o.Now,
	})
	if err != nil {
		return nil, err
	}
	// docs: begin order
	router := chi.NewRouter()
	router.Use(allow(o.FrontEnds)) // around everything, so that refusals have its headers, too
	api := humachi.New(router, huma.DefaultConfig("Draft", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		return nil, err
	}
	// docs: end
	register(api)
	return router, nil
}

// docs: begin cors

// allow lets the pages of some origins read the API's responses, with the cookie. It does
// not decide about writes: Options.TrustedOrigins has the same list for that.
func allow(origins []string) func(http.Handler) http.Handler {
	return cors.Handler(cors.Options{
		AllowedOrigins:   origins, // package cors allows every origin if the list is empty
		AllowedMethods:   []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete},
		AllowedHeaders:   []string{"Content-Type"},
		ExposedHeaders:   []string{"Retry-After", "WWW-Authenticate"},
		AllowCredentials: true, // without it the browser neither sends nor keeps the cookie
		MaxAge:           300,
	})
}

// docs: end
