// Oidc is an application whose users sign in with an OpenID provider. The provider
// runs in the same program, so there is nothing to install. In examples/apps run it,
// open the printed address, and open the provider's address in another tab:
//
//	go run ./oidc
//	go run ./oidc -form-post
package main

import (
	"context"
	"crypto/rand"
	"errors"
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

const (
	appAddress, appURL           = "localhost:8890", "http://localhost:8890"
	providerAddress, providerURL = "localhost:8891", "http://localhost:8891"
)

func main() {
	formPost := flag.Bool("form-post", false, "let the browser post the provider's answer")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *formPost)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, formPost bool) error {
	secret := rand.Text()
	issuer, err := provider.New(providerURL, []provider.Client{{
		ID: "app", Secret: secret,
		RedirectURIs:           []string{appURL + "/callback/local"},
		PostLogoutRedirectURIs: []string{appURL + "/"},
		BackChannelLogoutURI:   appURL + "/logout/local",
	}}, &provider.Options{InsecureAllowHTTP: true})
	if err != nil {
		return err
	}
	// In production the URL begins with https, and InsecureAllowHTTP is left out.
	app, err := site.New(memory.New(nil), appURL, []site.Provider{{
		Key: "local", Label: "the local provider", Issuer: providerURL, ClientID: "app", ClientSecret: secret, FormPost: formPost,
	}}, &site.Options{InsecureAllowHTTP: true})
	if err != nil {
		return err
	}
	servers := []*http.Server{
		{Addr: providerAddress, Handler: issuer, ReadHeaderTimeout: 10 * time.Second},
		{Addr: appAddress, Handler: app, ReadHeaderTimeout: 10 * time.Second},
	}
	stopped := make(chan error, len(servers))
	for _, server := range servers {
		go func() { stopped <- server.ListenAndServe() }()
	}
	fmt.Printf("Open %s and sign in as ada (engine) or grace (compiler).\nThe provider is at %s.\n", appURL, providerURL)
	select {
	case <-ctx.Done():
		err = nil
	case err = <-stopped:
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = errors.Join(err, app.Close(limit), issuer.Close(limit)) // the first ends the open streams
	for _, server := range servers {
		err = errors.Join(err, server.Shutdown(limit))
	}
	return err
}
