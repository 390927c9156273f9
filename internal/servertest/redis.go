package servertest

import (
	"errors"
	"fmt"
	"io"
	"net"
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

// redisAddr is the variable that names a server to use instead of a private one.
const redisAddr = "HUMASESS_REDIS_ADDR"

// redisPatience bounds the wait for servers to start and to find each other.
const redisPatience = 30 * time.Second

// Redis is a server, a Sentinel set or a Cluster. It keeps its data in memory and
// does not ask for a password.
type Redis struct {
	Addrs     []string // of the servers with data, primaries first
	Sentinels []string // of the sentinels of a Sentinel set
	Primary   string   // the name of the set at its sentinels
	env       []string // of the servers, beside that of this process
	processes map[string]*redisProcess
	mu        sync.Mutex
}

var (
	sharedSingle   sharedRedis
	sharedSentinel sharedRedis
	sharedCluster  sharedRedis
)

// sharedRedis starts once in a test binary, and ends with it.
type sharedRedis struct {
	once sync.Once
	r    *Redis
	err  error
}

func (s *sharedRedis) get(tb testing.TB, start func() (*Redis, error)) *Redis {
	tb.Helper()
	s.once.Do(func() { s.r, s.err = start() })
	if s.err != nil {
		tb.Fatalf("start Redis: %v", s.err)
	}
	return s.r
}

// RedisSingle returns the server that the tests of this binary share. Each test
// needs its own key prefix. The environment may name the server.
func RedisSingle(tb testing.TB) *Redis {
	tb.Helper()
	if addr := os.Getenv(redisAddr); addr != "" {
		return &Redis{Addrs: []string{addr}}
	}
	requireRedis(tb)
	return sharedSingle.get(tb, func() (*Redis, error) { return startSingle(nil, nil) })
}

// RedisSentinel returns the set of a primary, two replicas and three sentinels
// that the tests of this binary share. A test must not stop a part of it.
func RedisSentinel(tb testing.TB) *Redis {
	tb.Helper()
	requireRedis(tb)
	return sharedSentinel.get(tb, startSentinel)
}

// RedisCluster returns the Cluster of three primaries with a replica each that
// the tests of this binary share. None may stop a part of it.
func RedisCluster(tb testing.TB) *Redis {
	tb.Helper()
	requireRedis(tb)
	return sharedCluster.get(tb, startCluster)
}

// StartRedis starts a server for one test, with additional settings. Each is a
// name, a space and a value.
func StartRedis(tb testing.TB, settings ...string) *Redis {
	tb.Helper()
	return StartRedisWith(tb, nil, settings...)
}

// StartRedisWith is [StartRedis] with additional environment variables of the server.
func StartRedisWith(tb testing.TB, env []string, settings ...string) *Redis {
	tb.Helper()
	return ofTest(tb, func() (*Redis, error) { return startSingle(env, settings) })
}

// StartRedisSentinel starts a Sentinel set for one test.
func StartRedisSentinel(tb testing.TB) *Redis {
	tb.Helper()
	return ofTest(tb, startSentinel)
}

// StartRedisCluster starts a Cluster for one test.
func StartRedisCluster(tb testing.TB) *Redis {
	tb.Helper()
	return ofTest(tb, startCluster)
}

func ofTest(tb testing.TB, start func() (*Redis, error)) *Redis {
	tb.Helper()
	requireRedis(tb)
	r, err := start()
	if err != nil {
		tb.Fatalf("start Redis: %v", err)
	}
	tb.Cleanup(r.stop)
	return r
}

// requireRedis skips the test if Redis is not installed, or fails it if
// HUMASESS_TEST_REQUIRE is set.
func requireRedis(tb testing.TB) {
	tb.Helper()
	if _, err := exec.LookPath("redis-server"); err == nil {
		return
	}
	const missing = "redis-server is not installed: run make prepare"
	if os.Getenv("HUMASESS_TEST_REQUIRE") != "" {
		tb.Fatal(missing)
	}
	tb.Skip(missing)
}

// Command sends one command to one of the servers. It returns the answer as text,
// with each element on its own line. An error ends the test.
func (r *Redis) Command(tb testing.TB, addr string, args ...string) string {
	tb.Helper()
	answer, err := redisCommand(addr, args...)
	if err != nil {
		tb.Fatalf("%s at %s: %v", strings.Join(args, " "), addr, err)
	}
	return answer
}

// Forget deletes the keys with a prefix at the end of the test. One Clear of a store
// leaves 16384 keys, and every scan of another test goes through them.
func (r *Redis) Forget(tb testing.TB, prefix string) {
	tb.Helper()
	primaries := 1
	if len(r.Sentinels) == 0 {
		primaries = (len(r.Addrs) + 1) / 2
	}
	pattern := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(prefix) + "*"
	tb.Cleanup(func() {
		for _, addr := range r.Addrs[:primaries] {
			r.Command(tb, addr, "EVAL", `local cursor = '0'
				repeat
					local page = redis.call('SCAN', cursor, 'MATCH', ARGV[1], 'COUNT', '10000')
					for _, key in ipairs(page[2]) do redis.call('UNLINK', key) end
					cursor = page[1]
				until cursor == '0'`, "0", pattern)
		}
	})
}

// Kill ends a private server at once, as a crash would. The other servers of a
// Sentinel set or a Cluster notice it within about a second.
func (r *Redis) Kill(tb testing.TB, addr string) {
	tb.Helper()
	p := r.process(tb, addr)
	if err := r.noticeWithin(quick); err != nil {
		tb.Fatal(err)
	}
	if err := p.kill(); err != nil {
		tb.Fatalf("kill the server at %s: %v", addr, err)
	}
}

// Restart ends a private server as a crash would, and starts it again with the same
// data and address.
func (r *Redis) Restart(tb testing.TB, addr string) {
	tb.Helper()
	p := r.process(tb, addr)
	if _, err := io.WriteString(p.input, "again\n"); err != nil {
		tb.Fatalf("restart the server at %s: %v", addr, err)
	}
	if err := p.ready(); err != nil {
		tb.Fatalf("restart the server at %s: %v", addr, err)
	}
}

func (r *Redis) process(tb testing.TB, addr string) *redisProcess {
	tb.Helper()
	p, ok := r.processes[addr]
	if !ok {
		tb.Fatalf("no private server at %s", addr)
	}
	return p
}

func (r *Redis) stop() {
	for _, p := range r.processes {
		p.stop()
	}
}

// start adds a process. It tries another port when another process has taken the
// free one meanwhile.
func (r *Redis) start(lines func(port int) []string, args ...string) (string, error) {
	var err error
	for range 5 {
		var port int
		if port, err = freePort(); err != nil {
			return "", err
		}
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		var p *redisProcess
		settings := append([]string{"port " + strconv.Itoa(port), "bind 127.0.0.1", "protected-mode yes"}, lines(port)...)
		if p, err = startRedisProcess(r.env, settings, args...); err == nil {
			r.mu.Lock()
			r.processes[addr] = p
			r.mu.Unlock()
			return addr, nil
		}
	}
	return "", err
}

// keepNothing are the settings of a server that writes nothing to disk and
// synchronizes replicas at once.
var keepNothing = []string{`save ""`, "appendonly no", "repl-diskless-sync yes", "repl-diskless-sync-delay 0"}

func newRedis() *Redis { return &Redis{processes: map[string]*redisProcess{}} }

func startSingle(env, settings []string) (*Redis, error) {
	r := newRedis()
	r.env = env
	addr, err := r.start(func(int) []string { return slices.Concat(keepNothing, settings) })
	r.Addrs = []string{addr}
	return r, err
}

// redisProcess is a server that always ends with this process. A shell reads its
// input until this process ends, and then stops the server. Each line of the input
// makes it start the server again, with its data.
type redisProcess struct {
	shell  *exec.Cmd
	input  io.WriteCloser
	output io.Reader
	dir    string
	pid    int
	once   sync.Once
}

const watch = `dir=$1; shift; cd "$dir" || exit 1
start() { "$@" >>log 2>&1 & pid=$!; echo $pid; }
halt() { kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null; }
start "$@"
while read -r _; do halt; start "$@"; done
halt
cd / && rm -rf "$dir"`

func startRedisProcess(env, settings []string, args ...string) (*redisProcess, error) {
	dir, err := os.MkdirTemp("", "humasess-redis-")
	if err != nil {
		return nil, err
	}
	// The server makes this socket after it has got its port. Another process may
	// have taken the port meanwhile, and its server would answer there.
	socket := filepath.Join(dir, "socket")
	config := strings.Join(append(settings, "dir "+strconv.Quote(dir), "unixsocket "+strconv.Quote(socket)), "\n") + "\n"
	if err := os.WriteFile(filepath.Join(dir, "conf"), []byte(config), 0o600); err != nil {
		return nil, err
	}
	line := append([]string{"-c", watch, "sh", dir, "redis-server", filepath.Join(dir, "conf")}, args...)
	shell := exec.Command("sh", line...)
	shell.Env = append(os.Environ(), env...)
	input, err := shell.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := shell.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := shell.Start(); err != nil {
		return nil, err
	}
	p := &redisProcess{shell: shell, input: input, output: output, dir: dir}
	if err := p.ready(); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		p.stop()
		return nil, fmt.Errorf("%w\n%s", err, log)
	}
	return p, nil
}

// ready waits until the server answers.
func (p *redisProcess) ready() error {
	if _, err := fmt.Fscan(p.output, &p.pid); err != nil {
		return err
	}
	return eventually(func() error {
		_, err := redisCommand(filepath.Join(p.dir, "socket"), "PING")
		var refused redisError // a server that asks for a password is up
		if errors.As(err, &refused) && !strings.HasPrefix(string(refused), "LOADING") {
			return nil
		}
		return err
	}, func() bool { return p.ended() })
}

// ended reports whether the server has ended. This process does not wait for it, so
// it may still exist as a zombie.
func (p *redisProcess) ended() bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func (p *redisProcess) kill() error {
	process, err := os.FindProcess(p.pid)
	if err != nil {
		return err
	}
	return process.Kill()
}

func (p *redisProcess) stop() {
	p.once.Do(func() {
		_ = p.input.Close()
		_ = p.shell.Wait()
	})
}

// freePort returns a free port. The port 10000 above it is free as well, because
// the servers of a Cluster talk to each other on it.
func freePort() (int, error) {
	for range 100 {
		low, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := low.Addr().(*net.TCPAddr).Port
		_ = low.Close()
		if port+10000 > 65535 {
			port -= 20000 // below the ports that systems assign by themselves
		}
		if portFree(port) && portFree(port+10000) {
			return port, nil
		}
	}
	return 0, errors.New("no free port")
}

func portFree(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// eventually repeats f until f returns nil, hopeless returns true, or the servers
// take too long.
func eventually(f func() error, hopeless func() bool) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for begin := time.Now(); ; <-tick.C {
		err := f()
		if err == nil {
			return nil
		}
		if time.Since(begin) > redisPatience || hopeless != nil && hopeless() {
			return err
		}
	}
}
