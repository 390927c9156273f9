package main

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores/memory"
)

// docs: begin cookies

// saveCookies keeps the cookies that the jar sends to the API. Call it after each answer
// with a Set-Cookie.
func saveCookies(jar http.CookieJar, api *url.URL, file TokenFile) error {
	var pairs []string
	for _, c := range jar.Cookies(api) {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return file.Save(strings.Join(pairs, "; "))
}

func loadCookies(jar http.CookieJar, api *url.URL, file TokenFile) error {
	line, err := file.Load()
	if err != nil || line == "" {
		return err
	}
	cookies, err := http.ParseCookie(line)
	for _, c := range cookies {
		c.Path, c.Secure = "/", api.Scheme == "https"
	}
	jar.SetCookies(api, cookies)
	return err
}

// docs: end

// TestCookieFile signs in, and reads with the jar of another process.
func TestCookieFile(t *testing.T) {
	t.Parallel()
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[User]{Identity: func(u User) string { return u.ID }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, _ := humasess.From[User](r.Context())
		switch user, ok := s.Get(); {
		case r.Method == http.MethodPost:
			if err := s.Start(User{ID: "ada"}); err != nil {
				t.Error(err)
			}
		case !ok || user.ID != "ada":
			w.WriteHeader(http.StatusUnauthorized)
		}
	})))
	t.Cleanup(server.Close)
	api, err := url.Parse(server.URL + "/api/v1")
	if err != nil {
		t.Fatal(err)
	}
	file := TokenFile(filepath.Join(t.TempDir(), "cookies"))
	for _, step := range []struct {
		method string
		want   int
	}{{http.MethodGet, 401}, {http.MethodPost, 200}, {http.MethodGet, 200}} {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := loadCookies(jar, api, file); err != nil {
			t.Fatal(err)
		}
		client := server.Client()
		client.Jar = jar
		req, err := http.NewRequestWithContext(t.Context(), step.method, server.URL+"/elsewhere", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != step.want {
			t.Errorf("%s: got %d, want %d", step.method, res.StatusCode, step.want)
		}
		if err := saveCookies(jar, api, file); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(string(file)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v and error %v, want mode 0600", info, err)
	}
}
