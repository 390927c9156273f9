// Package notes is the application of the example: an API with users and their notes.
package notes

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/humasess/sessions/examples/apps/production/password"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/account"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/stores"
	"github.com/jackc/pgx/v5/pgxpool"
)

// User is the data of a session. Everything else about the user is in the database,
// where it can change without a change of the sessions.
type User struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Profile is the part of a User that clients see.
type Profile struct {
	Name string `json:"name" example:"ada"`
}

// recent is the age of the authentication that dangerous operations accept.
const recent = 10 * time.Minute

// Options configure [New].
type Options struct {
	// Origin is the address that users open, such as "https://notes.example.com".
	Origin *url.URL

	// Proxies are the networks of the proxies whose X-Forwarded-For counts.
	Proxies []netip.Prefix

	Logger  *slog.Logger
	OnEvent func(context.Context, events.Event) // may be nil
}

// App is the application. Create it with [New].
type App struct {
	http.Handler

	log       *slog.Logger
	pool      *pgxpool.Pool
	passwords *password.Hasher
	sessions  *humasess.Manager[User]
	limits    *limits
	health    health
	api       huma.API
}

// New returns the application on a database and a store of sessions in it.
func New(pool *pgxpool.Pool, store stores.Store, opts Options) (*App, error) {
	a := &App{
		log:       opts.Logger,
		pool:      pool,
		passwords: password.New(runtime.GOMAXPROCS(0)),
		limits:    newLimits(),
		health:    health{ping: pool.Ping},
	}
	var err error
	a.sessions, err = humasess.New(store, &humasess.Options[User]{
		Identity:       func(u User) string { return u.ID },
		Cookie:         cookie(opts.Origin),
		TrustedOrigins: []string{opts.Origin.Scheme + "://" + opts.Origin.Host}, // for proxies that change the header Host
		Client:         describe,
		OnEvent:        a.audited(opts.OnEvent),
		LogIdentity:    true, // of a user, which is not the name
		Logger:         opts.Logger,
	})
	if err != nil {
		return nil, err
	}

	router := chi.NewRouter()
	router.Use(routed, addressOf(opts.Proxies), a.logged, hardened, bounded, a.limits.perAddress)
	router.Get("/livez", a.health.live)
	router.Get("/readyz", a.health.ready)
	config := huma.DefaultConfig("Notes", "1.0.0")
	config.DocsPath = "" // it would load a script from elsewhere
	a.api = humachi.New(router, config)
	a.Handler = router
	if err := a.sessions.Attach(a.api); err != nil {
		return nil, fmt.Errorf("attach the sessions: %w", err)
	}
	return a, a.register()
}

// register adds the operations.
func (a *App) register() error {
	api := huma.NewGroup(a.api)
	api.UseSimpleModifier(func(o *huma.Operation) { o.MaxBodyBytes = maxBody })
	huma.Post(api, "/sign-up", a.signUp, limited)
	huma.Post(api, "/login", a.login, limited)
	huma.Post(api, "/confirm", a.confirm, limited, humasess.Renews)
	huma.Post(api, "/password", a.changePassword, limited, humasess.Renews, a.sessions.RequireFresh(recent))
	huma.Get(api, "/notes", a.listNotes)
	huma.Post(api, "/notes", a.addNote)
	huma.Delete(api, "/notes/{id}", a.deleteNote)
	return account.Register(api, a.sessions, &account.Options[User, Profile]{
		View:  func(u User) Profile { return Profile{Name: u.Name} },
		Fresh: recent,
		Watch: true, // a stream that ends with its session
	})
}

// cookie returns the attributes of the session cookie. The name has the prefix __Host-
// except on plain http. Browsers share the cookies of all ports of localhost, so the
// name differs from those of other programs.
func cookie(origin *url.URL) humasess.CookieOptions {
	if origin.Scheme == "http" {
		return humasess.CookieOptions{Name: "production", InsecureAllowHTTP: true}
	}
	return humasess.CookieOptions{Name: "__Host-production"}
}

// API returns the API, for tests and tools.
func (a *App) API() huma.API { return a.api }

// Sessions returns the manager, for tests and tools.
func (a *App) Sessions() *humasess.Manager[User] { return a.sessions }

// Drain makes the process unready, so that no new requests are sent to it.
func (a *App) Drain() { a.health.draining.Store(true) }

// Close ends open streams and background work. Requests still work.
func (a *App) Close(ctx context.Context) error { return a.sessions.Close(ctx) }
