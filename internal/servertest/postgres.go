package servertest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// postgresDSN is the variable that names a server to use instead of a private one.
const postgresDSN = "HUMASESS_POSTGRES_DSN"

// postgresPatience bounds the wait for a server to start.
const postgresPatience = 60 * time.Second

// PostgresUser connects to a private server without a password. PostgresLocked
// needs a password, PostgresPassword.
const (
	PostgresUser     = "humasess"
	PostgresLocked   = "locked"
	PostgresPassword = "right-password"
)

// Postgres is a database server.
type Postgres struct {
	DSN  string // the URL of the server
	Addr string // host and port
	Dir  string // of the Unix socket, "" for a server of the environment
	bin  string
	proc *postgresProcess
}

var sharedPostgres struct {
	once sync.Once
	p    *Postgres
	err  error
}

// PostgresShared returns the server that the tests of this binary share. Each test
// needs its own schema. The data do not survive a crash of the machine. The
// environment may name the server.
func PostgresShared(tb testing.TB) *Postgres {
	tb.Helper()
	if dsn := os.Getenv(postgresDSN); dsn != "" {
		u, err := url.Parse(dsn)
		if err != nil || u.Host == "" {
			tb.Fatalf("%s must be a URL with a host", postgresDSN)
		}
		return &Postgres{DSN: dsn, Addr: u.Host, bin: postgresBin()}
	}
	bin := requirePostgres(tb)
	s := &sharedPostgres
	s.once.Do(func() {
		s.p, s.err = startPostgres(bin, nil, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	})
	if s.err != nil {
		tb.Fatalf("start PostgreSQL: %v", s.err)
	}
	return s.p
}

// StartPostgres starts a server for one test, with settings like "fsync=off".
// Without settings, the server writes data to disk before it acknowledges them.
func StartPostgres(tb testing.TB, settings ...string) *Postgres {
	tb.Helper()
	return StartPostgresWith(tb, nil, settings...)
}

// StartPostgresWith is [StartPostgres] with additional environment variables of the
// server.
func StartPostgresWith(tb testing.TB, env []string, settings ...string) *Postgres {
	tb.Helper()
	p, err := startPostgres(requirePostgres(tb), env, settings...)
	if err != nil {
		tb.Fatalf("start PostgreSQL: %v", err)
	}
	tb.Cleanup(p.proc.stop)
	return p
}

// With returns the DSN with other parameters of the connection. The arguments are
// pairs of names and values.
func (p *Postgres) With(tb testing.TB, pairs ...string) string {
	tb.Helper()
	u, err := url.Parse(p.DSN)
	if err != nil {
		tb.Fatal(err)
	}
	q := u.Query()
	for pair := range slices.Chunk(pairs, 2) {
		q.Set(pair[0], pair[1])
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// At returns the DSN of the same database at another address, for example the
// address of a [Proxy].
func (p *Postgres) At(tb testing.TB, addr string) string {
	tb.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		tb.Fatal(err)
	}
	return p.With(tb, "host", host, "port", port)
}

// Dump returns the output of pg_dump for a schema.
func (p *Postgres) Dump(tb testing.TB, schema string) string {
	tb.Helper()
	out, err := exec.Command(filepath.Join(p.bin, "pg_dump"), "-d", p.DSN, "-n", schema).Output()
	if err != nil {
		tb.Fatalf("pg_dump: %v", err)
	}
	return string(out)
}

// Stop ends a private server as a crash would. [Postgres.Restart] starts it
// again with the same data and address.
func (p *Postgres) Stop(tb testing.TB) {
	tb.Helper()
	if p.proc == nil {
		tb.Fatal("not a private server")
	}
	p.proc.order(tb, "stop")
}

// Restart starts a private server that was stopped.
func (p *Postgres) Restart(tb testing.TB) {
	tb.Helper()
	p.proc.order(tb, "start")
	if err := p.ready(); err != nil {
		tb.Fatalf("restart PostgreSQL: %v", err)
	}
}

// requirePostgres returns the folder of the server's programs. Without them it
// skips the test, or fails it if HUMASESS_TEST_REQUIRE is set.
func requirePostgres(tb testing.TB) string {
	tb.Helper()
	if bin := postgresBin(); bin != "" {
		return bin
	}
	const missing = "PostgreSQL's server is not installed: run make prepare"
	if os.Getenv("HUMASESS_TEST_REQUIRE") != "" {
		tb.Fatal(missing)
	}
	tb.Skip(missing)
	return ""
}

// postgresBin returns the folder of the server in the PATH, or else of the newest
// version. Debian keeps each version in a folder outside the PATH.
func postgresBin() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil { // the PATH may hold a link to this program only
			return filepath.Dir(path)
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(found[0])
}

func startPostgres(bin string, env []string, settings ...string) (*Postgres, error) {
	var err error
	for range 5 { // another process may take the port meanwhile
		var p *Postgres
		if p, err = startPostgresOnce(bin, "", env, settings); err == nil {
			return p, nil
		}
	}
	return nil, err
}

func startPostgresOnce(bin, from string, env, settings []string) (*Postgres, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	proc, err := startPostgresProcess(bin, from, port, env, settings)
	if err != nil {
		return nil, err
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	p := &Postgres{
		DSN:  fmt.Sprintf("postgres://%s@/postgres?host=%s&port=%d&sslmode=disable", PostgresUser, url.QueryEscape(proc.dir), port),
		Addr: addr, Dir: proc.dir, bin: bin, proc: proc,
	}
	if err := p.ready(); err != nil {
		log, _ := os.ReadFile(filepath.Join(proc.dir, "log"))
		proc.stop()
		return nil, fmt.Errorf("%w\n%s", err, log)
	}
	return p, nil
}

// ready waits until the server answers queries.
func (p *Postgres) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), postgresPatience)
	defer cancel()
	_, port, err := net.SplitHostPort(p.Addr)
	if err != nil {
		return err
	}
	for {
		ask := exec.CommandContext(ctx, filepath.Join(p.bin, "pg_isready"), "-q", "-h", p.Dir, "-p", port)
		if err := ask.Run(); err == nil {
			return nil
		}
		if log, _ := os.ReadFile(filepath.Join(p.Dir, "log")); ctx.Err() != nil || strings.Contains(string(log), "could not create any TCP/IP sockets") {
			return errors.New("the server does not start")
		}
		timer := time.NewTimer(20 * time.Millisecond)
		<-timer.C
	}
}
