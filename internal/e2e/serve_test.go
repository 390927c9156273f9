package e2e_test

import (
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
)

// patience bounds each wait for a server.
const patience = 20 * time.Second

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("Listen: %v", err)
	}
	return l
}

// serve runs an HTTP/1.1 and HTTP/2 server until the test ends.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	l := listen(t)
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{
		Handler: handler, Protocols: protocols, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: patience,
	}
	run(t, func() error { return server.Serve(l) }, func(ctx context.Context) error {
		err := server.Shutdown(ctx)
		_ = server.Close()
		return err
	})
	return "http://" + l.Addr().String()
}

// run serves in the background, and stops the server when the test ends. A
// server that does not stop is an error.
func run(t *testing.T, serve func() error, stop func(context.Context) error) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := stop(ctx); err != nil {
			t.Errorf("server does not stop: %v", err)
		}
		select {
		case err := <-done:
			if err != nil && !errors.Is(err, http.ErrServerClosed) {
				t.Errorf("server: %v", err)
			}
		case <-ctx.Done():
			t.Error("server does not return")
		}
	})
}
