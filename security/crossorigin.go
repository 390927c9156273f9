package security

import (
	"errors"
	"fmt"
	"net/http"
)

var (
	// ErrCrossSite is returned for a request that, by its Sec-Fetch-Site, a
	// page of another origin has made.
	ErrCrossSite = errors.New("cross-origin request: Sec-Fetch-Site says that a page elsewhere has made it")

	// ErrForeignOrigin is returned for a request whose Origin is not its Host,
	// or whose Host is not known.
	ErrForeignOrigin = errors.New("cross-origin request: the Origin does not match the Host")
)

// CrossOrigin decides which requests a page of another origin has made, by
// the rules of [http.CrossOriginProtection] without its path patterns, for
// servers that have no *http.Request. It is immutable.
type CrossOrigin struct{ trusted map[string]bool }

// Origins describes a request to [CrossOrigin.Check]: its method, its Host
// and the two headers that browsers send.
type Origins struct {
	Method       string
	Host         string
	SecFetchSite string // Fetch Metadata § 2.3
	Origin       string // RFC 6454 § 7

	// Upgrade is set for the opening handshake of a websocket: a request with
	// "websocket" in Upgrade and "upgrade" in Connection (RFC 6455 § 4.1), each
	// one member of a list and in any case. It is checked like an unsafe method,
	// because it is a GET and the same-origin policy does not cover it (§ 10.2).
	// Upgrades to other protocols, such as h2c, are not handshakes.
	Upgrade bool

	SecFetchMode string // § 2.2, for [CrossOrigin.CheckRead] only
	SecFetchDest string // § 2.1, as well

	// Trust is asked about an origin that is neither the host's nor trusted by
	// [NewCrossOrigin], if the request would be refused otherwise. It is never
	// asked about "null" or text that browsers do not send. nil trusts none.
	Trust func(origin string) bool
}

// NewCrossOrigin returns a check that lets the trusted origins pass. Each is
// "scheme://host[:port]", exactly as browsers send it: in lower case, without
// the port that the scheme has by default, and with a host name of ASCII. Any
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
func (c *CrossOrigin) trusts(r *Origins) bool {
	return c.trusted[r.Origin] || r.Trust != nil && checkOrigin(r.Origin) == nil && r.Trust(r.Origin)
}

// Check returns nil for a request that no page of another origin can have
// made, else [ErrCrossSite] or [ErrForeignOrigin].
//
// An Origin and a Host that differ only in spelling are the same: in case, in
// the port that the Origin's scheme has by default, in the dot at the end of a
// name, or in the form of an IPv6 address. A request with an Origin and without
// a Host is refused, unless its Sec-Fetch-Site says that it is of the same
// origin: its host is not known, so we fail closed.
//
// A request with neither Sec-Fetch-Site nor Origin passes: it does not come
// from a browser of the last years, and only browsers add cookies by themselves.
// So does a request from http to https of the same host, without a port in its
// Host, in a browser that sends no Sec-Fetch-Site; HSTS prevents it. We fail
// open there, because the headers do not show it, as net/http does.
func (c *CrossOrigin) Check(r Origins) error {
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
		return ErrCrossSite
	}
	if r.Origin == "" || ownOrigin(r.Origin, r.Host) || c.trusts(&r) {
		return nil
	}
	return ErrForeignOrigin
}

// CheckRead returns [ErrCrossSite] for a request of any method that a page of
// another site has made other than by navigating to it: to embed what it
// answers, or to measure it. Requests without Sec-Fetch-Site pass, for want of
// anything to tell them by.
func (c *CrossOrigin) CheckRead(r Origins) error {
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
	return ErrCrossSite
}
