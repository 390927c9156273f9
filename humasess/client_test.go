package humasess_test

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

const firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"

// from is a request of a client with this user agent and address.
func from(userAgent, addr string) func(*http.Request) {
	return func(req *http.Request) {
		req.Header.Set("User-Agent", userAgent)
		req.RemoteAddr = addr
		req.Header.Set("X-Real-IP", "198.51.100.77")
	}
}

// clientOf returns the Client of the client's own session in List.
func clientOf(t *testing.T, r *rig[account], c *humasesstest.Client) humasess.Client {
	t.Helper()
	var got humasess.Client
	r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
		all, err := s.List(ctx)
		if err != nil || len(all) != 1 {
			t.Fatalf("List: got %d, %v, want 1", len(all), err)
		}
		got = all[0].Client
		return nil
	})
	return got
}

// userAgent captures the user agent alone.
func userAgent(ctx huma.Context) humasess.Client {
	return humasess.Client{UserAgent: ctx.Header("User-Agent")}
}

// address captures an address alone, as it is in the text.
func address(text string) humasess.Client {
	at, err := netip.ParseAddrPort(text)
	addr := at.Addr()
	if err != nil {
		addr, _ = netip.ParseAddr(text)
	}
	return humasess.Client{Address: netip.PrefixFrom(addr, addr.BitLen())}
}

func fullAddress(ctx huma.Context) humasess.Client { return address(ctx.RemoteAddr()) }

func proxiedAddress(ctx huma.Context) humasess.Client { return address(ctx.Header("X-Real-IP")) }

func network(ctx huma.Context) humasess.Client {
	return humasess.Client{Address: humasess.ClientOf(ctx).Address}
}

func fullClient(ctx huma.Context) humasess.Client {
	return humasess.Client{UserAgent: ctx.Header("User-Agent"), Address: fullAddress(ctx).Address}
}

// prefix returns a function that captures this text.
func prefix(text string) func(huma.Context) humasess.Client {
	return func(huma.Context) humasess.Client { return humasess.Client{Address: netip.MustParsePrefix(text)} }
}

func TestClient(t *testing.T) {
	long := "x/1 " + strings.Repeat("é", 300)
	for _, tt := range []struct {
		name            string
		client          func(huma.Context) humasess.Client
		userAgent, addr string
		wantUserAgent   string
		wantAddress     string // "" is none
	}{
		{"nothing by default", nil, firefox, "203.0.113.9:4711", "", ""},
		{"ClientOf", humasess.ClientOf, firefox, "203.0.113.9:4711", firefox, "203.0.113.0/24"},
		{"ClientOf without an address", humasess.ClientOf, firefox, "@", firefox, ""},
		{"ClientOf without control characters", humasess.ClientOf, "a\tb\u202ec\x7f d\xff", "@", "abc d", ""},
		{"ClientOf of bounded length", humasess.ClientOf, long, "@", long[:256], ""},
		{"the user agent alone", userAgent, firefox, "203.0.113.9:4711", firefox, ""},
		{"a full address", fullAddress, firefox, "203.0.113.9:4711", "", "203.0.113.9/32"},
		{"a truncated one", network, firefox, "203.0.113.9:4711", "", "203.0.113.0/24"},
		{"a full IPv6 one", fullAddress, firefox, "[2001:db8:1:2::3]:4711", "", "2001:db8:1:2::3/128"},
		{"a truncated IPv6 one", network, firefox, "[2001:db8:1:2::3]:4711", "", "2001:db8:1::/48"},
		{"IPv4 in IPv6", network, firefox, "[::ffff:203.0.113.9]:1", "", "203.0.113.0/24"},
		{"full IPv4 in IPv6", fullAddress, firefox, "[::ffff:203.0.113.9]:1", "", "203.0.113.9/32"},
		{"with a zone", fullAddress, firefox, "[fe80::1%eth0]:1", "", "fe80::1/128"},
		{"truncated with a zone", network, firefox, "[fe80::1%eth0]:1", "", "fe80::/48"},
		{"without a port", fullAddress, firefox, "203.0.113.9", "", "203.0.113.9/32"},
		{"truncated without a port", network, firefox, "203.0.113.9", "", "203.0.113.0/24"},
		{"no address", fullClient, firefox, "@", firefox, ""},
		{"the address of the proxy's header", proxiedAddress, "", "10.0.0.1:1", "", "198.51.100.77/32"},
		{"bits beyond the prefix", prefix("203.0.113.9/24"), "", "@", "", "203.0.113.0/24"},
		{"bits beyond a prefix of IPv4 in IPv6", prefix("::ffff:203.0.113.9/120"), "", "@", "", "203.0.113.0/24"},
		{"a prefix that no address has", func(huma.Context) humasess.Client {
			return humasess.Client{Address: netip.PrefixFrom(netip.MustParseAddr("203.0.113.9"), 33)}
		}, "", "@", "", ""},
		{"without control characters", userAgent, "a\tb\u202ec\x7f d\xff", "203.0.113.9:1", "abc d", ""},
		{"of bounded length", userAgent, long, "203.0.113.9:1", long[:256], ""},
	} {
		t.Run("E4 "+tt.name, func(t *testing.T) {
			opts := accountOptions()
			opts.Client = tt.client
			r := newRig(t, opts)
			c := r.client()
			wantStatus(t, r.loginCall(c, start(account{ID: "u1"}), from(tt.userAgent, tt.addr)), http.StatusNoContent)
			got := clientOf(t, r, c)
			address := ""
			if got.Address.IsValid() {
				address = got.Address.String()
			}
			if got.UserAgent != tt.wantUserAgent || address != tt.wantAddress {
				t.Errorf("got %q from %q, want %q from %q", got.UserAgent, address, tt.wantUserAgent, tt.wantAddress)
			}
		})
	}

	opts := accountOptions()
	opts.Client = fullClient

	t.Run("E4 a request that proves nothing changes nothing", func(t *testing.T) {
		r := newRig(t, opts)
		c := r.client()
		r.loginCall(c, start(account{ID: "u1"}), from(firefox, "203.0.113.9:1"))
		for _, f := range []handler[account]{nothing[account], increment, renew[account]} {
			wantStatus(t, r.call(c, f, from("thief", "198.51.100.1:1")), http.StatusNoContent)
		}
		if got := clientOf(t, r, c); got.UserAgent != firefox || got.Address.String() != "203.0.113.9/32" {
			t.Errorf("got %+v, want the client of the sign-in", got)
		}
	})

	t.Run("E4 a new authentication records the client again", func(t *testing.T) {
		r := newRig(t, opts)
		c := r.client()
		r.loginCall(c, start(account{ID: "u1"}), from(firefox, "203.0.113.9:1"))
		w := r.call(c, func(_ context.Context, s *humasess.Session[account]) error { return s.Reauthenticated("pwd") }, from("curl/8.5.0", "198.51.100.1:1"))
		wantStatus(t, w, http.StatusNoContent)
		if got := clientOf(t, r, c); got.UserAgent != "curl/8.5.0" || got.Address.String() != "198.51.100.1/32" {
			t.Errorf("got %+v, want the client that has authenticated last", got)
		}
	})

	t.Run("E4 without Options.Client the next write erases", func(t *testing.T) {
		r := newRig(t, opts)
		c := r.client()
		r.loginCall(c, start(account{ID: "u1"}), from(firefox, "203.0.113.9:1"))
		off := accountOptions()
		off.Now = r.clock.Now
		without, err := humasess.New(r.store, &off)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := without.UpdateIdentity(t.Context(), "u1", func(*account) error { return nil }); n != 1 || err != nil {
			t.Fatalf("UpdateIdentity: got %d, %v, want 1", n, err)
		}
		if got := clientOf(t, r, c); got != (humasess.Client{}) {
			t.Errorf("got %+v, want nothing", got)
		}
	})

	t.Run("E4 outside of a request there is no client", func(t *testing.T) {
		r := newRig(t, opts)
		if got := clientOf(t, r, r.signedIn(account{ID: "u1"})); got != (humasess.Client{}) {
			t.Errorf("got %+v, want nothing", got)
		}
	})
}

func TestLabel(t *testing.T) {
	const (
		webkit = "AppleWebKit/537.36 (KHTML, like Gecko) "
		apple  = "AppleWebKit/605.1.15 (KHTML, like Gecko) "
		win    = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) "
		mac    = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) "
		linux  = "Mozilla/5.0 (X11; Linux x86_64) "
		phone  = "Mozilla/5.0 (Linux; Android 10; K) "
		iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) "
		ipad   = "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) "
		chrome = webkit + "Chrome/138.0.0.0 Safari/537.36"
		mobile = webkit + "Chrome/138.0.0.0 Mobile Safari/537.36"
	)
	for _, tt := range []struct{ userAgent, want string }{
		{firefox, "Firefox on Windows"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on macOS"},
		{"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux"},
		{"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"},
		{"Mozilla/5.0 (X11; OpenBSD amd64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Unix"},
		{"Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Firefox on Android"},
		{iphone + apple + "FxiOS/140.0 Mobile/15E148 Safari/605.1.15", "Firefox on iPhone"},
		{win + chrome, "Chrome on Windows"},
		{mac + chrome, "Chrome on macOS"},
		{linux + chrome, "Chrome on Linux"},
		{"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) " + chrome, "Chrome on ChromeOS"},
		{phone + mobile, "Chrome on Android"},
		{iphone + apple + "CriOS/138.0.7204.53 Mobile/15E148 Safari/604.1", "Chrome on iPhone"},
		{ipad + apple + "CriOS/138.0.7204.53 Mobile/15E148 Safari/604.1", "Chrome on iPad"},
		{linux + webkit + "HeadlessChrome/138.0.0.0 Safari/537.36", "Chrome on Linux"},
		{linux + webkit + "Ubuntu Chromium/80.0.3987.87 Chrome/80.0.3987.87 Safari/537.36", "Chromium on Linux"},
		{win + chrome + " Edg/138.0.0.0", "Edge on Windows"},
		{mac + chrome + " Edg/138.0.0.0", "Edge on macOS"},
		{phone + mobile + " EdgA/138.0.0.0", "Edge on Android"},
		{iphone + apple + "Version/18.0 EdgiOS/138.0.3351.65 Mobile/15E148 Safari/604.1", "Edge on iPhone"},
		{win + webkit + "Chrome/64.0.3282.140 Safari/537.36 Edge/18.17763", "Edge on Windows"},
		{win + chrome + " OPR/120.0.0.0", "Opera on Windows"},
		{phone + mobile + " OPR/90.0.0.0", "Opera on Android"},
		{iphone + apple + "Version/18.5 Mobile/15E148 Safari/604.1 OPT/5.6.0", "Opera on iPhone"},
		{"Mozilla/5.0 (Linux; Android 10; K) " + webkit + "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36", "Samsung Internet on Android"},
		{win + webkit + "Chrome/136.0.0.0 YaBrowser/25.6.0.0 Safari/537.36", "Yandex Browser on Windows"},
		{win + chrome + " Vivaldi/7.4.3684.52", "Vivaldi on Windows"},
		{mac + apple + "Version/18.5 Safari/605.1.15 Ddg/18.5", "DuckDuckGo on macOS"},
		{mac + apple + "Version/18.5 Safari/605.1.15", "Safari on macOS"},
		{iphone + apple + "Version/18.5 Mobile/15E148 Safari/604.1", "Safari on iPhone"},
		{ipad + apple + "Version/18.5 Mobile/15E148 Safari/604.1", "Safari on iPad"},
		{iphone + apple + "Mobile/15E148", "App on iPhone"},
		{"Mozilla/5.0 (Linux; Android 15; Pixel 9 Build/AP4A; wv) " + webkit + "Version/4.0 Chrome/138.0.0.0 Mobile Safari/537.36", "Android app"},
		{mac + webkit + "Slack/4.44 Chrome/134.0.0.0 Electron/35.1.5 Safari/537.36", "Desktop app on macOS"},
		{"Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko", "Internet Explorer on Windows"},
		{"Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)", "Internet Explorer on Windows"},
		{"Dalvik/2.1.0 (Linux; U; Android 15; Pixel 9)", "Android"},
		{"curl/8.5.0", "curl"},
		{"Wget/1.21.4", "Wget"},
		{"python-requests/2.32.4", "python-requests"},
		{"Go-http-client/2.0", "Go-http-client"},
		{"okhttp/4.12.0", "okhttp"},
		{"Mozilla/5.0", ""},
		{"", ""},
		{"<script>alert(1)</script>", ""},
		{strings.Repeat("a", 41) + "/1", ""},
	} {
		if got := (humasess.Client{UserAgent: tt.userAgent}).Label(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.userAgent, got, tt.want)
		}
	}
}
