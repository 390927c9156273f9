// Package site is the application of the example: its API, and the page that uses it.
package site

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/account"
	"github.com/humasess/sessions/stores"
)

// User is the data of a session.
type User struct {
	ID   string `json:"id"`
	Name string `json:"name" doc:"Name of the account. It need not be unique." example:"Ada Lovelace"`
}

// Profile is the part of a User that the page shows.
type Profile struct {
	Name string `json:"name" example:"Ada Lovelace"`
}

// Options configure [New].
type Options struct {
	// Now is the clock for tests. The default is time.Now.
	Now func() time.Time

	// Logger gets the reasons of refusals, which clients do not get. The default is
	// slog.Default.
	Logger *slog.Logger
}

// Site is the application. Create it with [New].
type Site struct {
	http.Handler

	api        huma.API
	log        *slog.Logger
	passkeys   *webauthn.WebAuthn
	accounts   *accounts
	sessions   *humasess.Manager[User]
	ceremonies *humasess.Manager[Ceremony]
}

// ceremonyTime is how long a user may take to find the passkey.
const ceremonyTime = 5 * time.Minute

// New returns the application on a store, for pages of one origin, such as
// "https://example.com". The options may be nil.
func New(store stores.Store, origin string, opts *Options) (*Site, error) {
	s := &Site{accounts: newAccounts(), log: slog.Default()}
	var now func() time.Time
	if opts != nil {
		now = opts.Now
		if opts.Logger != nil {
			s.log = opts.Logger
		}
	}
	address, err := url.Parse(origin)
	if err != nil {
		return nil, err
	}
	s.passkeys, err = webauthn.New(&webauthn.Config{
		RPDisplayName: "Passkeys",
		RPID:          address.Hostname(),
		RPOrigins:     []string{origin},
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey:        protocol.ResidentKeyRequirementRequired, // to sign in without a name
			RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification:   protocol.VerificationPreferred,
		},
		// The session of the ceremony ends it in time. These tell the browser the same.
		Timeouts: webauthn.TimeoutsConfig{
			Login:        webauthn.TimeoutConfig{Timeout: ceremonyTime},
			Registration: webauthn.TimeoutConfig{Timeout: ceremonyTime},
		},
	})
	if err != nil {
		return nil, err
	}

	// Cookies ignore the port, so all programs on localhost share them. Names of its
	// own keep this one apart from the others.
	cookie := func(name string) humasess.CookieOptions {
		if address.Scheme == "http" { // browsers allow passkeys there on localhost only
			return humasess.CookieOptions{Name: name, InsecureAllowHTTP: true}
		}
		return humasess.CookieOptions{Name: "__Host-" + name}
	}
	s.sessions, err = humasess.New(store, &humasess.Options[User]{
		Identity: func(u User) string { return u.ID },
		Cookie:   cookie("passkeys"),
		Logger:   s.log,
		Now:      now,
	})
	if err != nil {
		return nil, err
	}
	s.ceremonies, err = humasess.New(store, &humasess.Options[Ceremony]{
		SchemeName:      "ceremonyCookie", // or each manager would accept the tokens of the other
		Cookie:          cookie("passkeys-ceremony"),
		IdleTimeout:     ceremonyTime,
		AbsoluteTimeout: ceremonyTime,
		Logger:          s.log,
		Now:             now,
	})
	if err != nil {
		return nil, err
	}

	router := chi.NewRouter()
	router.Use(hardened)
	router.Mount("/", static())
	config := huma.DefaultConfig("Passkeys", "1.0.0")
	config.OpenAPIPath, config.SchemasPath = "/api/openapi", "/api/schemas"
	config.DocsPath = "" // it would load a script from elsewhere
	s.api = humachi.New(router, config)
	s.Handler = router
	return s, s.register()
}

// failed keeps the text of an error from the client, and logs it.
func (s *Site) failed(ctx context.Context, err error) error {
	s.log.ErrorContext(ctx, "ceremony failed", "error", err)
	return huma.Error500InternalServerError("unexpected error")
}

// register adds the operations.
func (s *Site) register() error {
	if err := s.sessions.Attach(s.api); err != nil {
		return err
	}
	if err := s.ceremonies.Attach(s.api); err != nil {
		return fmt.Errorf("ceremonies: %w", err)
	}
	api := huma.NewGroup(s.api, "/api")
	huma.Post(api, "/register/begin", s.beginRegistration)
	huma.Post(api, "/register/finish", s.finishRegistration)
	huma.Post(api, "/sign-in/begin", s.beginSignIn)
	huma.Post(api, "/sign-in/finish", s.finishSignIn)
	huma.Post(api, "/step-up/begin", s.beginStepUp)
	huma.Post(api, "/step-up/finish", s.finishStepUp, humasess.Renews)
	huma.Delete(api, "/account", s.deleteAccount)
	return account.Register(api, s.sessions, &account.Options[User, Profile]{
		View: func(u User) Profile { return Profile{Name: u.Name} },
		Omit: []account.Operation{account.List, account.Revoke, account.RevokeOthers, account.SignOutEverywhere},
	})
}

// API returns the API of the page, for tests and tools.
func (s *Site) API() huma.API { return s.api }

// Close ends background work, after the last request.
func (s *Site) Close(ctx context.Context) error {
	err := s.sessions.Close(ctx)
	if other := s.ceremonies.Close(ctx); err == nil {
		err = other
	}
	return err
}

// hardened adds headers that allow the page only its own script, style, API and passkeys.
func hardened(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "+
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'")
		h.Set("Permissions-Policy", "publickey-credentials-create=(self), publickey-credentials-get=(self)")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}
