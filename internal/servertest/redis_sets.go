package servertest

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const slots = 16384

// These are the times after which a server that does not answer counts as dead. A
// busy machine may stop a server for some seconds, and no test expects a fail-over
// then. Only [Redis.Kill] needs the quick time, and the start of a Cluster, because
// its servers get to know each other by messages in intervals of that length.
const (
	quick   = time.Second
	patient = 10 * time.Minute
)

// noticeWithin sets how soon the servers of a Sentinel set or a Cluster notice that
// another one is dead.
func (r *Redis) noticeWithin(d time.Duration) error {
	ms := strconv.FormatInt(d.Milliseconds(), 10)
	for _, addr := range r.Sentinels {
		if _, err := redisCommand(addr, "SENTINEL", "SET", r.Primary, "down-after-milliseconds", ms); err != nil {
			return fmt.Errorf("sentinel %s: %w", addr, err)
		}
	}
	if len(r.Sentinels) > 0 || len(r.Addrs) == 1 {
		return nil
	}
	for _, addr := range r.Addrs {
		if _, err := redisCommand(addr, "CONFIG", "SET", "cluster-node-timeout", ms); err != nil {
			return fmt.Errorf("server %s: %w", addr, err)
		}
	}
	return nil
}

// startSet starts the servers of a Sentinel set or a Cluster. On a busy machine a
// server may not find another one, or they may change their roles before they have
// all met. So startSet tries again.
func startSet(join func(*Redis) error) (*Redis, error) {
	for tries := 0; ; tries++ {
		r := newRedis()
		err := join(r)
		if err == nil {
			return r, nil
		}
		r.stop()
		if tries == 2 {
			return nil, err
		}
	}
}

// startCluster starts three primaries with a replica each.
func startCluster() (*Redis, error) { return startSet((*Redis).joinCluster) }

// cluster sends a CLUSTER command.
func cluster(addr string, args ...string) (string, error) {
	answer, err := redisCommand(addr, append([]string{"CLUSTER"}, args...)...)
	if err != nil {
		err = fmt.Errorf("CLUSTER %s: %w", args[0], err)
	}
	return answer, err
}

func (r *Redis) joinCluster() error {
	const primaries, servers = 3, 6
	var err error
	r.Addrs, err = r.startAll(servers, func(int) []string {
		return slices.Concat(keepNothing, []string{
			"cluster-enabled yes", "cluster-config-file nodes", "cluster-replica-validity-factor 0",
			"cluster-node-timeout " + strconv.FormatInt(quick.Milliseconds(), 10),
		})
	})
	if err != nil {
		return err
	}
	ids := make([]string, len(r.Addrs))
	for i, addr := range r.Addrs {
		if ids[i], err = r.introduce(i, addr, primaries); err != nil {
			return err
		}
	}
	for i, addr := range r.Addrs[primaries:] {
		// The replica must know its primary first.
		err := eventually(func() error {
			_, err := cluster(addr, "REPLICATE", ids[i])
			return err
		}, nil)
		if err != nil {
			return err
		}
	}
	ready := func() error {
		for i, addr := range r.Addrs {
			if err := r.joined(addr, primaries); err != nil {
				return err
			}
			if i >= primaries {
				if err := replicates(addr); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := eventually(ready, nil); err != nil {
		return err
	}
	if err := r.noticeWithin(patient); err != nil {
		return err
	}
	return eventually(ready, nil) // until then a busy machine may have caused a fail-over
}

// introduce gives a primary its slots, introduces a server to the first one, and
// returns the ID of the server.
func (r *Redis) introduce(i int, addr string, primaries int) (string, error) {
	if _, err := cluster(addr, "SET-CONFIG-EPOCH", strconv.Itoa(i+1)); err != nil {
		return "", err
	}
	if i < primaries {
		args := []string{"ADDSLOTS"}
		for slot := i * slots / primaries; slot < (i+1)*slots/primaries; slot++ {
			args = append(args, strconv.Itoa(slot))
		}
		if _, err := cluster(addr, args...); err != nil {
			return "", err
		}
	}
	if i > 0 {
		host, port, _ := net.SplitHostPort(r.Addrs[0])
		if _, err := cluster(addr, "MEET", host, port); err != nil {
			return "", err
		}
	}
	return cluster(addr, "MYID")
}

// joined returns nil when the server knows all others.
func (r *Redis) joined(addr string, primaries int) error {
	info, err := cluster(addr, "INFO")
	if err != nil {
		return err
	}
	nodes, err := cluster(addr, "NODES")
	if err != nil {
		return err
	}
	known := strings.Count(nodes, " connected")
	replicas := strings.Count(nodes, "slave ")
	if !strings.Contains(info, "cluster_state:ok") || known < len(r.Addrs) || replicas != len(r.Addrs)-primaries {
		return fmt.Errorf("%s is not ready: %s%s", addr, info, nodes)
	}
	return nil
}

func replicates(addr string) error {
	info, err := redisCommand(addr, "INFO", "replication")
	if err == nil && !strings.Contains(info, "master_link_status:up") {
		err = fmt.Errorf("replica %s has no link: %s", addr, info)
	}
	return err
}

// startSentinel starts a primary, two replicas and three sentinels.
func startSentinel() (*Redis, error) { return startSet((*Redis).joinSentinel) }

func (r *Redis) joinSentinel() error {
	r.Primary = "primary"
	primary, err := r.start(func(int) []string { return keepNothing })
	if err != nil {
		return err
	}
	host, port, _ := net.SplitHostPort(primary)
	replicas, err := r.startAll(2, func(int) []string {
		return slices.Concat(keepNothing, []string{"replicaof " + host + " " + port})
	})
	if err != nil {
		return err
	}
	r.Addrs = append([]string{primary}, replicas...)
	for _, addr := range replicas {
		if err := eventually(func() error { return replicates(addr) }, nil); err != nil {
			return err
		}
	}
	r.Sentinels, err = r.startAll(3, func(int) []string {
		return []string{
			"sentinel monitor " + r.Primary + " " + host + " " + port + " 2",
			"sentinel down-after-milliseconds " + r.Primary + " " + strconv.FormatInt(patient.Milliseconds(), 10),
			"sentinel failover-timeout " + r.Primary + " 3000",
		}
	}, "--sentinel")
	if err != nil {
		return err
	}
	return eventually(func() error {
		for _, addr := range r.Sentinels {
			info, err := redisCommand(addr, "INFO", "sentinel")
			if err != nil {
				return err
			}
			if !strings.Contains(info, "status=ok") || !strings.Contains(info, "slaves=2,sentinels=3") {
				return fmt.Errorf("sentinel %s is not ready: %s", addr, info)
			}
		}
		return nil
	}, nil)
}

// startAll starts several servers at once.
func (r *Redis) startAll(n int, lines func(port int) []string, args ...string) ([]string, error) {
	addrs := make([]string, n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { addrs[i], errs[i] = r.start(lines, args...) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return addrs, nil
}
