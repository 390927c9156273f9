package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/redis/rueidis"
)

// maxSkew is the difference between a server's clock and ours that Check
// accepts.
const maxSkew = 5 * time.Second

// Check reads the servers' configuration and returns a sentence for each
// setting that breaks a promise to users, with its remedy. It is meant for
// operators and for the start of a program. Besides the rights of the store it
// needs INFO and TIME. An error means that a server did not answer or refuses
// the scripts.
func (s *Store) Check(ctx context.Context) ([]string, error) {
	var found []string
	// A load needs the right to run scripts, the key of IDs, and a primary.
	switch _, err := s.Load(ctx, stores.ID{1}); {
	case err == nil, errors.Is(err, stores.ErrNotFound):
	case strings.Contains(err.Error(), readOnly):
		found = append(found, "The client sends session scripts to a replica, which may not know the latest logouts; so every request will be answered 503. "+
			"Connect it to the primary, and let SendToReplicas return false for EVALSHA and EVAL.")
	default:
		return nil, err
	}
	nodes := s.client.Nodes()
	addrs := make([]string, 0, len(nodes))
	for addr := range nodes {
		addrs = append(addrs, addr)
	}
	slices.Sort(addrs)
	for _, addr := range addrs {
		more, err := checkNode(ctx, addr, nodes[addr])
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

func checkNode(ctx context.Context, addr string, node rueidis.Client) ([]string, error) {
	text, err := do(ctx, node, node.B().Info().Build()).ToString()
	if err != nil {
		return nil, fmt.Errorf("INFO of %s: %w", addr, explain(err))
	}
	var found []string
	note := func(format string, args ...any) {
		found = append(found, addr+" "+fmt.Sprintf(format, args...))
	}
	before := time.Now()
	clock, err := do(ctx, node, node.B().Time().Build()).AsIntSlice()
	if err == nil && len(clock) != 2 {
		err = fmt.Errorf("got %v", clock)
	}
	if err != nil {
		return nil, fmt.Errorf("TIME of %s: %w", addr, explain(err))
	}
	skew := time.Unix(clock[0], clock[1]*1000).Sub(before.Add(time.Since(before) / 2))
	if skew.Abs() > maxSkew {
		note("has a clock that is %v from the clock of this process. Deadlines are judged on the server's clock, "+
			"so after a fail-over to a server with another time sessions live longer or shorter. Run NTP on all of them.", skew.Round(time.Second))
	}
	info := parseInfo(text)
	if v := info["redis_version"]; older(v, 6, 2) {
		note("is Redis %s, but the session scripts need 6.2 or newer. Upgrade it.", v)
	}
	if info["role"] == "slave" {
		return found, nil
	}
	policy := info["maxmemory_policy"]
	switch limited := info["maxmemory"] != "0"; {
	case limited && policy != "noeviction":
		note("evicts keys when its memory is full (maxmemory-policy %s). Then it logs users out early "+
			"and forgets revocations. Set maxmemory-policy to noeviction.", policy)
	case !limited && policy != "noeviction":
		note("has no maxmemory; with one, it would evict sessions (maxmemory-policy %s). Set maxmemory-policy to noeviction and then a maxmemory.", policy)
	}
	if n, _ := strconv.Atoi(info["evicted_keys"]); n > 0 {
		note("has evicted %d keys since it started, and some may have been sessions.", n)
	}
	if info["aof_enabled"] == "0" {
		note("keeps no append-only file. After a restart all users are signed out, or sessions that ended after the last snapshot are back. Set appendonly to yes.")
	}
	replicas, _ := strconv.Atoi(info["connected_slaves"])
	switch bounded := info["min_slaves_good_slaves"] != ""; {
	case replicas > 0 && older(info["redis_version"], 7, 0):
		note("is Redis %s, which does not apply min-replicas-to-write to scripts: "+
			"a fail-over may undo writes made while it had no connection to its replicas. Upgrade it to 7 or newer.", info["redis_version"])
	case replicas > 0 && !bounded:
		note("acknowledges a logout before any replica knows of it, and accepts writes without a connection to its replicas. " +
			"A fail-over may undo such writes. Set min-replicas-to-write to 1, and min-replicas-max-lag to a few seconds.")
	}
	return found, nil
}

// parseInfo parses the reply to INFO.
func parseInfo(text string) map[string]string {
	info := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[name] = value
		}
	}
	return info
}

// older reports whether a version is known and before major.minor.
func older(version string, major, minor int) bool {
	a, rest, _ := strings.Cut(version, ".")
	b, _, _ := strings.Cut(rest, ".")
	x, err := strconv.Atoi(a)
	if err != nil {
		return false
	}
	y, _ := strconv.Atoi(b)
	return x < major || x == major && y < minor
}
