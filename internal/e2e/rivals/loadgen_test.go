package rivals_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
)

// load is a task for the load generator: each connection signs in, and then sends
// the next request when it has the whole answer to the last one.
type load struct {
	Addr        string        `json:"addr"`
	Path        string        `json:"path"`
	Connections int           `json:"connections"`
	For         time.Duration `json:"for"`
}

// loaded is the result of a load.
type loaded struct {
	PerSecond float64 `json:"perSecond"`
	Error     string  `json:"error,omitempty"`
}

const envGenerate = "RIVALS_TEST_GENERATE"

// TestGenerate is the load generator, in a process of its own: it reads loads from
// its input until the input ends. In the test's own process it does nothing.
func TestGenerate(t *testing.T) {
	if os.Getenv(envGenerate) == "" {
		return
	}
	tasks, results := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var l load
		if err := tasks.Decode(&l); err != nil {
			if !errors.Is(err, io.EOF) {
				t.Error(err)
			}
			return
		}
		var r loaded
		var err error
		if r.PerSecond, err = generate(l); err != nil {
			r.Error = err.Error()
		}
		if err := results.Encode(r); err != nil {
			t.Error(err)
			return
		}
	}
}

// generate returns the requests per second. The first fifth of the time is not
// counted.
func generate(l load) (float64, error) {
	warm := l.For / 5
	connections := make([]*connection, l.Connections)
	for i := range connections {
		c, err := dial(l)
		if err != nil {
			return 0, err
		}
		defer c.close()
		connections[i] = c
	}
	var counting, done atomic.Bool
	var count atomic.Int64
	failed := make(chan error, l.Connections)
	var all sync.WaitGroup
	for _, c := range connections {
		all.Go(func() {
			n := int64(0)
			for !done.Load() {
				if err := c.exchange(c.request); err != nil {
					failed <- err
					return
				}
				if counting.Load() {
					n++
				}
			}
			count.Add(n)
		})
	}
	<-time.After(warm)
	counting.Store(true)
	begin := time.Now()
	<-time.After(l.For - warm)
	done.Store(true)
	took := time.Since(begin)
	all.Wait()
	select {
	case err := <-failed:
		return 0, err
	default:
		return float64(count.Load()) / took.Seconds(), nil
	}
}

// connection is a keep-alive connection. It knows as little of HTTP as suffices,
// so that the generator leaves the processor to the server.
type connection struct {
	net     net.Conn
	request []byte
	buffer  []byte
	head    int // bytes of the last answer up to its body
	filled  int // bytes of the last answer
}

// dial opens a connection and signs in. The cookie of the answer is part of each
// request.
func dial(l load) (*connection, error) {
	conn, err := net.Dial("tcp", l.Addr)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(l.For + 20*time.Second)); err != nil {
		return nil, err
	}
	c := &connection{net: conn, buffer: make([]byte, 8<<10)}
	head := "Host: " + l.Addr + "\r\nAccept: application/json\r\n"
	if err := c.exchange([]byte("POST /login HTTP/1.1\r\n" + head + "Content-Length: 0\r\n\r\n")); err != nil {
		return nil, err
	}
	if set := field(c.buffer[:c.head], "Set-Cookie"); set != nil {
		pair, _, _ := bytes.Cut(set, []byte(";"))
		head += "Cookie: " + string(pair) + "\r\n"
	}
	for _, path := range []string{"/read", l.Path} {
		c.request = []byte("GET " + path + " HTTP/1.1\r\n" + head + "\r\n")
		if err := c.exchange(c.request); err != nil {
			return nil, err
		}
		if body := c.buffer[c.head:c.filled]; !bytes.Contains(body, []byte(sample.UID)) {
			return nil, fmt.Errorf("%s answers %q without the session's user", path, body)
		}
	}
	return c, nil
}

func (c *connection) close() { _ = c.net.Close() }

// exchange sends a request and reads the answer, which must have the status 200.
func (c *connection) exchange(request []byte) error {
	if _, err := c.net.Write(request); err != nil {
		return err
	}
	c.filled, c.head = 0, 0
	for whole := 0; whole == 0 || c.filled < whole; {
		if c.filled == len(c.buffer) {
			return errors.New("the answer is longer than the buffer")
		}
		n, err := c.net.Read(c.buffer[c.filled:])
		if err != nil {
			return err
		}
		c.filled += n
		if whole == 0 {
			end := bytes.Index(c.buffer[:c.filled], []byte("\r\n\r\n"))
			if end < 0 {
				continue
			}
			c.head = end + 4
			length, err := strconv.Atoi(string(field(c.buffer[:c.head], "Content-Length")))
			if err != nil || !bytes.HasPrefix(c.buffer, []byte("HTTP/1.1 200 ")) {
				return fmt.Errorf("the answer is %q", c.buffer[:c.filled])
			}
			whole = c.head + length
		}
	}
	return nil
}

// field returns the value of a field of a head. Servers write a name either as
// here or in lower case.
func field(head []byte, name string) []byte {
	for len(head) > 0 {
		var at []byte
		at, head, _ = bytes.Cut(head, []byte("\r\n"))
		if len(at) > len(name) && at[len(name)] == ':' && bytes.EqualFold(at[:len(name)], []byte(name)) {
			return bytes.TrimSpace(at[len(name)+1:])
		}
	}
	return nil
}

// generator is the process of [TestGenerate].
type generator struct {
	tasks   *json.Encoder
	results *json.Decoder
}

func startGenerator(tb testing.TB) *generator {
	tb.Helper()
	p := servertest.StartProcess(tb, os.Args[0], []string{"-test.run=^TestGenerate$"}, oneThread, envGenerate+"=yes")
	return &generator{json.NewEncoder(p.Input), json.NewDecoder(bufio.NewReader(p.Output))}
}

// send returns the requests per second that the server answers.
func (g *generator) send(tb testing.TB, l load) float64 {
	tb.Helper()
	if err := g.tasks.Encode(l); err != nil {
		tb.Fatal(err)
	}
	var r loaded
	if err := g.results.Decode(&r); err != nil || r.Error != "" {
		tb.Fatalf("the load generator: %v %s", err, r.Error)
	}
	return r.PerSecond
}
