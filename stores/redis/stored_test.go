package redis_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/redis"
	"github.com/redis/rueidis"
)

var record = flag.Bool("record", false, "write testdata/keys.v1, which later versions have to read")

// century is the longest life of a session, so the stored sessions are still active.
const century = 100 * 365 * 24 * time.Hour

var keysFile = filepath.Join("testdata", "keys.v1")

// TestKeysOfV1 puts keys into the server that version 0.1.0 wrote, as one session of
// ada and one of a visitor. This version reads, changes and ends these sessions.
func TestKeysOfV1(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	client := dial(t, server)
	store := redis.New(client, nil)
	if *record {
		recordKeys(t, client, store)
	}
	text, err := os.ReadFile(keysFile)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]stores.ID{}
	for line := range strings.Lines(string(text)) {
		command := strings.Fields(line)
		words := make([]string, len(command))
		for i, word := range command[1:] {
			raw, err := hex.DecodeString(word)
			if err != nil {
				t.Fatalf("%s: %v", keysFile, err)
			}
			words[i] = string(raw)
		}
		if command[0] == "ID" {
			ids[words[0]] = stores.ID([]byte(words[1]))
			continue
		}
		if err := client.Do(t.Context(), client.B().Arbitrary(command[0]).Args(words[:len(words)-1]...).Build()).Error(); err != nil {
			t.Fatalf("%s: %v", command[0], err)
		}
	}
	for identity, id := range ids {
		r, err := store.Load(t.Context(), id)
		if err != nil || r.Identity != strings.TrimPrefix(identity, "visitor") || r.Version != 1 || string(r.Payload) != "data of "+identity {
			t.Fatalf("Load of %s: got %+v, %v, want the stored session", identity, r, err)
		}
		if _, err := store.Update(t.Context(), stores.Update{ID: id, Version: 1, Payload: []byte("changed")}); err != nil {
			t.Errorf("Update of %s: %v", identity, err)
		}
	}
	all, err := store.List(t.Context(), "ada")
	if err != nil || len(all) != 1 || all[0].ID != ids["ada"] || string(all[0].Payload) != "changed" {
		t.Errorf("List: got %+v, %v, want the session of ada", all, err)
	}
	if got, err := store.RevokeIdentity(t.Context(), "ada", stores.ID{}); err != nil || got.Count != 1 {
		t.Errorf("RevokeIdentity: got %+v, %v, want one session", got, err)
	}
	if err := store.Delete(t.Context(), ids["visitor"], stores.Condition{Version: 2}); err != nil {
		t.Errorf("Delete: %v", err)
	}
}

// recordKeys writes the commands that make the keys of two sessions.
func recordKeys(t *testing.T, client rueidis.Client, store *redis.Store) {
	t.Helper()
	var b bytes.Buffer
	write := func(command string, words ...string) {
		b.WriteString(command)
		for _, word := range words {
			fmt.Fprintf(&b, " %x", word)
		}
		b.WriteString("\n")
	}
	for identity, owner := range map[string]string{"ada": "ada", "visitor": ""} {
		id, err := store.NewID(t.Context(), owner)
		if err != nil {
			t.Fatal(err)
		}
		create := stores.Create{ID: id, Identity: owner, Payload: []byte("data of " + identity), Idle: century, Absolute: century}
		if _, err := store.Create(t.Context(), create); err != nil {
			t.Fatal(err)
		}
		write("ID", identity, string(id[:]))
	}
	do := func(words ...string) []string {
		t.Helper()
		m, err := client.Do(t.Context(), client.B().Arbitrary(words...).Build()).ToAny()
		if err != nil {
			t.Fatal(err)
		}
		return flatten(m)
	}
	for _, key := range do("KEYS", "*") {
		switch kind := do("TYPE", key)[0]; kind {
		case "string":
			write("SET", key, do("GET", key)[0])
		case "hash":
			write("HSET", append([]string{key}, do("HGETALL", key)...)...)
		case "zset":
			members := do("ZRANGE", key, "0", "-1", "WITHSCORES")
			for pair := range slices.Chunk(members, 2) {
				write("ZADD", key, pair[1], pair[0])
			}
		default:
			t.Fatalf("key %q has the type %s", key, kind)
		}
	}
	if err := os.WriteFile(keysFile, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := client.Do(t.Context(), client.B().Flushall().Build()).Error(); err != nil {
		t.Fatal(err)
	}
}

// flatten returns the texts of a reply in their order.
func flatten(reply any) []string {
	switch v := reply.(type) {
	case []any:
		var all []string
		for _, item := range v {
			all = append(all, flatten(item)...)
		}
		return all
	case map[string]any:
		var all []string
		for key, item := range v {
			all = append(append(all, key), flatten(item)...)
		}
		return all
	default:
		return []string{fmt.Sprint(v)}
	}
}
