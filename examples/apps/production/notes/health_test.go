package notes_test

import (
	"testing"

	"github.com/humasess/sessions/humasess/humasesstest"
)

// TestOutage stops the server and starts it again. The user stays signed in.
func TestOutage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	app := r.start()
	c := humasesstest.NewClient(app)
	r.all([]step{
		{"sign up", c, "POST", "/sign-up", credentials("ada", first), 204},
		{"alive", c, "GET", "/livez", nil, 200},
		{"ready", c, "GET", "/readyz", nil, 200},
	})
	cookie := c.Cookie(app.Sessions().CookieName())
	r.server.Stop(t)
	r.all([]step{
		{"alive without the server", c, "GET", "/livez", nil, 200},
		{"not ready", c, "GET", "/readyz", nil, 503},
		{"no session can be loaded", c, "GET", "/notes", nil, 503},
		{"no login", c.Clone(), "POST", "/login", credentials("ada", first), 503},
	})
	if w := c.Do("GET", "/notes", nil); w.Header().Get("Retry-After") == "" {
		t.Error("the 503 has no Retry-After")
	}
	if w := humasesstest.NewClient(app).Do("POST", "/login", credentials("ada", first)); w.Header().Get("Retry-After") == "" {
		t.Error("the 503 of a login has no Retry-After")
	}
	r.server.Restart(t)
	r.all([]step{
		{"ready again", c, "GET", "/readyz", nil, 200},
		{"still signed in", c, "GET", "/notes", nil, 200},
	})
	if got := c.Cookie(app.Sessions().CookieName()); got != cookie {
		t.Error("the outage has changed the cookie")
	}
	app.Drain()
	r.all([]step{
		{"not ready while it shuts down", c, "GET", "/readyz", nil, 503},
		{"but requests still work", c, "GET", "/notes", nil, 200},
	})
}
