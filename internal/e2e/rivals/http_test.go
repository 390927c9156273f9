package rivals_test

import (
	"crypto/rand"
	"encoding/base64"
	"math"
	"os"
	"testing"
	"time"
)

// httpLine is the result of a subject and a request over HTTP on the loopback
// interface.
type httpLine struct {
	Group     string  `json:"group"`
	Request   string  `json:"request"`
	Subject   string  `json:"subject"`
	Own       bool    `json:"own,omitempty"`
	PerSecond float64 `json:"perSecond"`
	Share     float64 `json:"share"` // of bare huma's requests per second
}

// The ancestor is the Rust crate rocket_flex_session, whose idea this module
// brought to Go. testdata/ancestor has the program.
const (
	inAncestor   = "memory, in Rust"
	ancestorName = "rocket_flex_session"
)

// httpSubjects are the subjects of the comparison over HTTP. The first is bare
// huma, to which the others are compared.
var httpSubjects = []struct {
	group, name string
	own         bool
}{
	{onlyBare, "bare huma", false},
	{inMemory, flat, true},
	{inMemory, "scs", false},
	{inMemory, "scs, JSON", false},
	{inCookie, aead, true},
	{inCookie, "gorilla/sessions", false},
	{inRedis, flat, true},
	{inRedis, scsRedis, false},
	{inPostgres, flat, true},
	{inPostgres, scsPostgres, false},
	{inAncestor, ancestorName, false},
}

// newProcesses is the number of rounds after which each subject gets a new process:
// where its memory lies makes a process faster or slower than another of the same
// program.
const newProcesses = 5

// connections is the number of keep-alive connections of the load generator.
const connections = 64

// measureHTTP sends requests over HTTP from a process of its own. Each subject is
// a process, too. Each has one thread for its code, so that on two cores the
// generator takes no time of the server. Subjects take turns, and the turn with the
// most requests counts. Without the program of the ancestor its lines are missing.
func measureHTTP(tb testing.TB, ancestor string, rounds int, turn time.Duration) []httpLine {
	tb.Helper()
	if _, err := os.Stat(ancestor); err != nil {
		ancestor = ""
		tb.Logf("the ancestor is not measured: %v", err)
	}
	g := startGenerator(tb)
	lines, addresses := startSubjects(tb, ancestor)
	for round := range rounds {
		if round > 0 && round%newProcesses == 0 {
			_, addresses = startSubjects(tb, ancestor)
		}
		for i := range lines {
			l := &lines[i]
			n := g.send(tb, load{Addr: addresses[i], Path: scenarios[l.Request].path, Connections: connections, For: turn})
			l.PerSecond = max(l.PerSecond, math.Round(n))
		}
		tb.Logf("HTTP: round %d of %d", round+1, rounds)
	}
	for i := range lines {
		lines[i].Share = lines[i].PerSecond / lines[i%2].PerSecond // the first two are bare huma's
	}
	return lines
}

// startSubjects starts a process for each subject, and returns empty lines with the
// addresses to measure.
func startSubjects(tb testing.TB, ancestor string) ([]httpLine, []string) {
	tb.Helper()
	var lines []httpLine
	var addresses []string
	for _, s := range httpSubjects {
		var addr string
		switch {
		case s.group != inAncestor:
			addr = startSubject(tb, s.group, s.name)
		case ancestor != "":
			addr = startAncestor(tb, ancestor)
		default:
			continue
		}
		for _, request := range []string{read, modify} {
			lines = append(lines, httpLine{Group: s.group, Request: request, Subject: s.name, Own: s.own})
			addresses = append(addresses, addr)
		}
	}
	return lines, addresses
}

// startAncestor starts the program of the ancestor, and returns its address.
func startAncestor(tb testing.TB, program string) string {
	tb.Helper()
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	_, output := spawn(tb, program, nil,
		"ROCKET_WORKERS=1", "ROCKET_ADDRESS=127.0.0.1", "ROCKET_PORT=0", "ROCKET_LOG_LEVEL=off", "ROCKET_CLI_COLORS=false",
		"ROCKET_SECRET_KEY="+base64.StdEncoding.EncodeToString(key))
	return "127.0.0.1:" + firstLine(tb, output)
}
