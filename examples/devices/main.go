// Devices is a small application with a page that shows users where they are
// signed in. It signs them out there, on one device, on all others, or
// everywhere. An open page notices at once. Run it, open the printed address in
// two browsers, and name another store if you like:
//
//	go run ./examples/devices
//	go run ./examples/devices -store redis://localhost:6379
//	go run ./examples/devices -store postgres://postgres:postgres@localhost:5432/postgres
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

	"github.com/humasess/sessions/examples/devices/site"
)

func main() {
	dsn := flag.String("store", "memory", "where sessions are kept: memory, redis://host:port or postgres://user:password@host:port/database")
	listen := flag.String("listen", "localhost:8888", "where to serve")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *dsn, *listen)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, dsn, listen string) error {
	store, closeClient, err := open(ctx, dsn)
	if err != nil {
		return err
	}
	defer closeClient()
	app, err := site.New(store, &site.Options{
		InsecureAllowHTTP: true, // for plain http on localhost; leave it out in production
	})
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: app, ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		stopped <- errors.Join(app.Close(limit), server.Shutdown(limit)) // the first ends the open streams
	}()
	fmt.Printf("Open http://%s and sign in as ada (engine) or grace (compiler).\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
