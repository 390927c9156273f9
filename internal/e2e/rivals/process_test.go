package rivals_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
)

// These environment variables tell a process which subject it serves.
const (
	envGroup    = "RIVALS_TEST_GROUP"
	envSubject  = "RIVALS_TEST_SUBJECT"
	envRedis    = "RIVALS_TEST_REDIS"
	envPostgres = "RIVALS_TEST_POSTGRES"
)

// onlyBare is the group of the subject without sessions.
const onlyBare = "bare"

// TestServe serves a subject in a process of its own, until its input ends. It
// prints the address. In the test's own process it does nothing.
func TestServe(t *testing.T) {
	group, name := os.Getenv(envGroup), os.Getenv(envSubject)
	var subjects []subject
	switch group {
	case "":
		return
	case onlyBare:
		subjects = []subject{bare()}
	case inMemory:
		subjects = memorySubjects(t)
	case inCookie:
		subjects = cookieSubjects(t)
	case inRedis:
		subjects = redisSubjectsAt(t, os.Getenv(envRedis))
	case inPostgres:
		subjects = postgresSubjectsAt(t, os.Getenv(envPostgres))
	}
	for _, s := range subjects {
		if s.name == name {
			serve(t, s)
			return
		}
	}
	t.Fatalf("%s has no subject %q", group, name)
}

func serve(t *testing.T, s subject) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: s.handler, ReadHeaderTimeout: time.Minute}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = server.Shutdown(context.WithoutCancel(t.Context()))
	}()
	_, _ = fmt.Fprintln(os.Stdout, listener.Addr())
	_ = server.Serve(listener) // ends with the input
}

// oneThread leaves a process one thread for its code.
const oneThread = "GOMAXPROCS=1"

// served is a process that serves a subject. It ends when its input is closed.
type served struct {
	input io.Closer
	addr  string
}

// startSubject starts the process of a subject.
func startSubject(tb testing.TB, group, name string) served {
	tb.Helper()
	env := []string{oneThread, envGroup + "=" + group, envSubject + "=" + name}
	switch group {
	case inRedis:
		env = append(env, envRedis+"="+servertest.RedisSingle(tb).Addrs[0])
	case inPostgres:
		env = append(env, envPostgres+"="+servertest.PostgresShared(tb).DSN)
	}
	p := servertest.StartProcess(tb, os.Args[0], []string{"-test.run=^TestServe$"}, env...)
	return served{p.Input, firstLine(tb, p.Output)}
}

// firstLine returns the line that a process prints when it is ready.
func firstLine(tb testing.TB, output io.Reader) string {
	tb.Helper()
	text, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		tb.Fatalf("the process ends before it serves: %v", err)
	}
	return strings.TrimSpace(text)
}
