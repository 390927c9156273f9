package security

import "errors"

var (
	// ErrCrossSite is returned for a request from a page of another origin,
	// according to its Sec-Fetch-Site.
	ErrCrossSite = errors.New("cross-origin request: Sec-Fetch-Site says that it comes from another site or origin")

	// ErrForeignOrigin is returned for a request whose Origin does not match
	// its Host, or whose Host is unknown.
	ErrForeignOrigin = errors.New("cross-origin request: the Origin does not match the Host")
)
