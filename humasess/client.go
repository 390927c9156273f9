package humasess

import (
	"net/netip"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/client"
	"github.com/humasess/sessions/humasess/internal/payload"
)

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
	userAgent, address := client.Of(ctx)
	return Client{UserAgent: userAgent, Address: address}
}

// Label describes the client to its user, as "Firefox on Windows", or by the
// name of a program that is no browser, as "curl". It is "" when nothing is
// known. Browsers hide more than that, and a client may send any text. So show the
// label, and decide nothing by it.
func (c Client) Label() string { return client.Label(c.UserAgent) }

func decodeClient(b []byte) (c Client) {
	c.UserAgent, c.Address = payload.DecodeClient(b)
	return c
}
