package humasess_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
)

// TestHeadersAfterTheCommit has handlers that take the writer, set headers, and
// then write.
func TestHeadersAfterTheCommit(t *testing.T) {
	r := newRawRig(t, accountOptions())
	raw := func(w io.Writer) http.Header { return w.(http.ResponseWriter).Header() }
	tests := []struct {
		name        string
		set         func(ctx huma.Context, w io.Writer)
		vary, cache []string
	}{
		{"H1 set", func(ctx huma.Context, _ io.Writer) { ctx.SetHeader("Cache-Control", "public, max-age=60") }, []string{"Cookie"}, []string{"no-store"}},
		{"H1 added", func(ctx huma.Context, _ io.Writer) { ctx.AppendHeader("Cache-Control", "public") }, []string{"Cookie"}, []string{"no-store"}},
		{"H1 targeted", func(ctx huma.Context, _ io.Writer) { ctx.SetHeader("CDN-Cache-Control", "max-age=60") }, []string{"Cookie"}, []string{"no-store"}},
		{"H1 the handler's own", func(ctx huma.Context, _ io.Writer) { ctx.SetHeader("Cache-Control", "private, max-age=60") }, []string{"Cookie"}, []string{"private, max-age=60"}},
		{"H2 set", func(ctx huma.Context, _ io.Writer) { ctx.SetHeader("Vary", "Accept") }, []string{"Accept", "Cookie"}, []string{"no-store"}},
		{"H2 set with Cookie", func(ctx huma.Context, _ io.Writer) { ctx.SetHeader("vary", "Accept, cookie") }, []string{"Accept, cookie"}, []string{"no-store"}},
		{"H2 added", func(ctx huma.Context, _ io.Writer) { ctx.AppendHeader("Vary", "Accept") }, []string{"Cookie", "Accept"}, []string{"no-store"}},
		{"H1 by the writer", func(_ huma.Context, w io.Writer) { raw(w).Set("Cache-Control", "public") }, []string{"Cookie"}, []string{"no-store"}},
		{"H1 targeted by the writer", func(_ huma.Context, w io.Writer) { raw(w).Set("CDN-Cache-Control", "max-age=60") }, []string{"Cookie"}, []string{"no-store"}},
		{"H1 the handler's own by the writer", func(_ huma.Context, w io.Writer) { raw(w).Set("Cache-Control", "private") }, []string{"Cookie"}, []string{"private"}},
		{"H1 H2 deleted by the writer", func(_ huma.Context, w io.Writer) { clear(raw(w)) }, []string{"Cookie"}, []string{"no-store"}},
		{"H2 by the writer", func(_ huma.Context, w io.Writer) { raw(w).Set("Vary", "Accept") }, []string{"Accept", "Cookie"}, []string{"no-store"}},
		{"H1 with a status of the writer", func(_ huma.Context, w io.Writer) {
			raw(w).Set("Cache-Control", "public")
			w.(http.ResponseWriter).WriteHeader(http.StatusOK)
		}, []string{"Cookie"}, []string{"no-store"}},
		{"H1 with a status of the context", func(ctx huma.Context, w io.Writer) {
			raw(w).Set("Cache-Control", "public")
			ctx.SetStatus(http.StatusOK)
		}, []string{"Cookie"}, []string{"no-store"}},
		{"H1 with a status before the writer", func(ctx huma.Context, _ io.Writer) {
			ctx.SetStatus(http.StatusOK)
			raw(ctx.BodyWriter()).Set("Cache-Control", "public")
		}, []string{"Cookie"}, []string{"no-store"}},
		{"H1 after another writer", func(ctx huma.Context, w io.Writer) {
			raw(w).Set("Cache-Control", "public")
			_, _ = io.WriteString(ctx.BodyWriter(), "")
		}, []string{"Cookie"}, []string{"no-store"}},
	}
	// A router that sends the headers in SetStatus, and one that keeps them until
	// the first byte.
	for name, over := range map[string]func(http.ResponseWriter) http.ResponseWriter{
		"early": func(w http.ResponseWriter) http.ResponseWriter { return w },
		"late":  func(w http.ResponseWriter) http.ResponseWriter { return &lateWriter{ResponseWriter: w} },
	} {
		for _, tt := range tests {
			for _, write := range []bool{true, false} {
				t.Run(name+" "+tt.name, func(t *testing.T) {
					c := r.signedIn(account{ID: "ada"})
					r.handle = func(ctx huma.Context, _ *humasess.Session[account]) {
						w := ctx.BodyWriter()
						tt.set(ctx, w)
						if write {
							_, _ = io.WriteString(w, "raw")
						}
					}
					w := httptest.NewRecorder()
					to := over(w)
					r.mux.ServeHTTP(to, request(http.MethodGet, "/raw", &http.Cookie{Name: cookieName, Value: token(c)}))
					_, _ = to.Write(nil) // as the server does
					got := w.Result().Header
					if !slices.Equal(got["Vary"], tt.vary) || !slices.Equal(got["Cache-Control"], tt.cache) || got["Cdn-Cache-Control"] != nil {
						t.Errorf("written %v: got %v, want Vary %q and Cache-Control %q", write, got, tt.vary, tt.cache)
					}
				})
			}
		}
	}

	t.Run("H1 no cookie beside private", func(t *testing.T) {
		w := r.get(r.client(), func(ctx huma.Context, s *humasess.Session[account]) {
			if err := s.Start(account{ID: "ada"}); err != nil {
				t.Error(err)
			}
			body := ctx.BodyWriter()
			ctx.SetHeader("Cache-Control", "private")
			raw(body).Add("Cache-Control", "private")
			_, _ = io.WriteString(body, "raw")
		})
		wantCookies(t, w, 1)
		if got := strings.Join(w.Header()["Cache-Control"], ", "); !strings.Contains(got, "no-store") {
			t.Errorf("Cache-Control: got %q, want no-store in it", got)
		}
	})
	t.Run("H1 without a session the handler decides", func(t *testing.T) {
		w := r.get(r.client(), func(ctx huma.Context, _ *humasess.Session[account]) {
			body := ctx.BodyWriter()
			ctx.SetHeader("Cache-Control", "public")
			raw(body).Set("CDN-Cache-Control", "max-age=60")
			_, _ = io.WriteString(body, "raw")
		})
		wantHeader(t, w, "Cache-Control", "public")
		wantHeader(t, w, "CDN-Cache-Control", "max-age=60")
		wantHeader(t, w, "Vary", "Cookie")
	})
	t.Run("H1 after the router's own context", func(t *testing.T) {
		w := r.get(r.client(), func(ctx huma.Context, s *humasess.Session[account]) {
			if err := s.Start(account{ID: "ada"}); err != nil {
				t.Error(err)
			}
			_, to := humago.Unwrap(ctx)
			ctx.SetHeader("Cache-Control", "public")
			ctx.SetHeader("Vary", "Accept")
			_, _ = io.WriteString(to, "raw")
		})
		wantHeader(t, w, "Cache-Control", "no-store")
		wantHeader(t, w, "Vary", "Accept", "Cookie")
	})
}

// lateWriter keeps the headers until the first byte, as gin's does.
type lateWriter struct {
	http.ResponseWriter

	status int
	sent   bool
}

func (w *lateWriter) WriteHeader(status int) { w.status = status }
func (w *lateWriter) Written() bool          { return w.sent }

func (w *lateWriter) Write(b []byte) (int, error) {
	if !w.sent {
		w.sent = true
		w.ResponseWriter.WriteHeader(max(w.status, http.StatusOK))
	}
	return w.ResponseWriter.Write(b)
}

// TestBodyWriterOnARealConnection uses the writer as those of the server are used.
func TestBodyWriterOnARealConnection(t *testing.T) {
	r := newRawRig(t, accountOptions())
	server := httptest.NewServer(r.mux)
	defer server.Close()
	get := func(t *testing.T, use func(w http.ResponseWriter) error) *http.Response {
		t.Helper()
		r.handle = func(ctx huma.Context, _ *humasess.Session[account]) {
			w := ctx.BodyWriter().(http.ResponseWriter)
			w.Header().Set("Cache-Control", "public")
			if err := use(w); err != nil {
				t.Errorf("got %v, want nil", err)
			}
		}
		req, _ := http.NewRequest(http.MethodGet, server.URL+"/raw", nil)
		req.AddCookie(&http.Cookie{Name: cookieName, Value: token(r.signedIn(account{ID: "ada"}))})
		res, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = res.Body.Close() })
		return res
	}
	for name, use := range map[string]func(w http.ResponseWriter) error{
		"Flush": func(w http.ResponseWriter) error { w.(http.Flusher).Flush(); return nil },
		"FlushError": func(w http.ResponseWriter) error {
			return http.NewResponseController(w).Flush()
		},
		"ReadFrom": func(w http.ResponseWriter) error {
			_, err := io.Copy(w, io.LimitReader(strings.NewReader("body"), 4))
			return err
		},
		"read deadline": func(w http.ResponseWriter) error {
			return http.NewResponseController(w).SetReadDeadline(time.Now().Add(time.Minute))
		},
		"write deadline": func(w http.ResponseWriter) error {
			return http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute))
		},
		"full duplex": func(w http.ResponseWriter) error { return http.NewResponseController(w).EnableFullDuplex() },
		"WriteString": func(w http.ResponseWriter) error { _, err := io.WriteString(w, "body"); return err },
		"early hints": func(w http.ResponseWriter) error {
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Set("Cache-Control", "public")
			w.WriteHeader(http.StatusOK)
			return nil
		},
		"Unwrap": func(w http.ResponseWriter) error {
			_, err := io.WriteString(w.(interface{ Unwrap() http.ResponseWriter }).Unwrap(), "body")
			return err
		},
	} {
		t.Run("H1 "+name, func(t *testing.T) {
			res := get(t, use)
			if got := res.Header["Cache-Control"]; !slices.Equal(got, []string{"no-store"}) {
				t.Errorf("Cache-Control: got %q, want no-store", got)
			}
		})
	}
	t.Run("Hijack", func(t *testing.T) {
		res := get(t, func(w http.ResponseWriter) error {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return err
			}
			defer conn.Close()
			_, err = io.WriteString(conn, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
			return err
		})
		if res.StatusCode != http.StatusAccepted {
			t.Errorf("got %d, want 202", res.StatusCode)
		}
	})
	t.Run("Push without HTTP/2", func(t *testing.T) {
		get(t, func(w http.ResponseWriter) error {
			if err := w.(http.Pusher).Push("/x", nil); !errors.Is(err, http.ErrNotSupported) {
				t.Errorf("got %v, want %v", err, http.ErrNotSupported)
			}
			return nil
		})
	})
}
