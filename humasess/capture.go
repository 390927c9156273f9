package humasess

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// Capture is what a sign-in notes about its client, for a page that shows
// users where they are signed in, and for their support. The zero value notes
// nothing. It is noted by Start and by Reauthenticated, where the user has
// proved who they are, and by nothing else: who has stolen a cookie cannot
// rewrite it. It is kept with the session and ends with it; with the zero
// Capture, the next write of a session erases what it has.
type Capture struct {
	// UserAgent notes the header of that name, up to 256 bytes of it. The
	// default is false.
	UserAgent bool

	// Address notes where the request came from. The default is NoAddress.
	Address AddressCapture

	// AddressOf returns the client's address, or the zero one if it is not
	// known. Behind a proxy it has to read the header that this proxy sets, and
	// that no client can: nothing is trusted by itself. The default is the
	// address of the connection.
	AddressOf func(huma.Context) netip.Addr
}

// AddressCapture is how much of an address is noted.
type AddressCapture uint8

const (
	// NoAddress notes nothing.
	NoAddress AddressCapture = iota

	// TruncatedAddress notes the network: 24 bits of IPv4, 48 of IPv6.
	TruncatedAddress

	// FullAddress notes all of it.
	FullAddress
)

// maxUserAgent is in bytes. Browsers send up to some 200.
const maxUserAgent = 256

// Client is what Options.Capture has noted of a session's client. All of it is
// what the client says, but for the address.
type Client struct {
	UserAgent string       `json:"user_agent,omitempty" doc:"User agent of the client."`                // without control characters, "" if not noted
	Address   netip.Prefix `json:"address,omitzero" doc:"Address of the client, or the network of it."` // of /32 or /128 when it is a full one, the zero value if not noted
}

// client is what the payload holds about a client: the length of the address,
// the address, the user agent. It is nil if there is nothing to note.
func (s *state[T]) client() []byte {
	c := &s.m.opts.Capture
	if s.r == nil || !c.UserAgent && c.Address == NoAddress {
		return nil
	}
	ctx := s.r.scope.humaContext
	var seen Client
	if c.UserAgent {
		seen.UserAgent = cleanUserAgent(ctx.Header("User-Agent"))
	}
	if c.Address != NoAddress {
		seen.Address = c.prefix(c.address(ctx))
	}
	return seen.encode()
}

// kept is what a write keeps of what was noted before.
func (c *Capture) kept(client []byte) []byte {
	if !c.UserAgent && c.Address == NoAddress {
		return nil
	}
	return client
}

func (c *Capture) address(ctx huma.Context) netip.Addr {
	if c.AddressOf != nil {
		return c.AddressOf(ctx)
	}
	text := ctx.RemoteAddr()
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr()
	}
	addr, _ := netip.ParseAddr(text)
	return addr
}

func (c *Capture) prefix(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	n := addr.BitLen()
	if c.Address == TruncatedAddress {
		n = min(n, 48)
		if addr.Is4() {
			n = 24
		}
	}
	p, _ := addr.Prefix(n) // the zero one for no address
	return p
}

// cleanUserAgent keeps what can be shown and logged.
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

func (c Client) encode() []byte {
	if c.UserAgent == "" && !c.Address.IsValid() {
		return nil
	}
	address, _ := c.Address.MarshalBinary() // never fails
	if !c.Address.IsValid() {
		address = nil
	}
	b := append([]byte{byte(len(address))}, address...)
	return append(b, c.UserAgent...)
}

// decodeClient returns the zero Client for what encode has not written.
func decodeClient(b []byte) Client {
	var c Client
	if len(b) == 0 || int(b[0]) > len(b)-1 {
		return c
	}
	n := int(b[0])
	if n > 0 && c.Address.UnmarshalBinary(b[1:1+n]) != nil {
		return Client{}
	}
	c.UserAgent = string(b[1+n:])
	return c
}
