// Pages is a shopping list with pages that the server renders, and nothing beside them.
// The list changes in place with htmx, and also works without JavaScript. Run it and open
// the printed address:
//
//	go run ./pages
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

	"github.com/humasess/sessions/examples/apps/pages/site"
	"github.com/humasess/sessions/stores/memory"
)

func main() {
	listen := flag.String("listen", "localhost:8892", "where to serve")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", *listen)
	if err == nil {
		err = run(ctx, listener)
	}
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, listener net.Listener) error {
	app, err := site.New(memory.New(nil), &site.Options{
		InsecureAllowHTTP: true, // for plain http on localhost; leave it out in production
	})
	if err != nil {
		return err
	}
	server := &http.Server{Handler: app, ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		stopped <- errors.Join(server.Shutdown(limit), app.Close(limit))
	}()
	fmt.Printf("Open http://%s and sign in as ada (engine), or as grace (compiler), a manager.\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
