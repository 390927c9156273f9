package main

import (
	"strings"
	"testing"

	"github.com/humasess/sessions/security"
)

func TestKeygen(t *testing.T) {
	seen := map[string]bool{}
	check := func(key string) {
		t.Helper()
		if _, err := security.ParseKey(key); err != nil {
			t.Errorf("key %q: %v", key, err)
		}
		if seen[key] {
			t.Errorf("key %q came twice", key)
		}
		seen[key] = true
	}
	r := in(t.Context(), nil, "", "keygen")
	if r.code != exitOK || strings.Count(r.out, "\n") != 1 {
		t.Fatalf("got %+v, want one key", r)
	}
	check(strings.TrimSuffix(r.out, "\n"))
	has(t, "how to set it", r.err, "security.KeysFromEnv", "OLD,NEW", "NEW,OLD")
	if strings.Contains(r.err, strings.TrimSpace(r.out)) {
		t.Error("the key is in both outputs")
	}
	r = in(t.Context(), nil, "", "keygen", "--count", "3")
	for line := range strings.Lines(r.out) {
		check(strings.TrimSuffix(line, "\n"))
	}
	type key struct{ Key string }
	for _, k := range parse[key](t, in(t.Context(), nil, "", "keygen", "--json").out) {
		check(k.Key)
	}
	if len(seen) != 5 {
		t.Errorf("got %d keys, want 5", len(seen))
	}
	t.Run("as the program reads them", func(t *testing.T) {
		var all []string
		for k := range seen {
			all = append(all, k)
		}
		t.Setenv("SESSION_KEYS", strings.Join(all, ","))
		keys, err := security.KeysFromEnv("SESSION_KEYS")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := security.NewAEAD(keys...); err != nil {
			t.Error(err)
		}
	})
}
