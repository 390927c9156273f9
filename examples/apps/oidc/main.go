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
	"flag"
	"fmt"
	"log"
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
	err := run(ctx, "localhost:"+*port, "localhost:"+*providerPort, *other, *formPost)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, appAddress, providerAddress, other string, formPost bool) error {
	secret, url, providerURL := rand.Text(), "http://"+appAddress, "http://"+providerAddress
	if other != "" {
		url = other
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
		return serve(ctx, map[string]http.Handler{providerAddress: issuer})
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
	return serve(ctx, map[string]http.Handler{appAddress: app, providerAddress: issuer})
}

// serve serves until the context ends.
func serve(ctx context.Context, handlers map[string]http.Handler) error {
	stopped := make(chan error, len(handlers))
	for address, handler := range handlers {
		server := &http.Server{Addr: address, Handler: handler, ReadTimeout: 30 * time.Second}
		defer func() { _ = server.Close() }() // the process ends
		go func() { stopped <- server.ListenAndServe() }()
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-stopped:
		return err
	}
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
