// Oidc is an application whose users sign in with an OpenID provider. The provider
// runs in the same program, so there is nothing to install. In examples/apps run it,
// open the printed address, and open the provider's address in another tab:
//
//	go run ./oidc
//	go run ./oidc -form-post
//
// With -for it runs the provider alone, for an application of your own:
//
//	go run ./oidc -for http://localhost:8080
package main

import (
	"context"
	"crypto/rand"
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

	"github.com/humasess/sessions/examples/apps/oidc/provider"
	"github.com/humasess/sessions/examples/apps/oidc/site"
	"github.com/humasess/sessions/stores/memory"
)

func main() {
	port := flag.String("port", "8890", "where to serve the application on localhost")
	providerPort := flag.String("provider-port", "8891", "where to serve the provider on localhost")
	formPost := flag.Bool("form-post", false, "let the browser post the provider's answer")
	other := flag.String("for", "", "the URL of an application to run the provider for")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := start(ctx, *port, *providerPort, *other, *formPost)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

// start opens the ports. A busy one is an error before the program prints an address.
func start(ctx context.Context, port, providerPort, other string, formPost bool) error {
	var ports net.ListenConfig
	forProvider, err := ports.Listen(ctx, "tcp", "localhost:"+providerPort)
	if err != nil {
		return err
	}
	if other != "" {
		return run(ctx, nil, forProvider, other, formPost)
	}
	forApp, err := ports.Listen(ctx, "tcp", "localhost:"+port)
	if err != nil {
		return errors.Join(err, forProvider.Close())
	}
	return run(ctx, forApp, forProvider, "", formPost)
}

// run serves the provider, and the application unless it is another program.
func run(ctx context.Context, forApp, forProvider net.Listener, other string, formPost bool) error {
	secret, url, providerURL := rand.Text(), other, urlOf(forProvider)
	if other == "" {
		url = urlOf(forApp)
	}
	issuer, err := provider.New(providerURL, []provider.Client{{
		ID: "app", Secret: secret,
		RedirectURIs:           []string{url + "/callback/local"},
		PostLogoutRedirectURIs: []string{url + "/"},
		BackChannelLogoutURI:   url + "/logout/local",
	}}, &provider.Options{InsecureAllowHTTP: true})
	if err != nil {
		return err
	}
	defer closeSoon(issuer)
	if other != "" {
		fmt.Printf("OIDC_ISSUER=%s OIDC_CLIENT_ID=app OIDC_CLIENT_SECRET=%s\n", providerURL, secret)
		return serve(ctx, map[net.Listener]http.Handler{forProvider: issuer})
	}
	// In production the URL begins with https, and InsecureAllowHTTP is left out.
	app, err := site.New(memory.New(nil), url, []site.Provider{{
		Key: "local", Label: "the local provider", Issuer: providerURL, ClientID: "app", ClientSecret: secret, FormPost: formPost,
	}}, &site.Options{InsecureAllowHTTP: true})
	if err != nil {
		return err
	}
	defer closeSoon(app)
	fmt.Printf("Open %s and sign in as ada (engine) or grace (compiler).\nThe provider is at %s.\n", url, providerURL)
	return serve(ctx, map[net.Listener]http.Handler{forApp: app, forProvider: issuer})
}

// serve serves until the context ends.
func serve(ctx context.Context, handlers map[net.Listener]http.Handler) error {
	stopped := make(chan error, len(handlers))
	for listener, handler := range handlers {
		server := &http.Server{Handler: handler, ReadTimeout: 30 * time.Second}
		defer func() { _ = server.Close() }() // the process ends
		go func() { stopped <- server.Serve(listener) }()
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-stopped:
		return err
	}
}

// urlOf returns the URL with the name that browsers keep cookies under.
func urlOf(l net.Listener) string {
	return fmt.Sprintf("http://localhost:%d", l.Addr().(*net.TCPAddr).Port) //nolint:forcetypeassert // it listens on tcp
}

func closeSoon(c interface {
	Close(ctx context.Context) error
}) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := c.Close(ctx); err != nil {
		log.Print(err)
	}
}
