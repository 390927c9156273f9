// Package crossorigin detects requests from pages of other origins. It does no I/O.
package crossorigin

import (
	"fmt"
	"net/http"

	"github.com/humasess/sessions/security"
)

// CrossOrigin detects requests from pages of other origins. It follows the
// rules of [http.CrossOriginProtection] without its path patterns, for servers
// that have no *http.Request. It is immutable.
type CrossOrigin struct{ trusted map[string]bool }

// Request describes a request to [CrossOrigin.Check]: its method, its Host
// and the two headers that browsers send.
type Request struct {
	Method       string // as "POST"
	Host         string // the header Host or :authority, with the port if it has one
	SecFetchSite string // Fetch Metadata § 2.3
	Origin       string // RFC 6454 § 7

	// Upgrade is set for the opening handshake of a websocket (RFC 6455 § 4.1).
	// Such a request has "websocket" in Upgrade and "upgrade" in Connection,
	// each one member of a list and in any case. It is checked like an unsafe
	// method, because it is a GET and the same-origin policy does not cover it
	// (§ 10.2). Upgrades to other protocols, such as h2c, are not handshakes.
	Upgrade bool

	SecFetchMode string // § 2.2, for [CrossOrigin.CheckRead] only
	SecFetchDest string // § 2.1, also for [CrossOrigin.CheckRead] only

	// Trust is asked about an origin that would otherwise be refused: one that
	// is not the host's and not trusted by [NewCrossOrigin]. It is never asked
	// about "null" or text that browsers do not send. nil trusts none.
	Trust func(origin string) bool
}

// NewCrossOrigin returns a check that accepts the trusted origins. Each is
// "scheme://host[:port]", exactly as browsers send it. That is in lower case,
// without the default port of the scheme, and with a host name in ASCII. Any
// other text is an error, because it would never match.
func NewCrossOrigin(trusted []string) (*CrossOrigin, error) {
	c := &CrossOrigin{trusted: make(map[string]bool, len(trusted))}
	for _, origin := range trusted {
		if err := checkOrigin(origin); err != nil {
			return nil, fmt.Errorf("invalid origin %q: %w", origin, err)
		}
		c.trusted[origin] = true
	}
	return c, nil
}

// trusts reports whether the origin of the request is trusted.
func (c *CrossOrigin) trusts(r *Request) bool {
	return c.trusted[r.Origin] || r.Trust != nil && checkOrigin(r.Origin) == nil && r.Trust(r.Origin)
}

// Check returns nil for a request that cannot come from a page of another
// origin, otherwise [security.ErrCrossSite] or [security.ErrForeignOrigin].
//
// An Origin and a Host that differ only in spelling are the same. Spelling
// means case, the default port of the Origin's scheme, a dot at the end of a
// name, or the form of an IPv6 address. A request with an Origin and without a
// Host is refused, unless its Sec-Fetch-Site says that it is of the same
// origin. Its host is not known, so we fail closed.
//
// A request with neither Sec-Fetch-Site nor Origin passes. It does not come
// from a browser of recent years, and only browsers add cookies by themselves.
// One more request passes, in a browser that sends no Sec-Fetch-Site. It goes
// from http to https of the same host, without a port in its Host. HSTS
// prevents it. We fail open there, as net/http does, because the headers do not
// show the difference.
func (c *CrossOrigin) Check(r Request) error {
	if !r.Upgrade && (r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions) {
		return nil
	}
	switch r.SecFetchSite {
	case "same-origin", "none":
		return nil
	case "":
	default:
		if c.trusts(&r) {
			return nil
		}
		return security.ErrCrossSite
	}
	if r.Origin == "" || ownOrigin(r.Origin, r.Host) || c.trusts(&r) {
		return nil
	}
	return security.ErrForeignOrigin
}

// CheckRead returns [security.ErrCrossSite] for a request of any method from a page of
// another site, except for navigation. Such a page could embed the response or
// measure it. Requests without Sec-Fetch-Site pass, because without it they
// cannot be told apart.
func (c *CrossOrigin) CheckRead(r Request) error {
	if r.SecFetchSite != "cross-site" || r.Method == http.MethodOptions {
		return nil
	}
	safe := r.Method == http.MethodGet || r.Method == http.MethodHead
	if safe && r.SecFetchMode == "navigate" && r.SecFetchDest != "object" && r.SecFetchDest != "embed" {
		return nil
	}
	if c.trusts(&r) {
		return nil
	}
	return security.ErrCrossSite
}
