package servertest

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy stands between a client and a server and counts round trips. The first
// data that the client sends begin a round trip, and so do the first data after
// each answer.
type Proxy struct {
	Addr     string
	trips    atomic.Int64
	sent     atomic.Int64
	received atomic.Int64
	change   func([]byte) []byte // of answers
}

// NewProxy starts a proxy for TCP that ends with the test.
func NewProxy(tb testing.TB, server string) *Proxy {
	tb.Helper()
	return NewChangingProxy(tb, server, func(data []byte) []byte { return data })
}

// NewChangingProxy starts a proxy that changes the answers of a server, part by
// part as they arrive.
func NewChangingProxy(tb testing.TB, server string, change func(data []byte) []byte) *Proxy {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &Proxy{Addr: listener.Addr().String(), change: change}
	ctx, cancel := context.WithCancel(context.Background())
	var connections sync.WaitGroup
	connections.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Go(func() { p.serve(ctx, client, server) })
		}
	})
	tb.Cleanup(func() {
		cancel()
		_ = listener.Close()
		connections.Wait()
	})
	return p
}

// Trips returns the round trips since the last call.
func (p *Proxy) Trips() int { return int(p.trips.Swap(0)) }

// Bytes returns the numbers of bytes sent and received since the last call.
func (p *Proxy) Bytes() (sent, received int) {
	return int(p.sent.Swap(0)), int(p.received.Swap(0))
}

func (p *Proxy) serve(ctx context.Context, client net.Conn, addr string) {
	var dialer net.Dialer
	server, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		_ = client.Close()
		return
	}
	stop := context.AfterFunc(ctx, func() { _, _ = client.Close(), server.Close() })
	defer stop()
	var answered atomic.Bool
	answered.Store(true)
	var both sync.WaitGroup
	both.Go(func() {
		pump(client, server, func(data []byte) []byte {
			p.sent.Add(int64(len(data)))
			if !keepsAlive(data) && answered.Swap(false) {
				p.trips.Add(1)
			}
			return data
		})
	})
	both.Go(func() {
		pump(server, client, func(data []byte) []byte {
			p.received.Add(int64(len(data)))
			answered.Store(true)
			return p.change(data)
		})
	})
	both.Wait()
}

// keepsAlive reports whether data is the message with which a client checks that
// the server is alive.
func keepsAlive(data []byte) bool { return bytes.Equal(data, []byte("*1\r\n$4\r\nPING\r\n")) }

// pump copies data until one side ends, and then closes the other. It writes the
// data that seen returns.
func pump(from io.ReadCloser, to io.WriteCloser, seen func([]byte) []byte) {
	defer func() { _, _ = from.Close(), to.Close() }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if _, err := to.Write(seen(buffer[:n])); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
