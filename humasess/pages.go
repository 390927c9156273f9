package humasess

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"unicode"
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
	if len(values) != 1 || !isLocalPath(values[0]) {
		return "/"
	}
	return values[0]
}

const maxReturnTo = 2048

// isLocalPath reports whether a browser stays on the origin with a reference, also when
// [http.Redirect], a proxy or a router has cleaned or decoded it. A browser reads "//host"
// and "/\host" as another host, and drops tabs and newlines first. http.Redirect makes
// "/\host" out of "/x/../\host".
func isLocalPath(ref string) bool {
	if len(ref) > maxReturnTo {
		return false
	}
	decoded, err := url.PathUnescape(ref)
	if err != nil || hasUnsafeRune(ref) || hasUnsafeRune(decoded) {
		return false
	}
	u, err := url.Parse(ref)
	if err != nil {
		return false
	}
	raw, _, _ := strings.Cut(ref, "?")
	return isClean(raw) && isClean(u.Path)
}

func hasUnsafeRune(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r == '\\' || unicode.IsControl(r) })
}

// isClean reports whether a path begins with one slash and has no empty segment and
// neither "." nor "..".
func isClean(p string) bool {
	clean := path.Clean(p)
	return strings.HasPrefix(p, "/") && (p == clean || clean != "/" && p == clean+"/")
}
