// Passkeys is a small application whose users have a passkey and no password. They
// create an account, sign in, and confirm with the passkey before they delete the
// account. Run it and open the printed address:
//
//	go run ./passkeys
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/humasess/sessions/examples/apps/passkeys/site"
	"github.com/humasess/sessions/stores/memory"
)

func main() {
	// A passkey belongs to a host name. Browsers allow "localhost" on plain http,
	// and refuse addresses such as 127.0.0.1.
	port := flag.String("port", "8893", "where to serve on localhost")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("localhost", *port))
	if err == nil {
		err = run(ctx, listener)
	}
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, listener net.Listener) error {
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return err
	}
	origin := "http://localhost:" + port
	app, err := site.New(memory.New(nil), origin, nil)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: app, ReadTimeout: 30 * time.Second}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		stopped <- errors.Join(app.Close(limit), server.Shutdown(limit))
	}()
	fmt.Printf("Open %s and create an account with a passkey.\n", origin)
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
