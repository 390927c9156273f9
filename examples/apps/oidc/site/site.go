// Package site is the application of the example. Users sign in with an OpenID
// provider. The pages and the API share the session.
package site

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/account"
	"github.com/humasess/sessions/stores"
)

// User is the data of a session.
type User struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
	Name    string `json:"name"`
	SID     string `json:"sid"`      // the provider's ID of its own session
	IDToken string `json:"id_token"` // for id_token_hint
}

// identity names a user. A subject is unique only at its issuer (OpenID Connect Core
// § 5.7), and an issuer has no space.
func (u User) identity() string {
	if u.Subject == "" {
		return ""
	}
	return u.Issuer + " " + u.Subject
}

// Profile is the part of a User that clients of the API see.
type Profile struct {
	Name string `json:"name" example:"Ada Lovelace"`
}

// Options configure [New].
type Options struct {
	// InsecureAllowHTTP serves plain http. The default is false: browsers keep the
	// cookies on https only.
	InsecureAllowHTTP bool

	// HTTPClient sends the requests to providers. The default has a timeout of 10
	// seconds.
	HTTPClient *http.Client

	// Once calls the function, unless it has succeeded for the same ID before. It may
	// forget the ID at the given time. It refuses the second use of a logout token.
	// Several processes need one that they share, such as a table with a unique key. The
	// default is a map in memory.
	Once func(ctx context.Context, id string, until time.Time, do func() error) error

	// Now is the clock for tests. The default is time.Now.
	Now func() time.Time
}

// Site is the application. Create it with [New].
type Site struct {
	http.Handler

	api       huma.API
	origin    string
	providers []*provider
	sessions  *humasess.Manager[User]
	flows     *humasess.Manager[Flow]
	once      func(ctx context.Context, id string, until time.Time, do func() error) error
	now       func() time.Time
}

// New returns the application. The origin is its own, such as
// "https://app.example.com". The first provider is the default one. The options may be
// nil.
func New(store stores.Store, origin string, providers []Provider, opts *Options) (*Site, error) {
	switch own, err := url.Parse(origin); {
	case err != nil || own.Host == "" || origin != own.Scheme+"://"+own.Host:
		return nil, fmt.Errorf("site.New called with %q: it must be an origin without a path or a slash at the end, such as https://app.example.com", origin)
	case len(providers) == 0:
		return nil, errors.New("site.New called without a provider")
	}
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.HTTPClient == nil {
		o.HTTPClient = &http.Client{Timeout: 10 * time.Second}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Once == nil {
		o.Once = (&usedIDs{now: o.Now, until: map[string]time.Time{}}).once
	}
	s := &Site{origin: origin, once: o.Once, now: o.Now}
	for _, p := range providers {
		switch issuer, err := url.Parse(p.Issuer); {
		case err != nil || issuer.Scheme != "https" && !o.InsecureAllowHTTP:
			return nil, fmt.Errorf("site.New called with the issuer %q: it must begin with https", p.Issuer)
		case s.provider(p.Key) != nil:
			return nil, fmt.Errorf("site.New called with two providers %q: one could answer for the other", p.Key)
		}
		s.providers = append(s.providers, &provider{Provider: p, redirect: origin + "/callback/" + p.Key, client: o.HTTPClient, now: o.Now})
	}
	// Programs on localhost share cookies, because cookies ignore the port. So these names
	// are the example's own.
	cookie, flowCookie := humasess.CookieOptions{Name: "__Host-oidc"}, humasess.CookieOptions{Name: "__Host-oidc-flow"}
	if slices.ContainsFunc(providers, func(p Provider) bool { return p.FormPost }) {
		flowCookie.SameSite = http.SameSiteNoneMode // only for these, because pages of other sites can then begin sign-ins here
	}
	if o.InsecureAllowHTTP {
		cookie = humasess.CookieOptions{Name: "oidc", InsecureAllowHTTP: true}
		flowCookie = humasess.CookieOptions{Name: "oidc-flow", InsecureAllowHTTP: true} // None needs https
	}
	var err error
	s.sessions, err = humasess.New(store, &humasess.Options[User]{
		Identity:   User.identity,
		Cookie:     cookie,
		SchemeName: "oidc",
		Now:        o.Now,
	})
	if err != nil {
		return nil, err
	}
	s.flows, err = humasess.New(store, &humasess.Options[Flow]{
		Cookie:          flowCookie,
		SchemeName:      "oidcFlow",
		IdleTimeout:     signInTime,
		AbsoluteTimeout: time.Hour,
		Now:             o.Now,
	})
	if err != nil {
		return nil, err
	}
	return s, s.route()
}

func (s *Site) route() error {
	own := humasess.PageOptions{Error: s.refuse, Route: func(r *http.Request) string { return chi.RouteContext(r.Context()).RoutePattern() }}
	callback, secret := own, own
	for _, p := range s.providers {
		if p.FormPost {
			callback.AllowCrossSite = append(callback.AllowCrossSite, "POST /callback/"+p.Key) // the state tells which browser has asked
		}
	}
	secret.Require, secret.LoginURL = true, "/sign-in"

	r := chi.NewRouter()
	r.Use(s.hardened)
	r.Handle("GET /static/*", static())
	r.Post("/logout/{provider}", s.providerLogout) // from the provider's server, without cookies
	r.Group(func(r chi.Router) {
		r.Use(s.flows.Pages(&callback))
		r.Get("/callback/{provider}", s.callback)
		r.Post("/callback/{provider}", s.callback)
	})
	r.Group(func(r chi.Router) {
		r.Use(s.sessions.Pages(&own), s.flows.Pages(&own))
		r.Get("/sign-in", s.signIn)
		r.Get("/sign-in/finish", s.finish)
		r.Get("/step-up", s.stepUp)
	})
	r.Group(func(r chi.Router) {
		r.Use(s.sessions.Pages(&own))
		r.Get("/", s.home)
		r.Post("/sign-out", s.signOut)
	})
	r.With(s.sessions.Pages(&secret)).Get("/vault", s.vault)
	s.Handler = r

	config := huma.DefaultConfig("Sign-in with a provider", "1.0.0")
	config.OpenAPIPath, config.SchemasPath = "/api/openapi", "/api/schemas"
	config.DocsPath = "" // it would load a script from elsewhere
	s.api = humachi.New(r, config)
	if err := s.sessions.Attach(s.api); err != nil {
		return err
	}
	return account.Register(huma.NewGroup(s.api, "/api"), s.sessions, &account.Options[User, Profile]{
		View:  func(u User) Profile { return Profile{Name: u.Name} },
		Watch: true,                                 // an open page learns that its session has ended
		Omit:  []account.Operation{account.SignOut}, // it would not sign out at the provider
	})
}

// API returns the API, for tests and tools.
func (s *Site) API() huma.API { return s.api }

// Close ends open streams and background work, before the server shuts down.
func (s *Site) Close(ctx context.Context) error {
	return errors.Join(s.sessions.Close(ctx), s.flows.Close(ctx))
}
