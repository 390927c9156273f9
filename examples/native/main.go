// Native is a small API for clients without cookies, and a command-line client of it.
// The client keeps its token in a file that only its owner can read. Start the API, and
// use the client in another terminal:
//
//	go run ./examples/native                # the API
//	go run ./examples/native login ada      # asks for the password, engine
//	go run ./examples/native me
//	go run ./examples/native pay grace 5    # asks for a code, 123456
//	go run ./examples/native renew
//	go run ./examples/native logout
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

func main() {
	listen := flag.String("listen", "localhost:8888", "where the API serves")
	api := flag.String("api", "http://localhost:8888", "where the client finds the API")
	file := flag.String("token", defaultFile(), "the file in which the client keeps its token")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	var err error
	if flag.NArg() == 0 {
		err = serve(ctx, *listen)
	} else {
		err = newClient(*api, TokenFile(*file), bufio.NewReader(os.Stdin), os.Stdout).run(ctx, flag.Args())
	}
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

// defaultFile is in the folder that the system has for settings of the user.
func defaultFile() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		dir = "."
	}
	return filepath.Join(dir, "humasess-native", "token")
}

func serve(ctx context.Context, address string) error {
	mux := http.NewServeMux()
	if err := register(humago.New(mux, huma.DefaultConfig("Native", "1.0.0"))); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	fmt.Printf(`Docs page: http://%[1]s/docs

	go run ./examples/native -api http://%[1]s login ada      # the password is engine
	go run ./examples/native -api http://%[1]s me
	go run ./examples/native -api http://%[1]s pay grace 5    # the code is 123456
	go run ./examples/native -api http://%[1]s renew
	go run ./examples/native -api http://%[1]s logout
`, listener.Addr())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); ctx.Err() == nil {
		return err
	}
	return nil
}
