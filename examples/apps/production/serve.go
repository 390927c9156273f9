package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/humasess/sessions/examples/apps/production/notes"
)

// stopTimeout bounds the requests that run when the process stops. The platform must
// wait for longer than DRAIN and this before it kills the process.
const stopTimeout = 20 * time.Second

// newServer returns a server with a bound for each phase of a request. The stream of
// package account sets a write deadline of its own for each event, so WriteTimeout does
// not end it.
func newServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       20 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute, // longer than that of the load balancer, which must be the one that closes
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}

// serve runs until the context ends. Then the process becomes unready, and still serves
// for the time of drain. Streams end next, because Shutdown waits for them. Requests that
// are running end last.
func serve(ctx context.Context, listener net.Listener, app *notes.App, drain time.Duration, logger *slog.Logger) error {
	server := newServer(observed(app), logger)
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		app.Drain()
		logger.Info("shutting down", "drain", drain)
		time.Sleep(drain)
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		stopped <- errors.Join(app.Close(limit), server.Shutdown(limit))
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
