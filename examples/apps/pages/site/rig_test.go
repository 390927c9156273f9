package site_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/humasess/sessions/examples/apps/pages/site"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// visitor is a browser without JavaScript.
type visitor struct {
	t      *testing.T
	origin string
	client *http.Client
}

// answer is a page, or a redirect, which the visitor does not follow.
type answer struct {
	status int
	header http.Header
	body   string
}

func newSite(t *testing.T) (*humasesstest.Store, *visitor) {
	t.Helper()
	store := humasesstest.Wrap(memory.New(nil))
	app, err := site.New(store, nil)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(app)
	t.Cleanup(func() {
		server.Close()
		if err := app.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	client := server.Client()
	client.Jar, _ = cookiejar.New(nil) // never fails
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return store, &visitor{t, server.URL, client}
}

// ask sends a request as a page of the site does: with the form if it is not nil, and
// with more headers in pairs.
func (v *visitor) ask(method, path string, form url.Values, header ...string) answer {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.origin+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Sec-Fetch-Mode", "navigate")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := v.client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

func (v *visitor) get(path string) answer { v.t.Helper(); return v.ask(http.MethodGet, path, nil) }

func (v *visitor) post(path string, pairs ...string) answer {
	v.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return v.ask(http.MethodPost, path, form)
}

// login signs in and returns the address of the next page.
func (v *visitor) login(name, password string) string {
	v.t.Helper()
	return v.next(v.post("/login", "name", name, "password", password))
}

// next returns the address of a 303.
func (v *visitor) next(a answer) string {
	v.t.Helper()
	a.want(v.t, http.StatusSeeOther)
	return a.header.Get("Location")
}

// want checks the status, and that the page shows texts. A text that begins with "!" must
// not be there.
func (a answer) want(t *testing.T, status int, texts ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("got %d, want %d: %s", a.status, status, a.body)
	}
	for _, text := range texts {
		missing, unwanted := strings.CutPrefix(text, "!")
		if strings.Contains(a.body, missing) == unwanted {
			t.Errorf("got %s, want %q", a.body, text)
		}
	}
}

// field returns the first match of a group in the page.
func (a answer) field(t *testing.T, expression string) string {
	t.Helper()
	found := regexp.MustCompile(expression).FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("got %s, want %s", a.body, expression)
	}
	return found[1]
}
