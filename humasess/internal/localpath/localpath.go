// Package localpath tells paths of the program's own origin from references that lead
// elsewhere.
package localpath

import (
	"net/url"
	"path"
	"strings"
	"unicode"
)

const longest = 2048 // bytes

// Is reports whether a browser stays on the origin with a reference, also when
// [http.Redirect], a proxy or a router has cleaned or decoded it. A browser reads "//host"
// and "/\host" as another host, and drops tabs and newlines first. http.Redirect makes
// "/\host" out of "/x/../\host".
func Is(ref string) bool {
	if len(ref) > longest {
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
