package main

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

const specials = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\t\n\x7fé\u202e"

// places lists the parts of a store's URL that may contain a password, with the way
// to escape it there. None of the URLs leads to a server.
var places = []struct {
	form   string
	escape func(string) string // nil if the form has no escaping
}{
	{"redis://bob:%s@localhost:1", userinfo},
	{"redis://:%s@localhost:1/0", userinfo},
	{"rediss://bob:%s@localhost:1?addr=localhost:2", userinfo},
	{"REDIS://bob:%s@localhost:1", userinfo},
	{"unix://bob:%s@/no/such.sock", userinfo},
	{"redis://localhost:1?master_set=x&sentinel_password=%s", url.QueryEscape},
	{"redis://localhost:1?sentinel_password=%s&master_set=x", url.QueryEscape},
	{"postgres://bob:%s@localhost:1/x", userinfo},
	{"postgresql://bob:%s@localhost:1,localhost:2/x?sslmode=disable", userinfo},
	{"POSTGRES://bob:%s@localhost:1/x", userinfo},
	{"postgres://bob:%s@localhost:1/x?sslmode=maybe", userinfo},
	{"postgres://bob@localhost:1/x?password=%s", url.QueryEscape},
	{"postgres://bob@localhost:1/x?password=%s&sslmode=disable", url.QueryEscape},
	{"postgres://bob@localhost:1/x?sslmode=disable&sslpassword=%s", url.QueryEscape},
	{"postgres:host=localhost port=1 user=bob password=%s", nil},
	{"postgres:host=localhost password='%s' port=1", nil},
	{"redis:host=localhost password=%s", nil},
	{"host=localhost port=1 user=bob password=%s dbname=x", nil},
	{"host=localhost password='%s'", nil},
	{"bob:%s@localhost", nil},
	{"%s", nil},
	{"sqlite://bob:%s@localhost/x.db", userinfo},
	{"sqlite:bob:%s@x.db", nil},
	{"sqlite:/no/where.db?_key=%s", url.QueryEscape},
	{"sqlite:/no/where.db?mode=rw&_key=%s", url.QueryEscape},
}

func userinfo(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// silent requires that no part of a password is in the output.
func silent(t *testing.T, r result, parts []string, call ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(r.out, part) || strings.Contains(r.err, part) {
			t.Errorf("%q: got %q in output %q and errors %q", call, part, r.out, r.err)
		}
	}
}

// TestPasswordsInStores writes passwords with each special character into each
// place, escaped and not, and looks for any part of them in the output.
func TestPasswordsInStores(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	parts := [][2]string{{"hunter2", "swordfish"}, {"31337", "swordfish"}, {"hunter2", "31337"}} // a number may look like a port
	var passwords [][]string                                                                     // the password and its parts
	all := []rune(specials)
	for i, special := range all {
		p := parts[i%len(parts)]
		passwords = append(passwords, []string{p[0] + string(special) + p[1], p[0], p[1]})
	}
	for range 12 {
		p := parts[r.IntN(len(parts))]
		between := string(all[r.IntN(len(all))]) + string(all[r.IntN(len(all))])
		passwords = append(passwords, []string{p[0] + between + p[1] + string(all[r.IntN(len(all))]), p[0], p[1]})
	}
	for _, place := range places {
		t.Run(place.form, func(t *testing.T) {
			for _, p := range passwords {
				stores := []string{fmt.Sprintf(place.form, p[0])}
				if place.escape != nil {
					stores = append(stores, fmt.Sprintf(place.form, place.escape(p[0])))
				}
				for _, store := range stores {
					env := map[string]string{"HUMASESS_STORE": store}
					for _, args := range [][]string{{"count"}, {"doctor", "--json"}, {"migrate", "--print"}} {
						silent(t, in(t.Context(), env, "", args...), p[1:], append(args, store)...)
					}
					silent(t, in(t.Context(), nil, "", "list", "--store", store), p[1:], "list", "--store", store)
					silent(t, in(t.Context(), nil, "", append([]string{"list", "--store"}, strings.Fields(store)...)...), p[1:], "split", store)
				}
			}
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// A user of Redis without a password is a password without its colon.
func TestPasswordsInOtherPlaces(t *testing.T) {
	for _, store := range []string{
		"redis://hunter2@localhost:1", "rediss://hunter2:@localhost:1/0", "redis://hun%09ter2@localhost:1",
		"redis://localhost:1/hunter2", "redis://localhost:1?dial_timeout=hunter2",
	} {
		for _, args := range [][]string{{"count"}, {"doctor", "--json"}, {"migrate"}, {"migrate", "--print"}, {"revoke", "--all"}} {
			silent(t, in(t.Context(), map[string]string{"HUMASESS_STORE": store}, "", args...), []string{"hunter2", "ter2"}, append(args, store)...)
		}
	}
}

// The program takes no URL as an argument by itself. A shell may split a URL into
// several arguments.
func TestPasswordsInArguments(t *testing.T) {
	for _, args := range [][]string{
		{"redis://bob:hunter2@localhost"},
		{"list", "redis://bob:hunter2@localhost"},
		{"list", "--timeout", "redis://bob:hunter2@localhost"},
		{"list", "--limit=redis://bob:hunter2@localhost"},
		{"list", "--store", "postgres://bob:pa", "hunter2", "ss@localhost/x"},
		{"list", "--store", "postgres://bob:pa", "-hunter2", "ss@localhost/x"},
		{"postgres://bob:pa", "hunter2", "ss@localhost/x"},
		{"list", "--store", "host=localhost", "password=pa", "hunter2"},
	} {
		r := in(t.Context(), nil, "", args...)
		silent(t, r, []string{"hunter2", "ss@"}, args...)
		if r.code != exitUsage || r.err == "" {
			t.Errorf("%q: got %+v", args, r)
		}
	}
	r := in(t.Context(), nil, "", "list", "--limt", "5", "--user", "ada@example.com")
	has(t, "a wrong flag without a URL", r.err, "-limt")
}

// parseURL accepts escaped characters, and unescaped ones where the URL is not
// ambiguous.
func TestParseURL(t *testing.T) {
	for store, ok := range map[string]bool{
		"postgres://bob:p%40ss%23@h/x":          true,
		"postgres://bob:p@ss@h/x":               false, // pgx takes the first @
		"postgres://h/x?user=bob&sslmode=allow": true,
		"postgres://h/x?user=a%40b":             true,
		"rediss://h?skip_verify":                true,
		"postgres://bob:12/34@h/x":              false,
		"postgres://bob:12?34@h/x":              false,
		"postgres://bob:12#34@h/x":              false,
		"redis://bob:12#34":                     false,
		"postgres://h/x?password=a&b":           false,
		"postgres://h/x?password=a;b":           false,
		"postgres:h":                            false,
	} {
		c := &call{store: store}
		if _, err := c.parseURL(); (err == nil) != ok {
			t.Errorf("%s: got error %v, want none: %v", store, err, ok)
		} else if err != nil && err != errURL {
			t.Errorf("%s: got error %v, want %v", store, err, errURL)
		}
	}
}

// Messages of drivers and servers may quote a part of the URL in its escaped form.
func TestHiddenParts(t *testing.T) {
	c := &call{store: "postgres://bob:hunter%2f2@h/x?sslmode=allow&password=a%2fb&sword=fi%2fsh"}
	if _, err := c.parseURL(); err != nil {
		t.Fatal(err)
	}
	const shown = "bob h x sslmode allow"
	for _, secret := range []string{"hunter%2f2", "hunter/2", "hunter%2F2", "a%2fb", "a/b", "sword", "fi%2fsh", "fi/sh"} {
		if got := c.redact(shown + " " + secret); got != shown+" "+hidden {
			t.Errorf("%s: got %q", secret, got)
		}
	}
	_, err := pgxpool.ParseConfig("postgres://bob@h/x?sslmode=maybe&password=hunter2")
	if got := withoutURL(err).Error(); got != "sslmode is invalid" {
		t.Errorf("error of pgx: got %q", got)
	}
	_, err = pgxpool.ParseConfig("postgres://bob@h/x?target_session_attrs=hunter2")
	if got := withoutURL(err).Error(); strings.Contains(got, "hunter2") || strings.Contains(got, "//") {
		t.Errorf("error of pgx without a cause: got %q", got)
	}
	r := in(t.Context(), map[string]string{"HUMASESS_STORE": "postgres://localhost:1/x?sslmode=maybe"}, "", "count")
	if strings.Contains(r.err, "cannot parse") {
		t.Errorf("got the error of pgx with its URL: %q", r.err)
	}
	r = in(t.Context(), map[string]string{"HUMASESS_STORE": "POSTGRES://localhost:1/x"}, "", "count")
	has(t, "capitals", r.err, "connection refused")
}
