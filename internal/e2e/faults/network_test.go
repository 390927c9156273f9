//go:build unix

package faults_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// network is a proxy between the processes and a server that breaks on demand.
type network struct {
	proxy *toxiproxy.Proxy
	Addr  string
}

func newNetwork(t *testing.T, server string) *network {
	t.Helper()
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(api, t.Name(), "127.0.0.1:0", server)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	return &network{proxy, proxy.Listen}
}

// poison adds a toxic to the answers of the server, or to the requests, until heal. It is
// for all connections: if some were spared, only those would be left after a while.
func (n *network) poison(t *testing.T, kind, stream, attributes string) {
	t.Helper()
	text := fmt.Sprintf(`{"name":%q,"type":%q,"stream":%q,"toxicity":1,"attributes":{%s}}`, kind+stream, kind, stream, attributes)
	if _, err := n.proxy.Toxics.AddToxicJson(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
}

// silence lets nothing through, and closes nothing.
func (n *network) silence(t *testing.T) {
	t.Helper()
	n.poison(t, "timeout", "upstream", `"timeout":0`)
	n.poison(t, "timeout", "downstream", `"timeout":0`)
}

func (n *network) heal() { n.proxy.Toxics.ResetToxics(context.Background()) }

// networkFaults are the faults of the way between the API and its store.
func networkFaults(n *network, long time.Duration) []fault {
	return []fault{
		{name: "black hole without FIN", do: func(t *testing.T, _ *run) {
			t.Helper()
			n.silence(t)
			time.Sleep(long)
			n.heal()
		}},
		{name: "latency of 300 ms", do: func(t *testing.T, _ *run) {
			t.Helper()
			n.poison(t, "latency", "downstream", `"latency":300,"jitter":50`)
			time.Sleep(long)
			n.heal()
		}},
		{name: "resets in the middle of a reply", decided: true, do: func(t *testing.T, _ *run) {
			t.Helper()
			n.poison(t, "limit_data", "downstream", `"bytes":20000`)
			time.Sleep(long)
			n.heal()
		}},
		{name: "connections refused", do: func(t *testing.T, _ *run) {
			t.Helper()
			n.proxy.Stop()
			time.Sleep(long)
			if err := n.proxy.Start(); err != nil {
				t.Fatal(err)
			}
		}},
	}
}
