package apps_test

import (
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/humasess/sessions/examples/apps/frontend/site"
	"github.com/humasess/sessions/internal/e2e/browser"
	"github.com/humasess/sessions/stores/memory"
)

// docs: begin proxy

// developmentProxy serves the page, and forwards /api to the API on another port, as the
// development servers of front-end tools do.
func developmentProxy(page http.Handler, api *url.URL) http.Handler {
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(api)
		r.Out.Host = r.In.Host // websockets need the browser's Host
	}}
	mux := http.NewServeMux()
	mux.Handle("/", page)
	mux.Handle("/api/", http.StripPrefix("/api", proxy))
	return mux
}

// docs: end

func TestDevelopmentProxy(t *testing.T) {
	for _, tt := range []struct {
		name     string
		keepHost bool
	}{{"the proxy keeps the Host", true}, {"the proxy replaces the Host", false}} {
		t.Run("F1 "+tt.name, func(t *testing.T) {
			pageOrigin, page := serve(t, "http://localhost")
			apiOrigin, api := serve(t, "http://localhost")
			var log buffer
			handler, err := site.NewAPI(memory.New(nil), site.Options{
				FrontEnds: []string{"https://app.example.com"}, // the page's origin is not needed
				Cookie:    plain,
				Logger:    slog.New(slog.NewTextHandler(&log, nil)),
			})
			if err != nil {
				t.Fatal(err)
			}
			api.set(handler)
			target, err := url.Parse(apiOrigin)
			if err != nil {
				t.Fatal(err)
			}
			if tt.keepHost {
				page.set(developmentProxy(html(probing), target))
			} else {
				mux := http.NewServeMux()
				mux.Handle("/", html(probing))
				mux.Handle("/api/", http.StripPrefix("/api", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}))
				page.set(mux)
			}
			tab := browser.New(t).Open(pageOrigin)
			if got := browser.Eval[string](tab, `probe("/api", "include")`); got != "204 200" {
				t.Errorf("sign-in and read: got %s, want 204 200; log %s", got, log.String())
			}
			if got := log.String(); got != "" {
				t.Errorf("log: got %s, want nothing", got)
			}
		})
	}
}
