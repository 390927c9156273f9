package apps_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/humasess/sessions/examples/apps/oidc/provider"
	"github.com/humasess/sessions/examples/apps/oidc/site"
	"github.com/humasess/sessions/internal/e2e/browser"
	"github.com/humasess/sessions/stores/memory"
)

// oidcRig is the application and its provider.
type oidcRig struct {
	app, provider string
	offset        atomic.Int64 // of the clocks: auth_time has whole seconds
}

func (r *oidcRig) now() time.Time { return time.Now().Add(time.Duration(r.offset.Load())) }

// oidcHandler is a handler that is set after the server has its address.
type oidcHandler struct{ handler atomic.Pointer[http.Handler] }

func (l *oidcHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	(*l.handler.Load()).ServeHTTP(w, r)
}

// newOIDC serves both by https on two sites, or by http on two ports of this machine.
func newOIDC(t *testing.T, formPost, plain bool) *oidcRig {
	t.Helper()
	var app, issuer oidcHandler
	r := &oidcRig{}
	if plain {
		for origin, handler := range map[*string]http.Handler{&r.app: &app, &r.provider: &issuer} {
			server := httptest.NewServer(handler)
			t.Cleanup(func() {
				server.CloseClientConnections() // an EventSource would hold up Close
				server.Close()
			})
			*origin = server.URL
		}
	} else {
		r.app, r.provider = browser.Serve(t, "app.x.test", &app), browser.Serve(t, "id.provider.test", &issuer)
	}
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
		},
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // the certificate is for the browser
	}}
	p, err := provider.New(r.provider, []provider.Client{{
		ID: "app", Secret: "secret",
		RedirectURIs:           []string{r.app + "/callback/local"},
		PostLogoutRedirectURIs: []string{r.app + "/"},
		BackChannelLogoutURI:   r.app + "/logout/local",
	}}, &provider.Options{HTTPClient: client, Now: r.now, InsecureAllowHTTP: plain})
	if err != nil {
		t.Fatal(err)
	}
	s, err := site.New(memory.New(nil), r.app, []site.Provider{{
		Key: "local", Label: "the provider", Issuer: r.provider, ClientID: "app", ClientSecret: "secret", FormPost: formPost,
	}}, &site.Options{HTTPClient: client, Now: r.now, InsecureAllowHTTP: plain})
	if err != nil {
		t.Fatal(err)
	}
	for to, handler := range map[*oidcHandler]http.Handler{&app: s, &issuer: p} {
		to.handler.Store(&handler)
	}
	t.Cleanup(func() {
		for _, c := range []interface{ Close(context.Context) error }{s, p} {
			if err := c.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
	return r
}

// oidcFill signs in at the provider.
func oidcFill(page *browser.Page, name, password string) {
	page.Wait("document.querySelector('#name')?.value !== undefined")
	browser.Eval[bool](page, "(document.querySelector('#name').value = '', true)")
	page.Type("#name", name)
	page.Type("#password", password+"\r")
}

// oidcAt waits for an address and a text.
func oidcAt(t *testing.T, page *browser.Page, address, text string) {
	t.Helper()
	page.Wait("location.href === '" + address + "'")
	page.WaitText(text)
	page.WaitPaint()
}

// oidcSession returns the ID of the session that a page is in.
func oidcSession(page *browser.Page) string {
	return browser.Eval[string](page, "fetch('/api/session').then(r => r.json()).then(s => s.id)")
}

// oidcPicture keeps a picture for a person, if the test is asked to.
func oidcPicture(t *testing.T, page *browser.Page, name string) {
	t.Helper()
	folder := os.Getenv("HUMASESS_PICTURES")
	if folder == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), page.Screenshot(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOIDC(t *testing.T) {
	for _, tt := range []struct {
		name            string
		formPost, plain bool
	}{{"query", false, false}, {"form_post", true, false}, {"form_post on localhost", true, true}} {
		t.Run(tt.name, func(t *testing.T) {
			r := newOIDC(t, tt.formPost, tt.plain)
			person := browser.New(t)
			page := person.Open(r.app)
			oidcPicture(t, page, "oidc-out")
			t.Run("two tabs, and each returns to its page", func(t *testing.T) {
				page.Click("#vault")
				page.Wait("document.querySelector('#password')")
				oidcPicture(t, page, "oidc-provider")
				other := person.Open(r.app)
				other.Click("#sign-in-local")
				other.Wait("document.querySelector('#password')")
				oidcFill(page, "ada", "engine")
				oidcAt(t, page, r.app+"/vault", "Ada Lovelace")
				oidcPicture(t, page, "oidc-vault")
				before := oidcSession(page)
				oidcFill(other, "ada", "engine")
				oidcAt(t, other, r.app+"/", "Ada Lovelace")
				oidcPicture(t, other, "oidc-in")
				if after := oidcSession(page); before == "" || after != before {
					t.Errorf("got session %q in place of %q, want it to stay", after, before)
				}
				oidcAt(t, page, r.app+"/vault", "Ada Lovelace")
			})
			t.Run("step-up", func(t *testing.T) {
				r.offset.Add(int64(6 * time.Minute))
				page.Go(r.app + "/vault")
				page.Wait("location.origin === '" + r.provider + "'")
				oidcFill(page, "grace", "compiler")
				page.WaitText("That was another account")
				page.WaitPaint()
				oidcPicture(t, page, "oidc-another")
				r.offset.Add(int64(time.Minute))
				page.Click("#again")
				page.Wait("location.origin === '" + r.provider + "'")
				oidcFill(page, "ada", "engine")
				oidcAt(t, page, r.app+"/vault", "Ada Lovelace")
			})
			t.Run("the provider ends an open page", func(t *testing.T) {
				other := person.Open(r.provider)
				other.Click("#sign-out")
				oidcAt(t, page, r.app+"/", "You are not signed in")
			})
			t.Run("sign-out here and there", func(t *testing.T) {
				page.Click("#sign-in-local")
				page.Wait("document.querySelector('#password')")
				oidcFill(page, "grace", "compiler")
				oidcAt(t, page, r.app+"/", "Grace Hopper")
				page.Click("#sign-out")
				oidcAt(t, page, r.app+"/", "You are not signed in")
				page.Go(r.provider)
				page.WaitText("You are not signed in here.")
			})
		})
	}
}

// TestOIDCBack goes back from the provider's form and forward, and signs in.
func TestOIDCBack(t *testing.T) {
	r := newOIDC(t, false, false)
	page := browser.New(t).Open(r.app)
	page.Click("#sign-in-local")
	page.Wait("document.querySelector('#password')")
	browser.Eval[bool](page, "(setTimeout(() => history.back()), true)")
	oidcAt(t, page, r.app+"/", "You are not signed in")
	page.Click("#sign-in-local")
	page.Wait("document.querySelector('#password')")
	oidcFill(page, "ada", "engine")
	oidcAt(t, page, r.app+"/", "Ada Lovelace")
	t.Run("an old answer opens nothing", func(t *testing.T) {
		page.Go(r.app + "/callback/local?" + url.Values{"state": {"x"}, "code": {"y"}, "iss": {r.provider}}.Encode())
		page.WaitText("This sign-in has ended")
		page.WaitPaint()
		page.Click("#home")
		oidcAt(t, page, r.app+"/", "Ada Lovelace")
	})
}
