package notes

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"
)

const (
	// maxBody bounds the bodies of requests in bytes.
	maxBody = 64 << 10

	// requestTimeout bounds a request, except a stream. It is longer than the
	// StoreTimeout of the sessions.
	requestTimeout = 15 * time.Second

	// stream is the path of the operation watch-session.
	stream = "/session/events"
)

// These bound the attempts with a password. An attacker with many addresses meets the
// second limit. A user whose name is under attack has to wait for a minute, and stays
// signed in elsewhere.
//
// The counters are in this process, so a number of processes lets as many times more
// through. To share the counters, give httprate a counter on a server.
const (
	perAddress = 30 // in a minute, by one address (or /64 network of IPv6)
	perName    = 10 // in a minute, for one name
)

type limits struct {
	addresses func(http.Handler) http.Handler
	names     *httprate.RateLimiter
}

func newLimits() *limits {
	byAddress := func(r *http.Request) (string, error) {
		return httprate.CanonicalizeIP(middleware.GetClientIP(r.Context())), nil
	}
	tooMany := func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusTooManyRequests, "too many attempts from this address")
	}
	return &limits{
		addresses: httprate.LimitBy(perAddress, time.Minute, byAddress, httprate.WithLimitHandler(tooMany)),
		names:     httprate.NewRateLimiter(perName, time.Minute),
	}
}

// limitedPaths are the operations that check or hash a password.
var limitedPaths = []string{"/sign-up", "/login", "/confirm", "/password"}

// limited documents the answer of [limits].
func limited(o *huma.Operation) {
	o.Errors = append(o.Errors, http.StatusTooManyRequests, http.StatusServiceUnavailable)
}

// perAddress is a middleware for the paths with passwords.
func (l *limits) perAddress(next http.Handler) http.Handler {
	counted := l.addresses(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && slices.Contains(limitedPaths, r.URL.Path) {
			counted.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// attempt counts one for a name, and returns the 429 when there were too many.
func (l *limits) attempt(ctx context.Context, name string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/", http.NoBody)
	if err != nil {
		return err
	}
	w := headerWriter{http.Header{}}
	if !l.names.OnLimit(w, r, name) {
		return nil
	}
	err = huma.Error429TooManyRequests("too many attempts with this name")
	return huma.ErrorWithHeaders(err, http.Header{"Retry-After": {strconv.Itoa(int(time.Minute.Seconds()))}})
}

// headerWriter is a response that keeps the headers alone.
type headerWriter struct{ header http.Header }

func (w headerWriter) Header() http.Header         { return w.header }
func (w headerWriter) Write(b []byte) (int, error) { return len(b), nil }
func (w headerWriter) WriteHeader(int)             {}

// bounded gives each request an end, except a stream, and its body a limit.
func bounded(next http.Handler) http.Handler {
	next = http.MaxBytesHandler(next, 2*maxBody) // the operations answer 413 before
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == stream {
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
