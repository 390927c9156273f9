package site_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc/oidctest"
	"github.com/humasess/sessions/examples/apps/oidc/provider"
	"github.com/humasess/sessions/examples/apps/oidc/site"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the tests ask for refusals
	os.Exit(m.Run())
}

// rig is the application with a real provider, local, and one under the control of the
// test, other. The provider form is local again, with form_post.
type rig struct {
	t      *testing.T
	app    *site.Site
	url    string
	store  *humasesstest.Store
	local  *httptest.Server
	other  *fake
	third  *fake        // as other
	client *http.Client // accepts the certificates, and keeps no cookies
	offset atomic.Int64 // of the clock
}

func (r *rig) now() time.Time { return time.Now().Add(time.Duration(r.offset.Load())) }

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, store: humasesstest.Wrap(memory.New(nil)), client: &http.Client{}}
	appAt, localAt, otherAt, thirdAt := listen(t), listen(t), listen(t), listen(t)
	r.url = "https://" + appAt.Addr().String()
	issuer := "https://" + localAt.Addr().String()
	r.other, r.third = newFake(t, "https://"+otherAt.Addr().String()), newFake(t, "https://"+thirdAt.Addr().String())
	local, err := provider.New(issuer, []provider.Client{{
		ID: "app", Secret: "secret",
		RedirectURIs:           []string{r.url + "/callback/local", r.url + "/callback/form"},
		PostLogoutRedirectURIs: []string{r.url + "/"},
		BackChannelLogoutURI:   r.url + "/logout/local",
	}}, &provider.Options{HTTPClient: r.client, Now: r.now})
	if err != nil {
		t.Fatal(err)
	}
	r.app, err = site.New(r.store, r.url, []site.Provider{
		{Key: "local", Label: "Local", Issuer: issuer, ClientID: "app", ClientSecret: "secret"},
		{Key: "form", Label: "Form", Issuer: issuer, ClientID: "app", ClientSecret: "secret", FormPost: true},
		{Key: "other", Label: "Other", Issuer: r.other.issuer, ClientID: "app2", ClientSecret: "secret2"},
		{Key: "third", Label: "Third", Issuer: r.third.issuer, ClientID: "app2", ClientSecret: "secret2"},
	}, &site.Options{HTTPClient: r.client, Now: r.now})
	if err != nil {
		t.Fatal(err)
	}
	r.client.Transport = serve(t, appAt, r.app).Client().Transport // all servers of httptest have one certificate
	r.local = serve(t, localAt, local)
	serve(t, otherAt, r.other)
	serve(t, thirdAt, r.third)
	t.Cleanup(func() {
		for _, s := range []interface{ Close(context.Context) error }{r.app, local} {
			if err := s.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
	return r
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func serve(t *testing.T, at net.Listener, handler http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	_ = server.Listener.Close()
	server.Listener = at
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// fake is a provider whose tokens the test writes.
type fake struct {
	oidctest.Server

	issuer string
	key    *ecdsa.PrivateKey

	mu     sync.Mutex
	claims map[string]any // of the next ID token
	asked  int            // requests to the token endpoint
}

func newFake(t *testing.T, issuer string) *fake {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{issuer: issuer, key: key}
	f.Algorithms = []string{"ES256"}
	f.PublicKeys = []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: "1", Algorithm: "ES256"}}
	f.SetIssuer(issuer)
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.URL.Path != "/token" {
		f.Server.ServeHTTP(w, r)
		return
	}
	f.asked++
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": f.sign(f.claims)})
}

func (f *fake) tokens() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// sign returns a token with claims. Those that are nil are left out.
func (f *fake) sign(claims map[string]any) string {
	set := map[string]any{"iss": f.issuer, "aud": "app2", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix()}
	for name, value := range claims {
		if set[name] = value; value == nil {
			delete(set, name)
		}
	}
	text, err := json.Marshal(set)
	if err != nil {
		panic(err)
	}
	return oidctest.SignIDToken(f.key, "1", "ES256", string(text))
}

// browser keeps cookies, and follows a redirect when the test says so.
type browser struct {
	*rig

	http *http.Client
}

type page struct {
	status   int
	url      string
	location string
	body     string
}

func (r *rig) browser() *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{r, &http.Client{Transport: r.client.Transport, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

func (b *browser) do(method, url string, form url.Values, header ...string) page {
	b.t.Helper()
	if strings.HasPrefix(url, "/") {
		url = b.url + url
	}
	r, err := http.NewRequest(method, url, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return page{answer.StatusCode, url, answer.Header.Get("Location"), string(body)}
}

func (b *browser) get(url string) page {
	b.t.Helper()
	return b.do(http.MethodGet, url, nil)
}

// follow follows redirects to the page at their end.
func (b *browser) follow(p page) page {
	b.t.Helper()
	for p.location != "" {
		base, err := url.Parse(p.url)
		if err != nil {
			b.t.Fatal(err)
		}
		next, err := base.Parse(p.location)
		if err != nil {
			b.t.Fatal(err)
		}
		p = b.get(next.String())
	}
	return p
}

// begin opens a page that leads to a provider, and returns the authorization request.
func (b *browser) begin(path string) (authorize string, query url.Values) {
	b.t.Helper()
	p := b.get(path)
	u, err := url.Parse(p.location)
	if err != nil || p.status != http.StatusSeeOther || !u.IsAbs() {
		b.t.Fatalf("%s: got %d to %q %s, want a redirect to the provider", path, p.status, p.location, p.body)
	}
	return p.location, u.Query()
}

var hidden = regexp.MustCompile(`name="(\w+)" value="([^"]*)"`)

// login signs in at the real provider and returns its response.
func (b *browser) login(authorize, name, password string) page {
	b.t.Helper()
	form := b.follow(b.get(authorize))
	id := hidden.FindStringSubmatch(form.body)
	if id == nil {
		b.t.Fatalf("got %d %s, want the provider's form", form.status, form.body)
	}
	return b.do(http.MethodPost, b.local.URL+"/login", url.Values{"id": {id[2]}, "name": {name}, "password": {password}})
}

// signIn signs in as ada at the real provider.
func (b *browser) signIn() {
	b.t.Helper()
	authorize, _ := b.begin("/sign-in")
	if p := b.follow(b.login(authorize, "ada", "engine")); p.status != http.StatusOK || b.user() == "" {
		b.t.Fatalf("got %d %s, want a user", p.status, p.body)
	}
}

// user returns the name that the home page shows, or "".
func (b *browser) user() string {
	b.t.Helper()
	name := regexp.MustCompile(`id="name">([^<]*)`).FindStringSubmatch(b.get("/").body)
	if name == nil {
		return ""
	}
	return name[1]
}

// answerOther makes the controlled provider answer a sign-in with these claims.
func (b *browser) answerOther(query url.Values, claims map[string]any) page {
	b.t.Helper()
	return b.answer("other", b.other, query, claims)
}

func (b *browser) answer(key string, from *fake, query url.Values, claims map[string]any) page {
	b.t.Helper()
	all := map[string]any{"sub": "7", "name": "Eve", "nonce": query.Get("nonce"), "sid": "s1",
		"auth_time": b.now().Unix(), "exp": b.now().Add(time.Minute).Unix()}
	maps.Copy(all, claims)
	from.mu.Lock()
	from.claims = all
	from.mu.Unlock()
	return b.follow(b.get("/callback/" + key + "?" + url.Values{"state": {query.Get("state")}, "code": {"c"}}.Encode()))
}
