package notes_test

import (
	"net/http"
	"net/netip"
	"strconv"
	"testing"

	"github.com/humasess/sessions/humasess/humasesstest"
)

// TestLimits tries passwords until the limits refuse more. Windows of the counters slide,
// so a slow machine may let a few more attempts through.
func TestLimits(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	app := r.start()
	c := humasesstest.NewClient(app)
	from := func(address string) func(*http.Request) {
		return func(r *http.Request) { r.RemoteAddr = address + ":1234" }
	}
	// attempts returns the number of attempts until the first 429.
	attempts := func(name func(int) string, address func(int) string) int {
		for i := range 200 {
			w := c.Do("POST", "/login", credentials(name(i), second), from(address(i)))
			if w.Code == http.StatusTooManyRequests {
				if after, _ := strconv.Atoi(w.Header().Get("Retry-After")); after < 1 {
					t.Errorf("got Retry-After %q, want seconds", w.Header().Get("Retry-After"))
				}
				return i
			}
		}
		return -1
	}
	numbered := func(prefix string) func(int) string { return func(i int) string { return prefix + strconv.Itoa(i) } }
	fixed := func(s string) func(int) string { return func(int) string { return s } }
	if got := attempts(fixed("ada"), numbered("192.0.2.")); got < 10 || got > 40 {
		t.Errorf("one name from many addresses: got %d attempts, want 10", got)
	}
	if got := attempts(numbered("user"), fixed("198.51.100.7")); got < 30 || got > 120 {
		t.Errorf("many names from one address: got %d attempts, want 30", got)
	}
	if w := c.Do("GET", "/readyz", nil, from("198.51.100.7")); w.Code != http.StatusOK {
		t.Errorf("another operation from that address: got %d, want 200", w.Code)
	}
	if w := c.Do("POST", "/login", credentials("eve", second), from("203.0.113.9")); w.Code != http.StatusUnauthorized {
		t.Errorf("another name from another address: got %d, want 401", w.Code)
	}
}

// TestForgedAddress reaches the process past its proxies, with the header of a proxy.
// Each address may try 30 passwords in a minute.
func TestForgedAddress(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	app := r.start()
	c := humasesstest.NewClient(app)
	refused := func(remote string, forwarded func(int) string) bool {
		for i := range 70 {
			w := c.Do("POST", "/login", credentials("user"+strconv.Itoa(i), second), func(r *http.Request) {
				r.RemoteAddr = remote
				r.Header.Set("X-Forwarded-For", forwarded(i))
			})
			if w.Code == http.StatusTooManyRequests {
				return true
			}
		}
		return false
	}
	if !refused("198.51.100.7:1234", func(i int) string { return "192.0.2." + strconv.Itoa(i) }) {
		t.Error("a client that forges the header: got no 429, want one, because the connection is not of a proxy")
	}
	if refused("10.1.2.3:1234", func(i int) string { return "203.0.113." + strconv.Itoa(i) }) {
		t.Error("many clients of a proxy: got a 429, want none")
	}
	if !refused("10.1.2.3:1234", func(i int) string { return "192.0.2." + strconv.Itoa(i) + ", 198.51.100.8" }) {
		t.Error("a client that forges the part before its address: got no 429, want one")
	}
}
