//go:build unix

package faults_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/redis/rueidis"
)

// redisServer is a single server with the faults of its own.
type redisServer struct {
	*servertest.Redis

	addr string
	pre  *preloaded
}

func startRedis(t *testing.T) redisServer {
	t.Helper()
	pre := preload(t)
	server := servertest.StartRedisWith(t, pre.env, "appendonly yes", "appendfsync always") // a kill loses nothing
	return redisServer{server, server.Addrs[0], pre}
}

func (s redisServer) set(t *testing.T, name, value string) {
	t.Helper()
	s.Command(t, s.addr, "CONFIG", "SET", name, value)
}

func openRedisSite(t *testing.T, long time.Duration) site {
	t.Helper()
	s := startRedis(t)
	way := newNetwork(t, s.addr)
	return newSite(t, place{Redis: []string{way.Addr}}, 2,
		networkFaults(way, long), s.faults(long), []fault{thief(), signInAgain(long), hangUps(long, nil), silentStop(way)}, ownFaults(long))
}

func (s redisServer) faults(long time.Duration) []fault {
	pause := func(name string, long time.Duration, full bool) fault {
		return fault{name: name, full: full, do: func(t *testing.T, _ *run) {
			t.Helper()
			s.Signal(t, s.addr, syscall.SIGSTOP)
			time.Sleep(long)
			s.Signal(t, s.addr, syscall.SIGCONT)
		}}
	}
	return []fault{
		{name: "server killed and started again", do: func(t *testing.T, _ *run) {
			t.Helper()
			s.Restart(t, s.addr)
		}},
		pause("server paused", long, false),
		pause("server paused for 20 s", 20*time.Second, true),
		{name: "scripts flushed all the time", do: func(t *testing.T, _ *run) {
			t.Helper()
			for begin := time.Now(); time.Since(begin) < long; time.Sleep(20 * time.Millisecond) {
				s.Command(t, s.addr, "SCRIPT", "FLUSH")
			}
		}},
		{name: "read-only, for want of replicas", decided: true, do: func(t *testing.T, _ *run) {
			t.Helper()
			s.set(t, "min-replicas-to-write", "1")
			time.Sleep(long)
			s.set(t, "min-replicas-to-write", "0")
		}},
		{name: "out of memory, without eviction", decided: true, do: func(t *testing.T, _ *run) {
			t.Helper()
			s.set(t, "maxmemory", "1mb")
			time.Sleep(long)
			s.set(t, "maxmemory", "0")
		}},
		{name: "too few connections", do: s.fewConnections(long)},
		{name: "disk full", do: func(t *testing.T, _ *run) {
			t.Helper()
			s.set(t, "appendfsync", "everysec") // with always, the server ends by itself
			s.pre.diskFull(t, long)
			s.set(t, "appendfsync", "always")
		}},
		clockFault("clock of the server an hour ahead, and back", s.pre.clock),
		{name: "eviction", forgets: "an evicted session has ended", do: func(t *testing.T, _ *run) {
			t.Helper()
			s.set(t, "maxmemory-policy", "allkeys-random")
			used, data := s.memory(t, "used_memory"), s.memory(t, "used_memory_dataset")
			s.set(t, "maxmemory", strconv.Itoa(used-data/3))
			time.Sleep(long)
			s.set(t, "maxmemory", "0")
			s.set(t, "maxmemory-policy", "noeviction")
		}},
	}
}

// memory returns a number of bytes in the server's INFO.
func (s redisServer) memory(t *testing.T, name string) int {
	t.Helper()
	for line := range strings.Lines(s.Command(t, s.addr, "INFO", "memory")) {
		if value, found := strings.CutPrefix(line, name+":"); found {
			n, err := strconv.Atoi(strings.TrimSpace(value))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("INFO has no %s", name)
	return 0
}

// fewConnections lets the server accept two connections, one of which is taken.
func (s redisServer) fewConnections(long time.Duration) func(*testing.T, *run) {
	return func(t *testing.T, _ *run) {
		t.Helper()
		client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{s.addr}, ForceSingleClient: true, DisableCache: true})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		only, release := client.Dedicate()
		defer release()
		do := func(args ...string) {
			if err := only.Do(context.Background(), only.B().Arbitrary(args...).Build()).Error(); err != nil {
				t.Fatalf("%s: %v", strings.Join(args, " "), err)
			}
		}
		do("CONFIG", "SET", "maxclients", "2")
		do("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
		time.Sleep(long)
		do("CONFIG", "SET", "maxclients", "10000")
	}
}

func openSentinelSite(t *testing.T, long time.Duration) site {
	t.Helper()
	set := servertest.StartRedisSentinel(t)
	return newSite(t, place{Redis: set.Sentinels, Primary: set.Primary}, 2, []fault{
		{name: "fail-over by order", do: func(t *testing.T, _ *run) {
			t.Helper()
			before := set.Command(t, set.Sentinels[0], "SENTINEL", "GET-MASTER-ADDR-BY-NAME", set.Primary)
			set.Command(t, set.Sentinels[0], "SENTINEL", "FAILOVER", set.Primary)
			waitUntil(t, "another primary", func() bool {
				return set.Command(t, set.Sentinels[0], "SENTINEL", "GET-MASTER-ADDR-BY-NAME", set.Primary) != before
			})
			time.Sleep(long / 2)
		}, mayLose: asynchronous},
		{name: "primary killed", do: func(t *testing.T, _ *run) {
			t.Helper()
			addr := strings.Join(strings.Fields(set.Command(t, set.Sentinels[0], "SENTINEL", "GET-MASTER-ADDR-BY-NAME", set.Primary)), ":")
			set.Kill(t, addr)
			waitUntil(t, "another primary", func() bool {
				now := set.Command(t, set.Sentinels[0], "SENTINEL", "GET-MASTER-ADDR-BY-NAME", set.Primary)
				return strings.Join(strings.Fields(now), ":") != addr
			})
			set.Restart(t, addr)
		}, mayLose: asynchronous},
	})
}

// asynchronous is the reason why a fail-over of Redis may undo acknowledged writes.
const asynchronous = "replication is asynchronous"

func openClusterSite(t *testing.T, long time.Duration) site {
	t.Helper()
	c := cluster{servertest.StartRedisCluster(t)}
	return newSite(t, place{Redis: c.Addrs}, 2, []fault{
		{name: "slots migrate", do: func(t *testing.T, _ *run) {
			t.Helper()
			c.migrate(t, c.Addrs[0], c.Addrs[1], long)
		}},
		{name: "fail-over by order", do: func(t *testing.T, _ *run) {
			t.Helper()
			c.promote(t, c.Addrs[1+primaries])
		}},
		{name: "primary killed", do: func(t *testing.T, _ *run) {
			t.Helper()
			c.Kill(t, c.Addrs[0])
			c.waitPrimary(t, c.Addrs[primaries])
			c.Restart(t, c.Addrs[0])
		}, mayLose: asynchronous},
	})
}

// primaries is the number of primaries of a Cluster at its start. The replica of each
// comes that many places after it.
const primaries = 3

type cluster struct{ *servertest.Redis }

// promote orders a fail-over until a replica is a primary.
func (c cluster) promote(t *testing.T, replica string) {
	t.Helper()
	waitUntil(t, replica+" as a primary", func() bool {
		if !strings.Contains(c.Command(t, replica, "ROLE"), "master") {
			c.Command(t, replica, "CLUSTER", "FAILOVER")
			time.Sleep(time.Second)
		}
		return strings.Contains(c.Command(t, replica, "ROLE"), "master")
	})
}

func (c cluster) waitPrimary(t *testing.T, addr string) {
	t.Helper()
	waitUntil(t, addr+" as a primary", func() bool {
		return strings.Contains(c.Command(t, addr, "ROLE"), "master")
	})
}

// migrate moves slots that hold sessions from one primary to another, key by key.
func (c cluster) migrate(t *testing.T, from, to string, long time.Duration) {
	t.Helper()
	host, port, _ := strings.Cut(to, ":")
	ids := map[string]string{from: c.Command(t, from, "CLUSTER", "MYID"), to: c.Command(t, to, "CLUSTER", "MYID")}
	keys := strings.Fields(c.Command(t, from, "KEYS", "*"))
	moved := map[string]bool{}
	for begin := time.Now(); time.Since(begin) < long && len(keys) > 0; keys = keys[1:] {
		slot := c.Command(t, from, "CLUSTER", "KEYSLOT", keys[0])
		if moved[slot] {
			continue
		}
		moved[slot] = true
		c.Command(t, to, "CLUSTER", "SETSLOT", slot, "IMPORTING", ids[from])
		c.Command(t, from, "CLUSTER", "SETSLOT", slot, "MIGRATING", ids[to])
		for {
			some := strings.Fields(c.Command(t, from, "CLUSTER", "GETKEYSINSLOT", slot, "1"))
			if len(some) == 0 {
				break
			}
			c.Command(t, from, "MIGRATE", host, port, some[0], "0", "5000")
			time.Sleep(30 * time.Millisecond) // some keys of the slot are here, some there
		}
		for _, addr := range []string{to, from} {
			c.Command(t, addr, "CLUSTER", "SETSLOT", slot, "NODE", ids[to])
		}
	}
	if len(moved) == 0 {
		t.Fatalf("%s has no sessions", from)
	}
}

func waitUntil(t *testing.T, event string, done func() bool) {
	t.Helper()
	for begin := time.Now(); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Since(begin) > recoverWithin {
			t.Fatalf("no %s within %v", event, recoverWithin)
		}
	}
}

func openCookieRedisSite(t *testing.T, long time.Duration) site {
	t.Helper()
	s := startRedis(t)
	way := newNetwork(t, s.addr)
	clock := newClock(t)
	faults := s.faults(long)
	return newSite(t, place{Redis: []string{way.Addr}, Key: newKey(t), Clock: clock}, 2,
		networkFaults(way, long)[:1], faults[:2], []fault{thief(), signInAgain(long), clockFault("clocks of the API an hour ahead, and back", clock)})
}

// newClock returns the file of a clock that is right.
func newClock(t *testing.T) string {
	t.Helper()
	file := fmt.Sprintf("%s/clock", t.TempDir())
	setClock(t, file, 0)
	return file
}
