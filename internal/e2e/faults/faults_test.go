//go:build unix

package faults_test

import (
	"crypto/rand"
	"encoding/hex"
	"flag"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/security"
)

var (
	full   = flag.Bool("full", false, "inject all faults, for as long as they last in reports")
	update = flag.Bool("update", false, "write docs/reliability.md")
)

// site is one store with two processes of the API.
type site struct {
	name      string
	processes []*process
	faults    []fault
	inCookies bool // sessions are in their cookies
}

func newSite(t *testing.T, p place, processes int, faults ...[]fault) site {
	t.Helper()
	s := site{faults: slices.Concat(faults...), inCookies: p.Key != ""}
	for range processes {
		s.processes = append(s.processes, startProcess(t, p))
	}
	return s
}

// newKey returns a key for cookies, as text.
func newKey(t *testing.T) string {
	t.Helper()
	var key [security.KeySize]byte
	if _, err := rand.Read(key[:]); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(key[:])
}

// TestFaults injects each fault into each store while clients work.
func TestFaults(t *testing.T) {
	long := 2 * storeTimeout // longer than the bound that a fault is to show
	if *full {
		long = 5 * time.Second
	}
	rows := newReport()
	t.Cleanup(func() { rows.finish(t) })
	for _, kind := range kinds {
		t.Run(strings.ReplaceAll(kind.name, ",", ""), func(t *testing.T) {
			t.Parallel()
			s := kind.open(t, long)
			s.name = kind.name
			for i, f := range s.faults {
				if f.full && !*full {
					continue
				}
				t.Run(f.name, func(t *testing.T) {
					r := s.play(t, i, f)
					rows.add(r)
					for _, text := range r.broken() {
						t.Error(text)
					}
				})
			}
		})
	}
}

// kinds are the stores and the ways in which they are run.
var kinds = []kind{
	{"PostgreSQL", openPostgresSite},
	{"Redis", openRedisSite},
	{"SQLite", openSQLiteSite},
	{"memory", openMemorySite},
	{"PostgreSQL with a standby", openStandbySite},
	{"PostgreSQL behind PgBouncer", openBouncerSite},
	{"Redis Sentinel", openSentinelSite},
	{"Redis Cluster", openClusterSite},
	{"cookies, with revocations in Redis", openCookieRedisSite},
	{"cookies, with revocations in PostgreSQL", openCookiePostgresSite},
}

type kind struct {
	name string
	open func(t *testing.T, long time.Duration) site
}
