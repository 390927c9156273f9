package humasess_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
)

const droppedMessage = "browsers drop the session cookie"

// droppedWarnings returns the warnings in the log about dropped cookies.
func (r *rig[T]) droppedWarnings() []string {
	var lines []string
	for line := range strings.Lines(r.log.String()) {
		if strings.Contains(line, droppedMessage) {
			lines = append(lines, line)
		}
	}
	return lines
}

// refusals takes the events of refused requests.
func (r *rig[T]) refusals() []events.Event {
	return slices.DeleteFunc(r.events.take(), func(e events.Event) bool { return e.Kind != events.Refused })
}

func TestDroppedCookie(t *testing.T) {
	const app = "https://app.example"
	fetch := []string{"Origin", app, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}
	for _, tt := range []struct {
		name    string
		cookie  humasess.CookieOptions
		host    string
		headers []string
		want    []string // in the warning; none without one
	}{
		{"another site", humasess.CookieOptions{}, "api.test", fetch, []string{"SameSite=Lax", "app.example", "api.test", "Options.Cookie.SameSite", "post-login", cookieName}},
		{"another site, Strict", humasess.CookieOptions{SameSite: http.SameSiteStrictMode}, "api.test", fetch, []string{"SameSite=Lax or Strict"}},
		{"another site, None", humasess.CookieOptions{SameSite: http.SameSiteNoneMode}, "api.test", fetch, nil},
		{"same site", humasess.CookieOptions{}, "api.test", []string{"Origin", app, "Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "cors"}, nil},
		{"a form", humasess.CookieOptions{}, "api.test", []string{"Origin", app, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, nil},
		{
			"a form in a frame", humasess.CookieOptions{}, "api.test",
			[]string{"Origin", app, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, []string{"SameSite"},
		},
		{
			"a page in a frame of another site", humasess.CookieOptions{}, "api.test",
			[]string{"Origin", "https://api.test", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Storage-Access", "active"},
			[]string{"in a frame of another site", "Options.Cookie.Partitioned"},
		},
		{
			"the user blocks cookies of other sites", humasess.CookieOptions{SameSite: http.SameSiteNoneMode}, "api.test",
			append([]string{"Sec-Fetch-Storage-Access", "none"}, fetch...), []string{"the user blocks cookies of other sites", "Options.Cookie.Partitioned"},
		},
		{
			"the user blocks cookies of other sites, Partitioned", humasess.CookieOptions{SameSite: http.SameSiteNoneMode, Partitioned: true}, "api.test",
			append([]string{"Sec-Fetch-Storage-Access", "none"}, fetch...), nil,
		},
		{"no browser", humasess.CookieOptions{}, "api.test", nil, nil},
		{"plain http", humasess.CookieOptions{}, "10.0.0.7:8888", []string{"Origin", "http://10.0.0.7:8888"}, []string{"plain http", "InsecureAllowHTTP", "10.0.0.7:8888"}},
		{"plain http, allowed", humasess.CookieOptions{InsecureAllowHTTP: true, Name: cookieName[len("__Host-"):]}, "10.0.0.7", []string{"Origin", "http://10.0.0.7"}, nil},
		{"plain http on localhost", humasess.CookieOptions{}, "localhost:8888", []string{"Origin", "http://localhost:8888"}, nil},
		{"plain http on 127.0.0.1", humasess.CookieOptions{}, "127.0.0.1:8888", []string{"Origin", "http://127.0.0.1:8888"}, nil},
		{"plain http on ::1", humasess.CookieOptions{}, "[::1]:8888", []string{"Origin", "http://[::1]:8888"}, nil},
		{"plain http below localhost", humasess.CookieOptions{}, "app.localhost", []string{"Origin", "http://app.localhost"}, nil},
		{"https behind a proxy", humasess.CookieOptions{}, "api.example", []string{"Origin", "https://api.example", "Sec-Fetch-Site", "same-origin"}, nil},
		{
			"a foreign Domain", humasess.CookieOptions{Name: "id", Domain: "example.com"}, "api.test",
			[]string{"Origin", "https://api.test", "Sec-Fetch-Site", "same-origin"}, []string{"Options.Cookie.Domain"},
		},
		{
			"a foreign Domain, the Host is that of a proxy", humasess.CookieOptions{Name: "id", Domain: "example.com"}, "upstream",
			[]string{"Origin", "https://API.example.com:8443", "Sec-Fetch-Site", "same-origin"}, nil,
		},
		{"Domain is the host", humasess.CookieOptions{Name: "id", Domain: "Example.com"}, "example.com", []string{"Origin", "https://example.com"}, nil},
		{"Domain ends alike", humasess.CookieOptions{Name: "id", Domain: "example.com"}, "evil-example.com", []string{"Origin", "https://evil-example.com"}, []string{"Domain"}},
	} {
		t.Run("C7 "+tt.name, func(t *testing.T) {
			o := accountOptions()
			o.Cookie, o.TrustedOrigins = tt.cookie, []string{app}
			r := newRig(t, o)
			c := r.client()
			for range 2 { // the second one is not logged again
				w := r.loginCall(c, start(account{ID: "u1"}), withHost(tt.host), withHeaders(tt.headers...))
				wantStatus(t, w, http.StatusNoContent)
			}
			got := r.droppedWarnings()
			if len(got) != min(len(tt.want), 1) {
				t.Fatalf("warnings: got %q, want %d", got, min(len(tt.want), 1))
			}
			if len(got) == 1 {
				wantText(t, "warning", got[0], append(tt.want, "level=WARN")...)
			}
		})
	}
	t.Run("C7 a response without a cookie", func(t *testing.T) {
		o := accountOptions()
		o.TrustedOrigins = []string{app}
		r := newRig(t, o)
		wantStatus(t, r.call(r.client(), nothing[account], withHeaders(fetch...)), http.StatusNoContent)
		if got := r.droppedWarnings(); len(got) != 0 {
			t.Errorf("got %q, want none", got)
		}
	})
}

func TestDroppedCookieWarningsAreBounded(t *testing.T) {
	o := accountOptions()
	o.TrustOrigin = func(context.Context, string) bool { return true }
	r := newRig(t, o)
	from := func(origin string) {
		t.Helper()
		w := r.loginCall(r.client(), start(account{ID: "u1"}),
			withHeaders("Origin", origin, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors"))
		wantStatus(t, w, http.StatusNoContent)
	}
	t.Run("C7 a client cannot fill the log", func(t *testing.T) {
		for i := range 40 {
			from(fmt.Sprintf("https://app%d.example", i))
		}
		if got := len(r.droppedWarnings()); got != 16 {
			t.Errorf("warnings of 40 origins: got %d, want 16", got)
		}
	})
}

// The program learns which origin was refused, and the client does not.
func TestRefusedOriginIsExplained(t *testing.T) {
	o := accountOptions()
	o.RejectCrossSiteReads = true
	r := newRig(t, o)
	doors := bothDoors(r)
	long := "https://" + strings.Repeat("a", 9000)
	for _, tt := range []struct {
		name, method, origin string
		want                 []string
		not                  string
	}{
		{"a write", http.MethodPost, "https://app.example", []string{"https://app.example", "api.test:8443", "Options.TrustedOrigins", "Options.TrustOrigin"}, "RejectCrossSiteReads"},
		{"a read", http.MethodGet, "https://app.example", []string{"https://app.example", "Options.TrustedOrigins", "Options.RejectCrossSiteReads"}, "\n"},
		{"no origin that can be trusted", http.MethodPost, "null", []string{`null`}, "TrustedOrigins"},
		{"a hostile origin", http.MethodPost, "https://a\" level=ERROR\x1b[2J", []string{`\x1b[2J`}, "\x1b"},
		{"a long origin", http.MethodPost, long, []string{"Options.TrustedOrigins"}, strings.Repeat("a", 300)},
	} {
		for door, c := range doors {
			t.Run("E1 "+tt.name+", "+door, func(t *testing.T) {
				w := c.Do(tt.method, "/x", nil, withHost("api.test:8443"), withHeaders("Origin", tt.origin, "Sec-Fetch-Site", "cross-site"))
				wantStatus(t, w, http.StatusForbidden)
				all := r.refusals()
				if len(all) != 1 {
					t.Fatalf("events: got %v, want one", all)
				}
				got := all[0].Err.Error()
				wantText(t, "error", got, tt.want...)
				if strings.Contains(got, tt.not) {
					t.Errorf("error: got %q, want no %q", got, tt.not)
				}
				if operation := strings.Contains(got, "AllowCrossSite"); operation != (door == "operation") {
					t.Errorf("AllowCrossSite in %q: got %v, want only for operations", got, operation)
				}
				if body := w.Body.String(); strings.Contains(body, "Options.") || strings.Contains(body, "app.example") {
					t.Errorf("the client got %q", body)
				}
			})
		}
	}
	t.Run("E1 a page", func(t *testing.T) {
		c := humasesstest.NewClient(r.sessions.Pages(nil)(http.NotFoundHandler()))
		r.events.take()
		wantStatus(t, c.Do(http.MethodPost, "/x", nil, withHeaders("Origin", "null", "Sec-Fetch-Site", "cross-site")), http.StatusForbidden)
		if all := r.refusals(); len(all) != 1 || !strings.Contains(all[0].Err.Error(), "PageOptions.AllowCrossSite") {
			t.Errorf("events: got %v, want PageOptions.AllowCrossSite", all)
		}
	})
	wantText(t, "log", r.log.String(), "level=WARN", `session refused`, `reason=cross_origin`, `https://app.example`)
}

// withHost sets the Host of a request.
func withHost(host string) func(*http.Request) {
	return func(req *http.Request) { req.Host = host }
}
