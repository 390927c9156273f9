// Frontend serves a page and an API on two origins. Run it and open the address that it
// prints:
//
//	go run ./frontend                    # two ports of localhost, which are one site
//	go run ./frontend -other-site        # the page is on 127.0.0.1, which is another site
//	go run ./frontend -other-site -lax   # the browser drops the cookie, and the log says why
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/humasess/sessions/examples/apps/frontend/site"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores/memory"
)

func main() {
	otherSite := flag.Bool("other-site", false, "serve the page on another site than the API")
	lax := flag.Bool("lax", false, "keep SameSite=Lax with -other-site")
	page := flag.String("page", "8888", "port of the page")
	api := flag.String("api", "8889", "port of the API")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := start(ctx, *page, *api, *otherSite, *lax)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

// cookie returns the attributes for plain http on localhost. In production leave Name and
// InsecureAllowHTTP out.
func cookie(otherSite, lax bool) humasess.CookieOptions {
	if otherSite && !lax {
		// SameSite=None needs Secure. Chromium and Firefox keep such a cookie for
		// localhost without https. With Partitioned they also keep it where the user blocks
		// the cookies of other sites.
		return humasess.CookieOptions{Name: "frontend", SameSite: http.SameSiteNoneMode, Partitioned: true}
	}
	return humasess.CookieOptions{Name: "frontend", InsecureAllowHTTP: true}
}

// start opens the ports.
func start(ctx context.Context, pagePort, apiPort string, otherSite, lax bool) error {
	var ports net.ListenConfig
	page, err := ports.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", pagePort))
	if err != nil {
		return err
	}
	api, err := ports.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", apiPort))
	if err != nil {
		return errors.Join(err, page.Close())
	}
	return run(ctx, page, api, otherSite, lax)
}

func run(ctx context.Context, forPage, forAPI net.Listener, otherSite, lax bool) error {
	host := "localhost"
	if otherSite {
		host = "127.0.0.1"
	}
	pageAt, apiAt := at(host, forPage), at("localhost", forAPI)
	api, err := site.NewAPI(memory.New(nil), site.Options{
		FrontEnds: []string{"http://" + pageAt},
		Cookie:    cookie(otherSite, lax),
	})
	if err != nil {
		return err
	}
	page := &http.Server{Handler: site.NewFrontEnd("http://" + apiAt), ReadTimeout: 30 * time.Second}
	backEnd := &http.Server{Handler: api, ReadTimeout: 30 * time.Second}
	ended := make(chan error, 2)
	go func() { ended <- page.Serve(forPage) }()
	go func() { ended <- backEnd.Serve(forAPI) }()
	fmt.Printf("Open http://%s and sign in as ada (engine). The API is http://%s.\n", pageAt, apiAt)
	select {
	case err = <-ended:
	case <-ctx.Done():
	}
	err = cmp.Or(err, page.Close(), backEnd.Close())
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// at returns the address of a listener under the name that the browser uses.
func at(host string, l net.Listener) string {
	return fmt.Sprintf("%s:%d", host, l.Addr().(*net.TCPAddr).Port) //nolint:forcetypeassert // it listens on tcp
}
