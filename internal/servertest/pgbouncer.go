package servertest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// tendBouncer is a shell script that stops PgBouncer when its input ends. The input
// ends with this process. Each line of the input makes it start PgBouncer again.
const tendBouncer = `program=$1; cd "$(dirname "$0")" || exit 1
start() { "$program" bouncer.ini </dev/null >>log 2>&1 & pid=$!; }
halt() { kill -KILL $pid 2>/dev/null; wait $pid 2>/dev/null; }
start
while read -r _; do halt; start; echo done; done
halt
cd / && rm -rf "$(dirname "$0")"`

// PgBouncer is a pool of connections in front of a server.
type PgBouncer struct {
	DSN    string
	input  io.Writer
	output *bufio.Reader
}

// Restart ends PgBouncer as a crash would, and starts it again.
func (b *PgBouncer) Restart(tb testing.TB) {
	tb.Helper()
	if _, err := io.WriteString(b.input, "again\n"); err != nil {
		tb.Fatalf("restart PgBouncer: %v", err)
	}
	if _, err := b.output.ReadString('\n'); err != nil {
		tb.Fatalf("restart PgBouncer: %v", err)
	}
}

// StartPgBouncer starts PgBouncer for one test, in transaction mode, in front of a
// private server. PgBouncer has two connections to the server.
func (p *Postgres) StartPgBouncer(tb testing.TB) *PgBouncer {
	tb.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/pgbouncer") // where Debian has it
	}
	if err != nil {
		const missing = "pgbouncer is not installed: run make prepare"
		if os.Getenv("HUMASESS_TEST_REQUIRE") != "" {
			tb.Fatal(missing)
		}
		tb.Skip(missing)
	}
	if p.proc == nil {
		tb.Skip("PgBouncer needs a private server")
	}
	host, port, err := net.SplitHostPort(p.Addr)
	if err != nil {
		tb.Fatal(err)
	}
	own, err := freePort()
	if err != nil {
		tb.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "humasess-pgb-") //nolint:usetesting // the user of PgBouncer cannot enter the parent of TempDir
	if err != nil {
		tb.Fatal(err)
	}
	for name, text := range map[string]string{
		"tend":  tendBouncer,
		"users": fmt.Sprintf("%q \"\"\n", PostgresUser),
		"bouncer.ini": fmt.Sprintf(`[databases]
* = host=%s port=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = trust
auth_file = users
pool_mode = transaction
default_pool_size = 2
`, host, port, own),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	shell := exec.Command("sh", filepath.Join(dir, "tend"), program)
	if err := leaveRoot(shell, dir); err != nil {
		tb.Fatal(err)
	}
	input, err := shell.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	output, err := shell.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = input.Close()
		_ = shell.Wait()
	})
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(own))
	for begin := time.Now(); ; {
		if conn, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
			_ = conn.Close()
			return &PgBouncer{p.At(tb, addr), input, bufio.NewReader(output)}
		}
		if time.Since(begin) > postgresPatience {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			tb.Fatalf("PgBouncer does not start: %s", log)
		}
		<-time.After(20 * time.Millisecond)
	}
}
