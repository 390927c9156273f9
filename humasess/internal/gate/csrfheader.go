package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/humasess/sessions/humasess/internal/cookies"
)

// CheckCSRFHeader refuses names that cannot carry the token: those that no script
// may set (Fetch § 2.2.2, forbidden request-header), and those that say something
// else to a client, a proxy or a generated client. The response carries a token
// under the same name.
func CheckCSRFHeader(name string) error {
	lower := strings.ToLower(name)
	begins := func(prefixes ...string) bool {
		return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(lower, prefix) })
	}
	switch {
	case !cookies.IsToken(name):
		return fmt.Errorf("CSRFHeader %q is not a token of RFC 9110 § 5.6.2", name)
	case slices.Contains(forbiddenHeaders, lower), begins("sec-", "proxy-", "access-control-"):
		return fmt.Errorf("CSRFHeader %q: browsers let no script set this header; use a name such as X-CSRF-Token", name)
	case slices.Contains(takenHeaders, lower), begins("content-", "if-", "x-forwarded-", "x-accel-"), strings.HasSuffix(lower, "-cache-control"), IsMarker(name):
		return fmt.Errorf("CSRFHeader %q: this header means something else; use a name such as X-CSRF-Token", name)
	}
	return nil
}

var forbiddenHeaders = []string{
	"accept-charset", "accept-encoding", "connection", "content-length", "cookie", "cookie2", "date", "dnt", "expect", "host", "keep-alive",
	"origin", "referer", "set-cookie", "set-cookie2", "te", "trailer", "transfer-encoding", "upgrade", "via",
}

var takenHeaders = []string{
	"accept", "accept-language", "accept-patch", "accept-post", "accept-ranges", "age", "allow", "alt-svc", "authentication-info", "authorization",
	"cache-control", "clear-site-data", "early-data", "edge-control", "etag", "expires", "forwarded", "from", "last-event-id", "last-modified",
	"link", "location", "max-forwards", "nel", "permissions-policy", "pragma", "prefer", "priority", "range", "referrer-policy", "refresh",
	"report-to", "retry-after", "server", "server-timing", "session-token", "strict-transport-security", "surrogate-control", "user-agent",
	"vary", "warning", "www-authenticate",
}
