package humasess

import (
	"net/http"

	"github.com/humasess/sessions/humasess/internal/gate"
)

// PageOptions configures [Manager.Pages]. The zero value gives the pages an optional
// session.
type PageOptions struct {
	// Require lets only requests with a user in, as [Required] does. The default is
	// false.
	Require bool

	// Roles are required of the user, all of them. They imply Require. The default is
	// none.
	Roles []string

	// LoginURL is the sign-in page, a local path such as "/login". A browser that asks for
	// a page without a session gets a 303 to it. Its query has the page that was asked for,
	// see [ReturnTo]. A request of htmx gets a 401 with the header HX-Redirect. All other
	// requests get a 401: scripts, other methods than GET and HEAD, and those for the
	// sign-in page. The path of LoginURL itself needs no session. It is the path that the
	// browser asks for, also inside [http.StripPrefix]. The default is no redirect.
	LoginURL string

	// AllowCrossSite are routes that pages of other origins may post to, such as
	// "POST /callback" for an identity provider with the response mode form_post. Each is a
	// method and the exact path, as [net/url.URL.EscapedPath] returns it. The handler must
	// check by other means which client has asked. The session's cookie comes only if its
	// SameSite is None. The default is none.
	AllowCrossSite []string

	// Error writes the page of a request that does not get in or whose session cannot be
	// written. The headers that the answer needs are set. The status is the one that is
	// written, unless the function writes another one. The error matches [ErrNoSession],
	// [ErrUnavailable], [security.ErrCrossSite], [security.ErrForeignOrigin] and others, and
	// errors.As finds a [huma.StatusError] in it. Its text is for operators. The request has
	// no session. The function is called concurrently. The default is a problem (RFC 9457),
	// as operations answer.
	Error func(w http.ResponseWriter, r *http.Request, status int, err error)

	// Route returns the route of a request for events and logs, with or without its method.
	// Routers other than [http.ServeMux] need it, such as chi with
	// chi.RouteContext(r.Context()).RoutePattern. A middleware around the router does not
	// know the route of a request that it refuses. Without a route, events have only the
	// method. The default is the request's Pattern.
	Route func(r *http.Request) string
}

// Pages is [Manager.Handler] as middleware for the pages of a site, with the requirements
// of the options, which may be nil. It fits net/http and routers such as chi:
//
//	router.With(sessions.Pages(&humasess.PageOptions{Require: true, LoginURL: "/login"})).Get("/account", account)
//
// Forms need no CSRF token of their own: the cross-origin check refuses those that
// other origins send. A form cannot send the header of Options.CSRFHeader, so leave that
// option out for pages.
//
// It panics if LoginURL or AllowCrossSite is not such a path, and if Roles is set without
// Options.Roles.
func (m *Manager[T]) Pages(opts *PageOptions) func(http.Handler) http.Handler {
	pages, err := gate.Pages((*gateManager[T])(m), (*gate.Page)(opts))
	if err != nil {
		panic("humasess: Pages called with " + err.Error())
	}
	return pages
}

// ReturnTo returns the page that a user asked for before the sign-in: the local path in
// the query parameter return_to of the request, or "/". The program redirects there after
// the sign-in. A link to the sign-in page that is not the program's own cannot lead the
// user to another host this way.
//
// A path begins with one slash, is clean ([path.Clean], except for a slash at its end),
// and has at most 2048 bytes with its query. Neither it nor its query has a backslash
// or a control character. All of this is also checked for the path with its escapes
// decoded once, because proxies and routers decode it: "/a%2F..%2Fb" is refused. Any
// other value, several values, and the path of the sign-in page itself give "/". That is
// the path of the request, and inside [Manager.Pages] that of LoginURL.
//
// The result is safe for [http.Redirect] and for the header Location. In HTML
// it needs escaping like any other text. To keep it in a link, escape it with
// [net/url.QueryEscape].
func ReturnTo(r *http.Request) string { return gate.ReturnTo(r) }
