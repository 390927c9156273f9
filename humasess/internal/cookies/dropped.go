package cookies

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Request has the parts of a request by which its browser decides whether it keeps a
// cookie of the response. A client that is not a browser keeps all of them.
type Request struct {
	Host         string
	Origin       string // RFC 6454 § 7
	SecFetchSite string // Fetch Metadata § 2.3; browsers send it to https and to localhost only
	SecFetchMode string // § 2.2
	SecFetchDest string // § 2.1

	// SecFetchStorageAccess is "active", "none" or "inactive" if the page around the
	// request is of another site (Storage Access Headers). Chromium sends it.
	SecFetchStorageAccess string
}

// Drop says why browsers drop a cookie, and how the program prevents that.
type Drop struct{ Reason, Remedy string }

var (
	dropCrossSite = &Drop{
		"a page of another site made the request, and browsers keep a cookie with SameSite=Lax or Strict only if it navigates the window",
		"serve the page and the API on one site, such as app.example.com and api.example.com; or set Options.Cookie.SameSite to http.SameSiteNoneMode, which needs Secure; or use Options.Bearer", //nolint:lll // one message
	}
	dropFramed = &Drop{
		"the page is in a frame of another site, where browsers keep a cookie with SameSite=None only",
		"set Options.Cookie.SameSite to http.SameSiteNoneMode, which needs Secure, and Options.Cookie.Partitioned; or open the page in a window of its own",
	}
	dropBlocked = &Drop{
		"a page of another site made the request or is around it, and the user blocks cookies of other sites",
		"set Options.Cookie.Partitioned; or serve the page and the API on one site, such as app.example.com and api.example.com; or use Options.Bearer",
	}
	dropInsecure = &Drop{
		"the page uses plain http, and browsers keep a Secure cookie over https only, or on localhost",
		"serve https; or open the page on localhost; or set Options.Cookie.InsecureAllowHTTP, for development only",
	}
	dropDomain = &Drop{
		"Options.Cookie.Domain is neither the host nor a parent domain of it",
		"set Options.Cookie.Domain to a parent domain of the host, or leave it empty",
	}
)

// Dropped returns the reason why a browser drops the cookie in the response to r, or nil
// if nothing in r says that it does. No request shows that a script called fetch without
// credentials.
func (c Options) Dropped(r Request) *Drop {
	switch {
	case r.foreign() && c.SameSite != http.SameSiteNoneMode && !r.navigatesWindow():
		if r.SecFetchSite == "cross-site" {
			return dropCrossSite
		}
		return dropFramed
	case (r.SecFetchStorageAccess == "none" || r.SecFetchStorageAccess == "inactive") && !c.Partitioned:
		return dropBlocked
	case c.Domain != "" && !within(r.ownHost(), c.Domain):
		return dropDomain
	case !c.InsecureAllowHTTP && r.SecFetchSite == "" && strings.EqualFold(r.Origin, "http://"+r.Host) && !loopback(r.ownHost()):
		return dropInsecure
	}
	return nil
}

// foreign reports whether a page of another site made the request or is around it.
func (r Request) foreign() bool {
	return r.SecFetchSite == "cross-site" || r.SecFetchStorageAccess != ""
}

// navigatesWindow reports whether the browser shows the response in the window's
// address, and not in a frame of a page.
func (r Request) navigatesWindow() bool {
	return r.SecFetchMode == "navigate" &&
		!slices.Contains([]string{"iframe", "frame", "fencedframe", "object", "embed"}, r.SecFetchDest)
}

// ownHost returns the host of the request as its browser knows it, or "" if the request
// does not show it. A proxy may have replaced the Host. The Origin then still has it, if
// the page is of the same origin.
func (r Request) ownHost() string {
	_, host, found := strings.Cut(r.Origin, "://")
	if !found || r.SecFetchSite != "same-origin" && (r.SecFetchSite != "" || !strings.EqualFold(host, r.Host)) {
		return ""
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.Trim(strings.ToLower(host), "[]")
}

// within reports whether a host may set a cookie for a domain. It may if it is unknown.
func within(host, domain string) bool {
	domain = strings.ToLower(domain)
	return host == "" || host == domain || strings.HasSuffix(host, "."+domain)
}

// loopback reports whether browsers treat the host as secure without https (Secure
// Contexts § 3.1).
func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && address.IsLoopback()
}
