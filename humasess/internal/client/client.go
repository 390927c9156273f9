// Package client describes the client of a request by its user agent and address.
//
// A client chooses its user agent freely. So the package makes the text safe to show
// and to log, and programs must not decide anything by it.
package client

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// maxUserAgent is in bytes. Browsers send up to some 200.
const maxUserAgent = 256

// Of returns the user agent of a request and the truncated address of its connection:
// 24 bits of IPv4, 48 bits of IPv6. The address is the zero Prefix if the adapter does
// not know it.
func Of(ctx huma.Context) (userAgent string, address netip.Prefix) {
	addr := remoteAddr(ctx).Unmap()
	bits := 48
	if addr.Is4() {
		bits = 24
	}
	address, _ = addr.Prefix(bits) // the zero Prefix for the zero Addr
	return cleanUserAgent(ctx.Header("User-Agent")), address
}

// Clean returns a bounded user agent that can be shown and logged, and the address
// without the bits that its prefix does not cover.
func Clean(userAgent string, address netip.Prefix) (string, netip.Prefix) {
	addr, bits := address.Addr(), address.Bits()
	if addr.Is4In6() && bits >= 96 {
		address = netip.PrefixFrom(addr.Unmap(), bits-96)
	}
	return cleanUserAgent(userAgent), address.Masked()
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
