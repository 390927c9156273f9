package humasess_test

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// bothDoors returns clients of a GET and a POST at "/x", as operations and as a
// plain handler.
func bothDoors(r *rig[account]) map[string]*humasesstest.Client {
	ok := func(context.Context, *struct{ humasess.Session[account] }) (*struct{}, error) { return nil, nil }
	huma.Get(r.api, "/x", ok)
	huma.Post(r.api, "/x", ok)
	handler := r.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	return map[string]*humasesstest.Client{"operation": r.client(), "handler": humasesstest.NewClient(handler)}
}

func TestOnlyWebsocketsAreHandshakes(t *testing.T) {
	doors := bothDoors(newRig(t, accountOptions()))
	for _, tt := range []struct {
		name       string
		upgrade    []string
		connection []string
		handshake  bool
	}{
		{"browser", []string{"websocket"}, []string{"Upgrade"}, true},
		{"Firefox", []string{"websocket"}, []string{"keep-alive, Upgrade"}, true},
		{"any case", []string{"WebSocket"}, []string{"UPGRADE"}, true},
		{"in lists", []string{"h2c,\twebsocket "}, []string{"keep-alive,upgrade"}, true},
		{"on other lines", []string{"h2c", "websocket"}, []string{"keep-alive", "upgrade"}, true},
		{"no upgrade", nil, nil, false},
		{"h2c", []string{"h2c"}, []string{"Upgrade, HTTP2-Settings"}, false},
		{"TLS", []string{"TLS/1.0, HTTP/1.1"}, []string{"Upgrade"}, false},
		{"insecure requests", []string{"1"}, []string{"keep-alive"}, false},
		{"every protocol", []string{"*"}, []string{"Upgrade"}, false},
		{"begins alike", []string{"websocket2"}, []string{"Upgrade"}, false},
		{"without Connection", []string{"websocket"}, nil, false},
		{"Connection for another header", []string{"websocket"}, []string{"keep-alive, upgrades"}, false},
		{"Connection alone", nil, []string{"Upgrade"}, false},
	} {
		for door, c := range doors {
			t.Run("F11 "+tt.name+", "+door, func(t *testing.T) {
				want := http.StatusNoContent
				if tt.handshake {
					want = http.StatusForbidden
				}
				w := c.Do(http.MethodGet, "/x", nil, func(req *http.Request) {
					maps.Copy(req.Header, http.Header{
						"Upgrade": tt.upgrade, "Connection": tt.connection,
						"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"},
					})
				})
				wantStatus(t, w, want)
			})
		}
	}
}

func TestSpellingsOfAHost(t *testing.T) {
	doors := bothDoors(newRig(t, accountOptions()))
	for _, tt := range []struct {
		name, host, origin, site string
		want                     int
	}{
		{"F2 port of https", "app.example.com:443", "https://app.example.com", "", http.StatusNoContent},
		{"F2 port of http", "app.example.com:80", "http://app.example.com", "", http.StatusNoContent},
		{"F2 port of the other scheme", "app.example.com:80", "https://app.example.com", "", http.StatusForbidden},
		{"F2 capitals", "App.Example.COM", "https://app.example.com", "", http.StatusNoContent},
		{"F2 long IPv6", "[0:0::1]:443", "https://[::1]", "", http.StatusNoContent},
		{"F2 other host", "app.example.com:443", "https://example.com", "", http.StatusForbidden},
		{"F2 no host", "", "https://app.example.com", "", http.StatusForbidden},
		{"F2 no host and no origin", "", "null", "", http.StatusForbidden},
		{"F1 no host, same origin", "", "https://app.example.com", "same-origin", http.StatusNoContent},
		{"F1 no host, another origin", "", "https://app.example.com", "cross-site", http.StatusForbidden},
		{"F1 no host and no browser", "", "", "", http.StatusNoContent},
	} {
		for door, c := range doors {
			t.Run(tt.name+", "+door, func(t *testing.T) {
				wantStatus(t, c.Do(http.MethodPost, "/x", nil, func(req *http.Request) {
					req.Host = tt.host
					for name, value := range map[string]string{"Origin": tt.origin, "Sec-Fetch-Site": tt.site} {
						if value != "" {
							req.Header.Set(name, value)
						}
					}
				}), tt.want)
			})
		}
	}
}

func TestTrustOrigin(t *testing.T) {
	opts := accountOptions()
	opts.TrustedOrigins = []string{"https://listed.example"}
	opts.RejectCrossSiteReads = true
	type key struct{}
	var asked []string
	opts.TrustOrigin = func(ctx context.Context, origin string) bool {
		if ctx.Value(key{}) != "here" {
			t.Error("got another context than the request's")
		}
		asked = append(asked, origin)
		return origin == "https://shop.tenant.example"
	}
	doors := bothDoors(newRig(t, opts))
	for _, tt := range []struct {
		name, method, origin, site string
		asked                      bool
		want                       int
	}{
		{"F4 tenant", http.MethodPost, "https://shop.tenant.example", "cross-site", true, http.StatusNoContent},
		{"F4 tenant in an old browser", http.MethodPost, "https://shop.tenant.example", "", true, http.StatusNoContent},
		{"F10 a read of a tenant", http.MethodGet, "https://shop.tenant.example", "cross-site", true, http.StatusNoContent},
		{"F10 a read of another", http.MethodGet, "https://evil.example", "cross-site", true, http.StatusForbidden},
		{"F4 other", http.MethodPost, "https://evil.example", "cross-site", true, http.StatusForbidden},
		{"F4 own", http.MethodPost, "https://example.com", "", false, http.StatusNoContent},
		{"F4 listed", http.MethodPost, "https://listed.example", "cross-site", false, http.StatusNoContent},
		{"F4 null", http.MethodPost, "null", "cross-site", false, http.StatusForbidden},
		{"F4 no origin", http.MethodPost, "", "cross-site", false, http.StatusForbidden},
		{"F4 no browser", http.MethodPost, "", "", false, http.StatusNoContent},
		{"F4 a page that navigates", http.MethodGet, "", "none", false, http.StatusNoContent},
	} {
		for door, c := range doors {
			t.Run(tt.name+", "+door, func(t *testing.T) {
				asked = nil
				w := c.Do(tt.method, "/x", nil, func(req *http.Request) {
					for name, value := range map[string]string{"Origin": tt.origin, "Sec-Fetch-Site": tt.site} {
						if value != "" {
							req.Header.Set(name, value)
						}
					}
					*req = *req.WithContext(context.WithValue(req.Context(), key{}, "here"))
				})
				wantStatus(t, w, tt.want)
				want := []string(nil)
				if tt.asked {
					want = []string{tt.origin}
				}
				if !slices.Equal(asked, want) {
					t.Errorf("asked about %q, want %q", asked, want)
				}
			})
		}
	}
}

func TestTrustOriginThatPanics(t *testing.T) {
	opts := accountOptions()
	opts.TrustOrigin = func(context.Context, string) bool { panic("no answer") }
	for door, c := range bothDoors(newRig(t, opts)) {
		t.Run("F4 "+door, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("got an answer, want the panic")
				}
			}()
			c.Do(http.MethodPost, "/x", nil, func(req *http.Request) { req.Header.Set("Origin", "https://evil.example") })
		})
	}
}
