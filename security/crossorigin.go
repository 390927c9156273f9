package security

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

var (
	// ErrCrossSite is returned for a request that, by its Sec-Fetch-Site, a
	// page of another origin has made.
	ErrCrossSite = errors.New("cross-origin request: Sec-Fetch-Site says that a page elsewhere has made it")

	// ErrForeignOrigin is returned for a request whose Origin is not its Host.
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

	// Upgrade is set for a request that wants another protocol. It is checked
	// whatever its method: websockets are opened by GET and are exempt from
	// the same-origin policy (RFC 6455 § 10.2).
	Upgrade bool

	SecFetchMode string // § 2.2, for [CrossOrigin.CheckRead] only
	SecFetchDest string // § 2.1, as well
}

// NewCrossOrigin returns a check that lets the trusted origins pass. Each is
// "scheme://host[:port]", exactly as browsers send it.
func NewCrossOrigin(trusted []string) (*CrossOrigin, error) {
	c := &CrossOrigin{trusted: make(map[string]bool, len(trusted))}
	for _, origin := range trusted {
		u, err := url.Parse(origin)
		switch {
		case err != nil:
			return nil, fmt.Errorf("invalid origin %q: %w", origin, err)
		case u.Scheme == "" || u.Host == "":
			return nil, fmt.Errorf("invalid origin %q: scheme and host are required", origin)
		case u.Scheme+"://"+u.Host != origin:
			return nil, fmt.Errorf("invalid origin %q: only scheme, host and port are allowed", origin)
		}
		c.trusted[origin] = true
	}
	return c, nil
}

// Check returns nil for a request that no page of another origin can have
// made, else [ErrCrossSite] or [ErrForeignOrigin].
//
// A request with neither header is let pass: it does not come from a browser
// of the last years, and only browsers add cookies by themselves. So is one
// from http to https of the same host in a browser that sends no
// Sec-Fetch-Site, which HSTS prevents. We fail open there, since the headers
// cannot tell, as net/http does.
func (c *CrossOrigin) Check(r Origins) error {
	if !r.Upgrade && (r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions) {
		return nil
	}
	switch r.SecFetchSite {
	case "same-origin", "none":
		return nil
	case "":
	default:
		if c.trusted[r.Origin] {
			return nil
		}
		return ErrCrossSite
	}
	if r.Origin == "" {
		return nil
	}
	if u, err := url.Parse(r.Origin); err == nil && u.Host == r.Host {
		return nil
	}
	if c.trusted[r.Origin] {
		return nil
	}
	return ErrForeignOrigin
}

// CheckRead returns [ErrCrossSite] for a request of any method that a page of
// another site has made other than by navigating to it: to embed what it
// answers, or to measure it. Requests without Sec-Fetch-Site pass, for want of
// anything to tell them by.
func (c *CrossOrigin) CheckRead(r Origins) error {
	if r.SecFetchSite != "cross-site" || r.Method == http.MethodOptions || c.trusted[r.Origin] {
		return nil
	}
	safe := r.Method == http.MethodGet || r.Method == http.MethodHead
	if safe && r.SecFetchMode == "navigate" && r.SecFetchDest != "object" && r.SecFetchDest != "embed" {
		return nil
	}
	return ErrCrossSite
}
