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
	err := run(ctx, *page, *api, *otherSite, *lax)
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

func run(ctx context.Context, pagePort, apiPort string, otherSite, lax bool) error {
	host := "localhost"
	if otherSite {
		host = "127.0.0.1"
	}
	pageAt, apiAt := net.JoinHostPort(host, pagePort), net.JoinHostPort("localhost", apiPort)
	api, err := site.NewAPI(memory.New(nil), site.Options{
		FrontEnds: []string{"http://" + pageAt},
		Cookie:    cookie(otherSite, lax),
	})
	if err != nil {
		return err
	}
	servers := []*http.Server{
		{Addr: pageAt, Handler: site.NewFrontEnd("http://" + apiAt), ReadTimeout: 30 * time.Second},
		{Addr: apiAt, Handler: api, ReadTimeout: 30 * time.Second},
	}
	ended := make(chan error, len(servers))
	for _, s := range servers {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.Addr)
		if err != nil {
			return err
		}
		go func() { ended <- s.Serve(listener) }()
	}
	fmt.Printf("Open http://%s and sign in as ada (engine). The API is http://%s.\n", pageAt, apiAt)
	select {
	case err = <-ended:
	case <-ctx.Done():
	}
	for _, s := range servers {
		err = cmp.Or(err, s.Close())
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
