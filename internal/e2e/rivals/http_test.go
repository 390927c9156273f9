package rivals_test

import (
	"crypto/rand"
	"encoding/base64"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
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
	{onlyBare, bareName, false},
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
const newProcesses = 4

// connections is the number of keep-alive connections of the load generator.
const connections = 64

// measureHTTP sends requests over HTTP from a process of its own. Each subject is
// a process, too. Each has one thread for its code, so that on two cores the
// generator takes no time of the server. Subjects take turns, and a quarter of the turns
// has more requests than the one that counts: other programs slow many turns down, and
// the processor's clock makes a few faster. Without the program of the ancestor its
// lines are missing.
func measureHTTP(tb testing.TB, ancestor string, rounds int, turn time.Duration) []httpLine {
	tb.Helper()
	if _, err := os.Stat(ancestor); err != nil {
		ancestor = ""
		tb.Logf("the ancestor is not measured: %v", err)
	}
	g := startGenerator(tb)
	lines, processes := startSubjects(tb, ancestor)
	turns := make([][]float64, len(lines))
	for round := range rounds {
		if round > 0 && round%newProcesses == 0 {
			for i := 0; i < len(processes); i += 2 {
				_ = processes[i].input.Close()
			}
			_, processes = startSubjects(tb, ancestor)
		}
		for i := range lines {
			task := load{Addr: processes[i].addr, Path: scenarios[lines[i].Request].path, Connections: connections, For: turn}
			turns[i] = append(turns[i], g.send(tb, task))
		}
		tb.Logf("HTTP: round %d of %d", round+1, rounds)
	}
	turns[0] = append(turns[0], turns[1]...) // bare huma does the same in both
	turns[1] = turns[0]
	for i := range lines {
		lines[i].PerSecond = math.Round(upperQuartile(turns[i]))
		lines[i].Share = lines[i].PerSecond / lines[0].PerSecond
	}
	return lines
}

func upperQuartile(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)*3/4]
}

// startSubjects starts a process for each subject. It returns two empty lines for
// each, and the process of each line.
func startSubjects(tb testing.TB, ancestor string) ([]httpLine, []served) {
	tb.Helper()
	var lines []httpLine
	var processes []served
	for _, s := range httpSubjects {
		var process served
		switch {
		case s.group != inAncestor:
			process = startSubject(tb, s.group, s.name)
		case ancestor != "":
			process = startAncestor(tb, ancestor)
		default:
			continue
		}
		for _, request := range []string{read, modify} {
			lines = append(lines, httpLine{Group: s.group, Request: request, Subject: s.name, Own: s.own})
			processes = append(processes, process)
		}
	}
	return lines, processes
}

// startAncestor starts the program of the ancestor.
func startAncestor(tb testing.TB, program string) served {
	tb.Helper()
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	p := servertest.StartProcess(tb, program, nil,
		"ROCKET_WORKERS=1", "ROCKET_ADDRESS=127.0.0.1", "ROCKET_PORT=0", "ROCKET_LOG_LEVEL=off", "ROCKET_CLI_COLORS=false",
		"ROCKET_SECRET_KEY="+base64.StdEncoding.EncodeToString(key))
	return served{p.Input, "127.0.0.1:" + firstLine(tb, p.Output)}
}
