package notes

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/humasess/sessions/humasess"
)

// addressOf finds the address of the client. Without proxies it is that of the
// connection. A header counts only where a proxy of ours has set it.
func addressOf(proxies []netip.Prefix) func(http.Handler) http.Handler {
	if len(proxies) == 0 {
		return middleware.ClientIPFromRemoteAddr
	}
	var networks []string
	for _, p := range proxies {
		networks = append(networks, p.String())
	}
	return middleware.ClientIPFromXFF(networks...)
}

// describe returns the client for the list of a user's devices, with the network of its
// address only.
func describe(ctx huma.Context) humasess.Client {
	c := humasess.Client{UserAgent: ctx.Header("User-Agent")}
	if address, err := netip.ParseAddr(middleware.GetClientIP(ctx.Context())); err == nil {
		bits := 24
		if address.Is6() {
			bits = 48
		}
		c.Address, _ = address.Prefix(bits)
	}
	return c
}

// logged writes one line for each request, and answers 500 for a panic. An answer that has
// begun breaks off instead, because the client would take it for complete. The probes of
// the platform leave no line while all is well.
func (a *App) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin, out := time.Now(), middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() {
			cause := recover()
			abort := cause == http.ErrAbortHandler //nolint:errorlint // the value itself, as net/http compares it
			if cause != nil && !abort {
				a.log.ErrorContext(r.Context(), "panic", "cause", cause, "stack", string(debug.Stack()))
				if abort = out.Status() != 0; !abort {
					problem(out, http.StatusInternalServerError, "unexpected error")
				}
			}
			a.log.LogAttrs(r.Context(), levelOf(r, out.Status()), "request",
				slog.String("method", r.Method),
				slog.String("route", chi.RouteContext(r.Context()).RoutePattern()), // not the path, which clients choose
				slog.Int("status", out.Status()),
				slog.Int("bytes", out.BytesWritten()),
				slog.Duration("duration", time.Since(begin)),
				slog.String("client", middleware.GetClientIP(r.Context())))
			if abort {
				panic(http.ErrAbortHandler)
			}
		}()
		next.ServeHTTP(out, r)
	})
}

func levelOf(r *http.Request, status int) slog.Level {
	switch {
	case status >= http.StatusInternalServerError:
		return slog.LevelWarn // the cause has a line of its own
	case r.URL.Path == "/livez", r.URL.Path == "/readyz":
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// problem answers outside of huma in the form of its errors (RFC 9457). The detail is plain
// ASCII.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"title":%q,"status":%d,"detail":%q}`+"\n", http.StatusText(status), status, detail)
}

// hardened adds headers for an API that serves no pages.
func hardened(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Strict-Transport-Security", "max-age=63072000") // browsers ignore it on plain http
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}
