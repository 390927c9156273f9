package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
	"github.com/redis/rueidis"
)

// keyVariable names the variable with redis.Options.Key. It is not a flag, because
// other users of the machine can see arguments.
const keyVariable = "HUMASESS_REDIS_KEY"

// minKey is the smallest size of a key, in bytes, that the store accepts.
const minKey = 16

type redisTarget struct {
	option rueidis.ClientOption
	opts   redis.Options
	client rueidis.Client
}

func newRedis(c *call) (target, error) {
	u, err := c.parseURL()
	if err != nil {
		return nil, err
	}
	option, err := rueidis.ParseURL(c.store)
	if err != nil {
		return nil, usagef("the URL of the store must be redis://USER:PASSWORD@HOST:PORT/DB; DB is the database number, and timeouts are durations such as 5s")
	}
	if option.Sentinel.MasterSet != "" {
		option.Sentinel.TLSConfig = option.TLSConfig
		option.Sentinel.Username, option.Sentinel.Password = u.Query().Get("sentinel_username"), u.Query().Get("sentinel_password")
	}
	if option.Password == "" {
		c.hide(option.Username) // perhaps a password without the colon before it
	}
	if c.schema != "" {
		return nil, usagef("--schema is for PostgreSQL; omit it")
	}
	key, err := c.redisKey()
	if err != nil {
		return nil, err
	}
	t := &redisTarget{option: option, opts: redis.Options{
		Prefix: c.prefix, Key: key, Logger: slog.New(slog.DiscardHandler),
		Hints: true, // a session that ends here ends its open connections in other programs
	}}
	if strings.ContainsAny(c.prefix, "{}") {
		return nil, usagef("--prefix %q contains a brace; a prefix must not", c.prefix)
	}
	return t, nil
}

func (c *call) redisKey() ([]byte, error) {
	text := c.getenv(keyVariable)
	c.hide(text)
	var key []byte
	var err error
	switch form, rest, _ := strings.Cut(text, ":"); form {
	case "hex":
		key, err = hex.DecodeString(rest)
	case "base64":
		key, err = base64.RawURLEncoding.DecodeString(strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(rest, "=")))
	default:
		key = []byte(text)
	}
	if err != nil {
		return nil, usagef("the value of %s is not valid hex after hex:, or not valid base64 after base64:", keyVariable)
	}
	if text != "" && len(key) < minKey {
		return nil, usagef("%s is shorter than %d bytes", keyVariable, minKey)
	}
	return key, nil
}

func (t *redisTarget) String() string {
	user := ""
	if t.option.Username != "" {
		user = t.option.Username + "@"
	}
	set := ""
	if t.option.Sentinel.MasterSet != "" {
		set = "?master_set=" + t.option.Sentinel.MasterSet
	}
	return fmt.Sprintf("redis://%s%s/%d%s", user, strings.Join(t.option.InitAddress, ","), t.option.SelectDB, set)
}

func (t *redisTarget) open(context.Context, bool) (stores.Store, error) {
	client, err := rueidis.NewClient(t.option)
	if err != nil {
		return nil, err
	}
	t.client = client
	return redis.New(client, &t.opts), nil
}

func (t *redisTarget) schema() string { return "" }

func (t *redisTarget) servers(ctx context.Context) ([]string, error) {
	nodes := t.client.Nodes()
	var found []string
	for _, addr := range slices.Sorted(maps.Keys(nodes)) {
		node := nodes[addr]
		text, err := node.Do(ctx, node.B().Info().Build()).ToString()
		if err != nil {
			return found, fmt.Errorf("INFO of %s: %w", addr, err)
		}
		info := map[string]string{}
		for line := range strings.Lines(text) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			info[name] = value
		}
		product, number := "Redis", info["redis_version"]
		if v := info["valkey_version"]; v != "" {
			product, number = "Valkey", v
		}
		role := map[string]string{"master": "primary", "slave": "replica"}[info["role"]]
		found = append(found, fmt.Sprintf("%s %s, %s, at %s", product, number, role, addr))
	}
	return found, nil
}

func (t *redisTarget) healthy() string {
	return "The server runs the scripts, evicts nothing and keeps an append-only file. If it has replicas, it accepts writes only while they are connected. The clocks agree."
}

func (t *redisTarget) inspect(context.Context) []finding { return nil }

func (t *redisTarget) advice(err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "NOPERM"), strings.Contains(text, "lacks a right"):
		return "docs/redis.md lists the ACL that sessions need under The user."
	case strings.Contains(text, "NOAUTH"), strings.Contains(text, "WRONGPASS"), strings.Contains(text, "AUTH failed"):
		return "Check user and password in the URL: redis://USER:PASSWORD@HOST:PORT, without USER for the default user."
	}
	return ""
}

func (t *redisTarget) close() {
	if t.client != nil {
		t.client.Close()
	}
}
