package humasess

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/payload"
)

// maxUserAgent is in bytes. Browsers send up to some 200.
const maxUserAgent = 256

// Client describes the client of a session's last sign-in, as Options.Client
// returned it. The client chooses its user agent freely, so programs must not
// decide anything by it.
type Client struct {
	UserAgent string       `json:"user_agent,omitempty" doc:"User agent of the client."`                // without control characters, "" if not noted
	Address   netip.Prefix `json:"address,omitzero" doc:"Address of the client, or the network of it."` // of /32 or /128 when it is a full one, the zero value if not noted
}

// ClientOf returns the user agent of a request and the truncated address of its
// connection: 24 bits of IPv4, 48 bits of IPv6. It is for Options.Client.
//
// Behind a proxy, the address of the connection is that of the proxy. There,
// Options.Client needs a function that reads the header that the proxy sets.
// ClientOf trusts no header, because clients can send any header.
func ClientOf(ctx huma.Context) Client {
	c := Client{UserAgent: cleanUserAgent(ctx.Header("User-Agent"))}
	addr := remoteAddr(ctx).Unmap()
	bits := 48
	if addr.Is4() {
		bits = 24
	}
	c.Address, _ = addr.Prefix(bits) // the zero Prefix for the zero Addr
	return c
}

// remoteAddr returns the address of the connection, or the zero Addr if the
// adapter does not know it.
func remoteAddr(ctx huma.Context) netip.Addr {
	text := ctx.RemoteAddr()
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr()
	}
	addr, _ := netip.ParseAddr(text)
	return addr
}

// client returns the client of the request for the payload, or nil if there is
// no request or nothing to capture.
func (s *state[T]) client() []byte {
	if s.r == nil || s.m.opts.Client == nil {
		return nil
	}
	c := s.m.opts.Client(s.r.Incoming()).clean()
	return payload.EncodeClient(c.UserAgent, c.Address)
}

// keptClient returns the part of an earlier client that a write keeps: nothing
// when the manager no longer captures clients.
func (o *Options[T]) keptClient(client []byte) []byte {
	if o.Client == nil {
		return nil
	}
	return client
}

// clean returns the client with a bounded user agent that can be shown and
// logged, and without the address bits that its prefix does not cover.
func (c Client) clean() Client {
	addr, bits := c.Address.Addr(), c.Address.Bits()
	if addr.Is4In6() && bits >= 96 {
		c.Address = netip.PrefixFrom(addr.Unmap(), bits-96)
	}
	return Client{UserAgent: cleanUserAgent(c.UserAgent), Address: c.Address.Masked()}
}

// cleanUserAgent returns a copy without invisible characters, of bounded length.
func cleanUserAgent(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == utf8.RuneError || !unicode.IsGraphic(r):
			continue
		case b.Len()+utf8.RuneLen(r) > maxUserAgent:
			return b.String()
		}
		b.WriteRune(r)
	}
	return b.String()
}

func decodeClient(b []byte) (c Client) {
	c.UserAgent, c.Address = payload.DecodeClient(b)
	return c
}

// sign is a part of a user agent and what it stands for.
type sign struct{ part, name string }

// Browsers say that they are their ancestors, too: the first that fits counts.
var browsers = []sign{
	{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"Edge/", "Edge"},
	{"OPR/", "Opera"}, {"OPT/", "Opera"}, {"OPiOS/", "Opera"},
	{"SamsungBrowser/", "Samsung Internet"}, {"YaBrowser/", "Yandex Browser"}, {"Vivaldi/", "Vivaldi"},
	{"DuckDuckGo/", "DuckDuckGo"}, {"Ddg/", "DuckDuckGo"}, {"UCBrowser/", "UC Browser"}, {"Electron/", "Desktop app"},
	{"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"},
	{"CriOS/", "Chrome"}, {"; wv)", "Android app"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"},
	{"Trident/", "Internet Explorer"}, {"MSIE ", "Internet Explorer"},
	{"Safari/", "Safari"}, {"AppleWebKit/", "App"},
}

var systems = []sign{
	{"iPhone", "iPhone"}, {"iPod", "iPod"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
	{"Windows", "Windows"}, {"Macintosh", "macOS"}, {"Linux", "Linux"}, {"X11", "Unix"},
}

func find(signs []sign, text string) string {
	for _, s := range signs {
		if strings.Contains(text, s.part) {
			return s.name
		}
	}
	return ""
}

// Label describes the client to its user, as "Firefox on Windows", or by the
// name of a program that is no browser, as "curl". It is "" when nothing is
// known. Browsers hide more than that, and anybody may say anything: show it,
// and decide nothing by it.
func (c Client) Label() string {
	browser, system := find(browsers, c.UserAgent), find(systems, c.UserAgent)
	switch {
	case browser == "" && system == "":
		return program(c.UserAgent)
	case browser == "":
		return system
	case system == "" || browser == "Android app":
		return browser
	}
	return browser + " on " + system
}

// program is the first product of a user agent (RFC 9110 § 10.1.5), if it is
// short and plain.
func program(userAgent string) string {
	name, _, _ := strings.Cut(userAgent, "/")
	if len(name) > 40 || name == "Mozilla" || strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._ ", r)
	}) {
		return ""
	}
	return name
}
