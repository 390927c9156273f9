package humasess

import (
	"net/http"

	"github.com/humasess/sessions/humasess/internal/localpath"
)

// ReturnTo returns the page that a user asked for before the sign-in: the local path in
// the query parameter return_to of the request, or "/". The program redirects there after
// the sign-in. A link to the sign-in page that is not the program's own cannot lead the
// user to another host this way.
//
// A path begins with one slash, is clean ([path.Clean], except for a slash at its end),
// and has at most 2048 bytes with its query. Neither it nor its query has a backslash
// or a control character. All of this is also checked for the path with its escapes
// decoded once, because proxies and routers decode it: "/a%2F..%2Fb" is refused. Any
// other value, and several values, give "/".
//
// The result is safe for [http.Redirect] and for the header Location. In HTML
// it needs escaping like any other text. To keep it in a link, escape it with
// [url.QueryEscape].
func ReturnTo(r *http.Request) string {
	values := r.URL.Query()["return_to"]
	if len(values) != 1 || !localpath.Is(values[0]) {
		return "/"
	}
	return values[0]
}
