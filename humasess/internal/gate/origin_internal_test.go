package gate

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// hostContext is a request on an adapter that reports another host than the headers.
type hostContext struct {
	humaContext
	host string
}

func (c hostContext) Host() string { return c.host }

func TestHostOf(t *testing.T) {
	for _, tt := range []struct{ name, host, header, want string }{
		{"F3 net/http, which takes the header away", "example.com:8080", "", "example.com:8080"},
		{"F3 the port left out", "example.com", "example.com:8080", "example.com:8080"},
		{"F3 without a port", "example.com", "example.com", "example.com"},
		{"F3 the port of an IPv6 address left out", "[::1]", "[::1]:8080", "[::1]:8080"},
		{"F3 forwarded by a proxy", "example.com", "internal:8080", "example.com"},
		{"F3 forwarded, and alike", "example.com", "example.community:8080", "example.com"},
		{"F3 no host", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := httptest.NewRequest(http.MethodPost, "/", nil)
			if tt.header != "" {
				req.Header.Set("Host", tt.header)
			}
			ctx := hostContext{humago.NewContext(&huma.Operation{}, req, httptest.NewRecorder()), tt.host}
			if got := hostOf(ctx); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
