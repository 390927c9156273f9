package redis_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
	"github.com/redis/rueidis"
)

// road leads to a server until it is closed. Then it accepts connections and is silent.
type road struct {
	net.Listener
	server string

	silent chan struct{} // a connection was accepted after the end

	mu     sync.Mutex
	closed bool
	conns  []net.Conn
}

func newRoad(t *testing.T, server string) *road {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &road{Listener: listener, server: server, silent: make(chan struct{}, 1)}
	t.Cleanup(func() {
		_ = listener.Close()
		r.close()
	})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			r.accept(conn)
		}
	}()
	return r
}

func (r *road) accept(conn net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns = append(r.conns, conn)
	if r.closed {
		select {
		case r.silent <- struct{}{}:
		default:
		}
		return
	}
	server, err := net.Dial("tcp", r.server)
	if err != nil {
		_ = conn.Close()
		return
	}
	r.conns = append(r.conns, server)
	for from, to := range map[net.Conn]net.Conn{conn: server, server: conn} {
		go func() { _, _ = io.Copy(to, from) }()
	}
}

// close ends all connections.
func (r *road) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for _, conn := range r.conns {
		_ = conn.Close()
	}
	r.conns = nil
}

// TestWaitForAnotherConnection has a caller with much time, whose attempt to connect all
// others wait for. Each of them leaves when its own context ends.
func TestWaitForAnotherConnection(t *testing.T) {
	server := servertest.StartRedis(t)
	road := newRoad(t, server.Addrs[0])
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{road.Addr().String()}, ForceSingleClient: true, PipelineMultiplex: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	store := redis.New(client, nil)
	id := mustAdd(t, store, "ada")
	road.close()

	const much, little = 3 * time.Second, 100 * time.Millisecond
	patient, cancel := context.WithTimeout(t.Context(), much)
	defer cancel()
	var others sync.WaitGroup
	others.Go(func() {
		for patient.Err() == nil { // until the lost connection is noticed, and then once for long
			_ = client.Do(patient, client.B().Ping().Build()).Error()
		}
	})
	<-road.silent      // the connection is being made now
	time.Sleep(little) // the exception of the package's documentation is over: 20 ms after an answer
	for name, call := range map[string]func(context.Context) error{
		"Load":     func(ctx context.Context) error { _, err := store.Load(ctx, id); return err },
		"LoadMany": func(ctx context.Context) error { _, err := store.LoadMany(ctx, []stores.ID{id, id}); return err },
		"Touch":    func(ctx context.Context) error { _, err := store.Touch(ctx, id, time.Hour); return err },
		"Check":    func(ctx context.Context) error { _, err := store.Check(ctx); return err },
		"Scan":     func(ctx context.Context) error { _, err := store.Scan(ctx, nil, "", 10); return err },
	} {
		others.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), little)
			defer cancel()
			begin := time.Now()
			err := call(ctx)
			if took := time.Since(begin); !errors.Is(err, context.DeadlineExceeded) || took > much/2 {
				t.Errorf("%s: got %v after %v, want the end of its context after %v", name, err, took, little)
			}
		})
	}
	others.Wait()
}
