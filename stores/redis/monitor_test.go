package redis_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/redis/rueidis"
)

// monitor collects the commands that the servers receive.
type monitor struct {
	mu    sync.Mutex
	lines []string
	stop  func()
}

func watch(t *testing.T, server *servertest.Redis) *monitor {
	t.Helper()
	m := &monitor{}
	var readers sync.WaitGroup
	var conns []net.Conn
	const last = "the end of the show"
	for _, addr := range server.Addrs {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
		if _, err := io.WriteString(conn, "MONITOR\r\n"); err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(conn)
		if line, err := r.ReadString('\n'); err != nil || line != "+OK\r\n" {
			t.Fatalf("MONITOR: got %q and %v", line, err)
		}
		readers.Go(func() {
			for {
				line, err := r.ReadString('\n')
				if err != nil || strings.Contains(line, last) {
					return
				}
				m.mu.Lock()
				m.lines = append(m.lines, addr+" "+line)
				m.mu.Unlock()
			}
		})
	}
	m.stop = func() {
		for _, addr := range server.Addrs {
			server.Command(t, addr, "ECHO", last)
		}
		readers.Wait()
		for _, conn := range conns {
			_ = conn.Close()
		}
	}
	return m
}

var (
	fromScript = regexp.MustCompile(`\[\d+ lua\]`)
	quoted     = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
)

// words returns the parts of a command, and whether a script has sent it.
func words(t *testing.T, line string) (args []string, script bool) {
	t.Helper()
	for _, q := range quoted.FindAllString(line, -1) {
		arg, err := strconv.Unquote(q)
		if err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		args = append(args, arg)
	}
	return args, fromScript.MatchString(line)
}

// undeclared returns keys that scripts used without declaring them, commands
// that visit all keys, and keys of another slot than the first. The commands of
// a script directly follow it, because servers run one script at a time.
func (m *monitor) undeclared(t *testing.T) (found []string, scripts int) {
	t.Helper()
	declared := map[string][]string{} // by server
	for _, line := range m.lines {
		server, _, _ := strings.Cut(line, " ")
		args, script := words(t, line)
		if len(args) == 0 {
			continue
		}
		name := strings.ToUpper(args[0])
		switch {
		case slices.Contains([]string{"KEYS", "SCAN", "SSCAN", "HSCAN", "ZSCAN", "FLUSHDB", "FLUSHALL", "BLPOP", "WAIT", "PSUBSCRIBE"}, name):
			found = append(found, name)
		case name == "EVALSHA" || name == "EVAL":
			n, err := strconv.Atoi(args[2])
			if err != nil {
				t.Fatalf("line %q: %v", line, err)
			}
			declared[server] = args[3 : 3+n]
			scripts++
			for _, key := range args[3 : 3+n] {
				if slot(tag(key)) != slot(tag(args[3])) {
					found = append(found, "slot of "+key)
				}
			}
		case script && !slices.Contains(commands, name):
			found = append(found, name)
		case script && name != "TIME":
			for _, key := range keysOf(args) {
				if !slices.Contains(declared[server], key) {
					found = append(found, key)
				}
			}
		}
	}
	return found, scripts
}

// commands are those that scripts use. None reads more than a page, or the
// sessions of one identity.
var commands = strings.Fields(`TIME HGET HMGET HSET HDEL HLEN ZADD ZREM ZCARD ZSCORE ZLEXCOUNT ZREVRANGE
	ZRANGEBYSCORE ZRANGEBYLEX ZREVRANGEBYLEX PEXPIREAT DEL UNLINK GET SET`)

func tag(key string) string {
	_, rest, _ := strings.Cut(key, "{")
	tag, _, _ := strings.Cut(rest, "}")
	return tag
}

// slot returns the slot of a tag in Redis Cluster. It computes CRC16 by its
// polynomial: the remainder of the tag and two more bytes.
func slot(tag string) int {
	rest := 0
	for _, b := range []byte(tag + "\x00\x00") {
		for bit := 7; bit >= 0; bit-- {
			rest = rest<<1 | int(b)>>bit&1
			if rest > 0xffff {
				rest ^= 0x11021
			}
		}
	}
	return rest % 16384
}

// keysOf returns the keys of a command that scripts use.
func keysOf(args []string) []string {
	switch strings.ToUpper(args[0]) {
	case "EXISTS", "UNLINK", "DEL":
		return args[1:]
	}
	return args[1:2]
}

// issued collects the tokens that an API issues.
type issued struct {
	mu     sync.Mutex
	tokens []string
}

func (i *issued) router(config huma.Config) (huma.API, http.Handler) {
	mux := http.NewServeMux()
	return humago.New(mux, config), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r)
		for _, line := range w.Header().Values("Set-Cookie") {
			if c, err := http.ParseSetCookie(line); err == nil && c.Value != "" {
				i.mu.Lock()
				i.tokens = append(i.tokens, c.Value)
				i.mu.Unlock()
			}
		}
	})
}

// TestWhatServersSee runs the behaviour suite under MONITOR.
func TestWhatServersSee(t *testing.T) {
	t.Parallel()
	for _, start := range []form{
		{"single", func(tb testing.TB) *servertest.Redis { return servertest.StartRedis(tb) }},
		{"cluster", servertest.StartRedisCluster},
	} {
		t.Run(start.name, func(t *testing.T) {
			t.Parallel()
			server := start.server(t)
			client := dial(t, server)
			m := watch(t, server)
			var all issued
			behave(t, client, server, hooks{Router: all.router})
			store := open(t, client)
			handler, _ := serve(t, store, nil, hooks{Router: all.router})
			for i := range 20 {
				c := humasesstest.NewClient(handler)
				do(t, c, "POST", fmt.Sprintf("/login?name=user%d", i), 204)
				do(t, c, "POST", "/bump", 200)
				do(t, c, "POST", "/renew", 200)
				do(t, c, "POST", []string{"/list", "/logout", "/revoke-all", "/revoke-others"}[i%4], 200)
			}
			m.stop()

			t.Run("T6 no token and no secret", func(t *testing.T) {
				var text strings.Builder
				for _, line := range m.lines {
					args, _ := words(t, line)
					text.WriteString(strings.Join(args, "\n"))
				}
				seen := text.String()
				if !strings.Contains(seen, `{"name":"user7","n":0}`) {
					t.Fatal("the monitor has not seen the data")
				}
				if len(all.tokens) < 120 {
					t.Fatalf("got %d tokens, want those of all behaviours", len(all.tokens))
				}
				for _, token := range all.tokens {
					raw, err := base64.RawURLEncoding.DecodeString(token)
					if err != nil || len(raw) != 48 {
						t.Fatalf("token of %d bytes: %v", len(raw), err)
					}
					for _, part := range []string{token, token[22:], string(raw[16:]), fmt.Sprintf("%x", raw[16:])} {
						if strings.Contains(seen, part) {
							t.Errorf("the server has seen the secret of a token, in the form %q", part)
						}
					}
				}
			})
			t.Run("every key is declared, in one slot", func(t *testing.T) {
				found, scripts := m.undeclared(t)
				if len(found) > 0 {
					t.Errorf("got %q, want none", found[:min(5, len(found))])
				}
				if scripts < 500 {
					t.Errorf("got %d scripts, want 500 at least", scripts)
				}
			})
		})
	}
}

// TestUndeclaredKeysAreCaught tests the test above.
func TestUndeclaredKeysAreCaught(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedisCluster(t)
	client := dial(t, server)
	run := func(t *testing.T, script string, keys ...string) (found []string, err error) {
		m := watch(t, server)
		_, err = rueidis.NewLuaScript(script).Exec(t.Context(), client, keys, []string{"{b}", "{a}other"}).ToMessage()
		if rueidis.IsRedisNil(err) {
			err = nil
		}
		m.stop()
		found, _ = m.undeclared(t)
		return found, err
	}
	tests := []struct {
		name    string
		script  string
		refused bool // by the server
		want    []string
	}{
		{"declared", `return redis.call('GET', KEYS[1])`, false, nil},
		{"undeclared in the same slot", `return redis.call('GET', ARGV[2])`, false, []string{"{a}other"}},
		{"undeclared, the second of two", `return redis.call('UNLINK', KEYS[1], ARGV[2])`, false, []string{"{a}other"}},
		{"unbounded", `return redis.call('HGETALL', KEYS[1])`, false, []string{"HGETALL"}},
		{"of a foreign slot", `return redis.call('SET', ARGV[1], 'x')`, true, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found, err := run(t, tt.script, "{a}")
			if (err != nil) != tt.refused {
				t.Errorf("error: got %v, want one: %v", err, tt.refused)
			}
			if !tt.refused && !slices.Equal(found, tt.want) {
				t.Errorf("found: got %q, want %q", found, tt.want)
			}
		})
	}
	t.Run("a look through all keys", func(t *testing.T) {
		m := watch(t, server)
		if err := client.Do(t.Context(), client.B().Scan().Cursor(0).Build()).Error(); err != nil {
			t.Fatal(err)
		}
		m.stop()
		if found, _ := m.undeclared(t); !slices.Equal(found, []string{"SCAN"}) {
			t.Errorf("found: got %q, want SCAN", found)
		}
	})
}
