package servertest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// postgresProcess is a server that always ends with this process. A shell reads
// its input until this process ends. It then stops the server by its process ID,
// and removes the folder.
type postgresProcess struct {
	dir    string
	env    []string // of the server, beside that of this process
	shell  *exec.Cmd
	input  io.WriteCloser
	output *bufio.Reader
	once   sync.Once
}

// prepare is a shell script. It makes a database cluster that servers copy, which
// takes a third of the time of making one.
const prepare = `bin=$1; cd "$(dirname "$0")" || exit 1
clean() { cd / && rm -rf "$(dirname "$0")"; }
trap '' INT
"$bin/initdb" -D data -A trust -U ` + PostgresUser + ` -E UTF8 --locale=C --no-sync >log 2>&1 || { cat log; clean; exit 1; }
cp hba data/pg_hba.conf
echo "create role ` + PostgresLocked + ` login password '` + PostgresPassword + `'" | "$bin/postgres" --single -D data postgres >>log 2>&1
echo ready
cat >/dev/null
clean`

// tend is a shell script. It copies the cluster in $2, starts a server on it, and
// reads commands from its input. SIGQUIT ends a server at once, as a crash would.
const tend = `bin=$1 from=$2; shift 2; cd "$(dirname "$0")" || exit 1
clean() { cd / && rm -rf "$(dirname "$0")"; }
trap '' INT
start() { "$bin/postgres" -D data "$@" >>log 2>&1 </dev/null & pid=$!; }
halt() { kill -QUIT $pid 2>/dev/null; wait $pid 2>/dev/null; }
cp -R "$from/data" data >log 2>&1 && chmod -R go-rwx data || { cat log; clean; exit 1; }
start "$@"
echo ready
while read -r order; do
  case $order in stop) halt ;; start) start "$@" ;; esac
  echo done
done
halt
clean`

const hba = `local all ` + PostgresLocked + ` scram-sha-256
host all ` + PostgresLocked + ` 127.0.0.1/32 scram-sha-256
local all,replication all trust
host all all 127.0.0.1/32 trust
`

// preparedPostgres holds the database cluster that the servers of this binary copy.
var preparedPostgres struct {
	once sync.Once
	p    *postgresProcess
	err  error
}

// startPostgresProcess starts a server on a copy of the folder from, or of the
// prepared one.
func startPostgresProcess(bin, from string, port int, env, settings []string) (*postgresProcess, error) {
	if from == "" {
		s := &preparedPostgres
		s.once.Do(func() {
			if s.p, s.err = newPostgresProcess(); s.err == nil {
				s.err = s.p.run(prepare, bin)
			}
		})
		if s.err != nil {
			return nil, s.err
		}
		from = s.p.dir
	}
	p, err := newPostgresProcess()
	if err != nil {
		return nil, err
	}
	p.env = env
	args := []string{bin, from}
	for _, s := range append([]string{
		"port=" + strconv.Itoa(port), "listen_addresses=127.0.0.1", "unix_socket_directories=" + p.dir,
		"max_connections=200", "shared_buffers=64MB", "autovacuum=off", "timezone=UTC",
	}, settings...) {
		args = append(args, "-c", s)
	}
	return p, p.run(tend, args...)
}

func newPostgresProcess() (*postgresProcess, error) {
	// The folder has a short name, because the path of a Unix socket has at most a
	// hundred characters.
	dir, err := os.MkdirTemp("", "humasess-pg-")
	return &postgresProcess{dir: dir}, err
}

// run starts a script in the folder, and waits until it is ready.
func (p *postgresProcess) run(script string, args ...string) error {
	path := filepath.Join(p.dir, "script")
	for name, text := range map[string]string{filepath.Join(p.dir, "hba"): hba, path: script} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return err
		}
	}
	p.shell = exec.Command("sh", append([]string{path}, args...)...)
	p.shell.Dir = p.dir
	p.shell.Env = append(os.Environ(), p.env...)
	if err := leaveRoot(p.shell, p.dir); err != nil {
		return err
	}
	var err error
	if p.input, err = p.shell.StdinPipe(); err != nil {
		return err
	}
	output, err := p.shell.StdoutPipe()
	if err != nil {
		return err
	}
	p.output = bufio.NewReader(output)
	if err := p.shell.Start(); err != nil {
		return err
	}
	if line, err := p.output.ReadString('\n'); err != nil || line != "ready\n" {
		rest, _ := io.ReadAll(p.output)
		p.stop()
		return fmt.Errorf("make the folder of PostgreSQL: %s%s", line, rest)
	}
	return nil
}

// order sends a command to the shell and waits until it is done.
func (p *postgresProcess) order(tb testing.TB, command string) {
	tb.Helper()
	if _, err := io.WriteString(p.input, command+"\n"); err != nil {
		tb.Fatalf("%s PostgreSQL: %v", command, err)
	}
	if line, err := p.output.ReadString('\n'); strings.TrimSpace(line) != "done" {
		tb.Fatalf("%s PostgreSQL: got %q and error %v", command, line, err)
	}
}

func (p *postgresProcess) stop() {
	p.once.Do(func() {
		_ = p.input.Close()
		_ = p.shell.Wait()
	})
}
