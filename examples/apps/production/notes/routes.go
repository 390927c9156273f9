package notes

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// routed gives the route to the span and the durations of otelhttp. A handler around a
// chi router cannot see the route, because chi routes a copy of the request.
func routed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		route := chi.RouteContext(r.Context()).RoutePattern()
		if route == "" {
			return
		}
		attr := attribute.String("http.route", route)
		span := trace.SpanFromContext(r.Context())
		span.SetName(r.Method + " " + route)
		span.SetAttributes(attr)
		if labels, ok := otelhttp.LabelerFromContext(r.Context()); ok {
			labels.Add(attr)
		}
	})
}
