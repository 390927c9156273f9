// Package provider is a small OpenID provider for the example and its tests. It keeps
// everything in memory and has two users. It is not for production: requests and codes
// never expire, and passwords can be guessed without a limit. Protocol and tokens come
// from zitadel/oidc. The sessions of its own users come from humasess, like those of the
// application.
package provider

import (
	"context"
	"net/http"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores/memory"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// Client is an application that lets users sign in here.
type Client struct {
	ID, Secret             string
	RedirectURIs           []string
	PostLogoutRedirectURIs []string
	BackChannelLogoutURI   string // "" gets no logout tokens
}

// Options configure [New].
type Options struct {
	// InsecureAllowHTTP serves plain http. The default is false.
	InsecureAllowHTTP bool

	// HTTPClient sends logout tokens. The default has a timeout of 5 seconds.
	HTTPClient *http.Client

	// Now is the clock of sign-ins for tests. The default is time.Now.
	Now func() time.Time
}

// Provider is an OpenID provider. Create it with [New].
type Provider struct {
	http.Handler

	issuer   string
	client   *http.Client
	now      func() time.Time
	storage  *storage
	sessions *humasess.Manager[account]
}

// account is the data of a session at the provider.
type account struct {
	User    string   `json:"user"`
	Clients []string `json:"clients"` // that the user has signed in to with this session
}

// New returns a provider. The options may be nil.
func New(issuer string, clients []Client, opts *Options) (*Provider, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.HTTPClient == nil {
		o.HTTPClient = &http.Client{Timeout: 5 * time.Second}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	cookie := humasess.CookieOptions{Name: "__Host-provider"}
	var opOptions []op.Option
	if o.InsecureAllowHTTP {
		cookie = humasess.CookieOptions{Name: "provider", InsecureAllowHTTP: true}
		opOptions = append(opOptions, op.WithAllowInsecure())
	}
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[account]{
		Identity: func(a account) string { return a.User },
		Cookie:   cookie,
		Now:      o.Now,
	})
	if err != nil {
		return nil, err
	}
	p := &Provider{issuer: issuer, client: o.HTTPClient, now: o.Now, sessions: sessions}
	if p.storage, err = newStorage(clients, p.endSession); err != nil {
		return nil, err
	}
	protocol, err := op.NewProvider(&op.Config{
		CryptoKey:                         random32(),
		DefaultLogoutRedirectURI:          "/",
		CodeMethodS256:                    true,
		SupportedScopes:                   []string{oidc.ScopeOpenID, oidc.ScopeProfile},
		BackChannelLogoutSupported:        true,
		BackChannelLogoutSessionSupported: true,
	}, p.storage, op.StaticIssuer(issuer), opOptions...)
	if err != nil {
		return nil, err
	}
	pages := http.NewServeMux()
	pages.HandleFunc("GET /{$}", p.home)
	pages.HandleFunc("POST /sign-out", p.signOut)
	pages.HandleFunc("GET /login", p.login(protocol))
	pages.HandleFunc("POST /login", p.login(protocol))
	mux := http.NewServeMux()
	mux.Handle("GET "+oidc.DiscoveryEndpoint, p.discovery(protocol))
	for _, own := range []string{"/{$}", "/sign-out", "/login"} {
		mux.Handle(own, sessions.Handler(pages))
	}
	// Not /authorize/callback: it gives a code to any browser that knows the ID of a
	// request, also to the attacker that has lured the user into finishing theirs.
	for _, endpoint := range []string{"/authorize", "/oauth/token", "/keys", "/end_session"} {
		mux.Handle(endpoint, protocol)
	}
	p.Handler = mux
	return p, nil
}

// Close ends background work.
func (p *Provider) Close(ctx context.Context) error { return p.sessions.Close(ctx) }
