// Package site is the application of the example: its API, and the page that
// uses it.
package site

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/account"
	"github.com/humasess/sessions/stores"
)

// User is the data of a session.
type User struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Profile is the part of a User that the page shows.
type Profile struct {
	Username string `json:"username" example:"ada"`
	Name     string `json:"name" example:"Ada Lovelace"`
}

// Options configure [New].
type Options struct {
	// InsecureAllowHTTP serves plain http. The default is false: browsers keep
	// the cookie on https only.
	InsecureAllowHTTP bool

	// MaxDevices is how many devices a user can be signed in on. Beyond that, a
	// sign-in ends the oldest session. The default is 10.
	MaxDevices int

	// Now is the clock for tests. The default is time.Now.
	Now func() time.Time
}

// Site is the application. Create it with [New].
type Site struct {
	http.Handler

	api      huma.API
	sessions *humasess.Manager[User]
}

// stepUp is how long a password counts for signing out other devices.
const stepUp = 5 * time.Minute

// userAgent captures the client without its address.
func userAgent(ctx huma.Context) humasess.Client {
	return humasess.Client{UserAgent: ctx.Header("User-Agent")}
}

// New returns the application on a store. The options may be nil.
func New(store stores.Store, opts *Options) (*Site, error) {
	o := Options{MaxDevices: 10}
	if opts != nil {
		o.InsecureAllowHTTP, o.Now = opts.InsecureAllowHTTP, opts.Now
		if opts.MaxDevices != 0 {
			o.MaxDevices = opts.MaxDevices
		}
	}
	cookie := humasess.CookieOptions{Name: "__Host-devices"}
	if o.InsecureAllowHTTP {
		cookie = humasess.CookieOptions{Name: "devices", InsecureAllowHTTP: true}
	}
	sessions, err := humasess.New(store, &humasess.Options[User]{
		Identity:       func(u User) string { return u.ID },
		Client:         userAgent, // for labels such as "Firefox on Linux"
		Cookie:         cookie,    // not the default name, because the ports of localhost share their cookies
		MaxPerIdentity: o.MaxDevices,
		DoneInterval:   3 * time.Second, // bounds how late a page notices an end by another process, without a hint
		Now:            o.Now,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	config := huma.DefaultConfig("Devices", "1.0.0")
	config.OpenAPIPath, config.SchemasPath = "/api/openapi", "/api/schemas"
	config.DocsPath = "" // it would load a script from elsewhere
	// For clients that are generated from a file. A docs page would send its requests there, too.
	config.Servers = []*huma.Server{{URL: "http://localhost:8888"}}
	root := humago.New(mux, config)
	if err := sessions.Attach(root); err != nil {
		return nil, err
	}
	api := huma.NewGroup(root, "/api")
	huma.Post(api, "/login", login)
	huma.Post(api, "/reauthenticate", reauthenticate, humasess.Renews)
	err = account.Register(api, sessions, &account.Options[User, Profile]{
		View:  func(u User) Profile { return Profile{Username: u.ID, Name: u.Name} },
		Fresh: stepUp,
		Watch: true,
	})
	if err != nil {
		return nil, err
	}
	mux.Handle("GET /", static())
	return &Site{hardened(mux), root, sessions}, nil
}

// API returns the API of the page, for tests and tools.
func (s *Site) API() huma.API { return s.api }

// Close ends open streams and background work, before the server shuts down.
func (s *Site) Close(ctx context.Context) error { return s.sessions.Close(ctx) }

// hardened adds headers that allow the page only its own script, style and API.
func hardened(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "+
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

type loginInput struct {
	humasess.Login[User]
	Body struct {
		Name     string `json:"name" minLength:"1" maxLength:"64" example:"ada"`
		Password string `json:"password" minLength:"1" maxLength:"128" example:"engine"`
		Remember bool   `json:"remember" doc:"Stay signed in for 14 days without use, 30 at most."`
	}
}

type passwordInput struct {
	humasess.Required[User]
	Body struct {
		Password string `json:"password" minLength:"1" maxLength:"128" example:"engine"`
	}
}

// people stand for a database with hashed passwords, and for a limit on how
// often one may guess them.
var people = map[string]struct{ name, password string }{
	"ada":   {"Ada Lovelace", "engine"},
	"grace": {"Grace Hopper", "compiler"},
}

func correct(id, password string) bool {
	want := sha256.Sum256([]byte(people[id].password))
	got := sha256.Sum256([]byte(password))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

func login(_ context.Context, in *loginInput) (*struct{}, error) {
	person, known := people[in.Body.Name]
	if !correct(in.Body.Name, in.Body.Password) || !known {
		return nil, huma.Error401Unauthorized("wrong name or password")
	}
	if err := in.Session.Start(User{ID: in.Body.Name, Name: person.name}); err != nil {
		return nil, err
	}
	return nil, in.Session.Remember(in.Body.Remember)
}

// reauthenticate checks the password again. A wrong password is a 422 and not a
// 401, because a 401 means that the session has ended.
func reauthenticate(_ context.Context, in *passwordInput) (*struct{}, error) {
	if !correct(in.Value().ID, in.Body.Password) {
		return nil, huma.Error422UnprocessableEntity("wrong password")
	}
	return nil, in.Session.Reauthenticated("pwd")
}
