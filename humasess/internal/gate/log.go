package gate

import (
	"context"
	"log/slog"
	"strconv"
	"sync"

	"github.com/humasess/sessions/humasess/internal/cookies"
)

// Log tells the program of one manager about mistakes that the client does not see. It is
// safe for concurrent use.
type Log struct {
	Logger *slog.Logger
	Scheme string
	Cookie cookies.Options

	mu     sync.Mutex
	warned map[warning]bool // at most maxWarned
}

// warning identifies a warning that is given once.
type warning struct {
	drop   *cookies.Drop
	origin string
}

// maxWarned bounds the warnings that are given once. A client can choose the origins.
const maxWarned = 16

// panicked reports a nil dereference of a session that is not bound.
func (l *Log) panicked(ctx context.Context, operation string, stack []byte) {
	l.Logger.ErrorContext(Outside(ctx), "nil dereference in an operation whose session is not bound",
		"operation", operation, "stack", string(stack))
}

// unsent reports a change that was dropped because its cookie could not be sent.
func (l *Log) unsent(ctx context.Context, operation string) {
	l.Logger.ErrorContext(Outside(ctx), "session change dropped: the handler took the router's writer before the change and wrote the response with it, so no cookie could be sent; "+ //nolint:lll // one message
		"change the session before Unwrap", "operation", operation, "scheme", l.Scheme)
}

// cookieSet is called for each response that sets the cookie. It warns if a browser drops
// the cookie, because the front end then believes that the user is signed in. The warning
// comes once for each reason and origin, and not for more than maxWarned of them.
func (l *Log) cookieSet(ctx context.Context, operation string, request cookies.Request) {
	drop := l.Cookie.Dropped(request)
	if drop == nil {
		return
	}
	origin, host := escaped(request.Origin), escaped(request.Host)
	if !l.first(warning{drop, origin}) {
		return
	}
	l.Logger.WarnContext(Outside(ctx), "browsers drop the session cookie of this response",
		"scheme", l.Scheme, "operation", operation, "cookie", l.Cookie.Name,
		"origin", origin, "host", host, "reason", drop.Reason, "remedy", drop.Remedy)
}

// first reports whether the warning is new, and remembers it.
func (l *Log) first(w warning) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.warned[w] || len(l.warned) == maxWarned {
		return false
	}
	if l.warned == nil {
		l.warned = make(map[warning]bool, 1)
	}
	l.warned[w] = true
	return true
}

// escaped returns a copy of a header for logs, on one line and at most as long as a URL
// without a path. Some routers reuse the memory of the header.
func escaped(header string) string {
	const longest = len("https://") + 253 + len(":65535")
	quoted := strconv.Quote(header[:min(len(header), longest)])
	return quoted[1 : len(quoted)-1]
}
