package rivals_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the results to docs/benchmarks.md")

// scenario is the request that a client repeats.
type scenario struct {
	name, path string
	signedIn   bool
}

var scenarios = []scenario{
	{"no cookie", "/read", false},
	{"read", "/read", true},
	{"modify", "/modify", true},
}

// contestant is a subject in a scenario.
type contestant struct {
	subject string
	clients []*client
	fastest time.Duration // for one request
}

// batch runs one turn of a contestant.
func (c *contestant) batch(each int) {
	start := time.Now()
	if len(c.clients) == 1 {
		for range each {
			c.clients[0].send()
		}
	} else {
		var all sync.WaitGroup
		for _, one := range c.clients {
			all.Go(func() {
				for range each {
					one.send()
				}
			})
		}
		all.Wait()
	}
	c.fastest = min(c.fastest, time.Since(start)/time.Duration(each*len(c.clients)))
}

// allocations returns the allocations of one request.
func (c *contestant) allocations() float64 { return testing.AllocsPerRun(200, c.clients[0].send) }

// BenchmarkRivals compares a request with a session to one to bare huma, and to
// the same request to an API that uses another package. Contestants take turns,
// and the fastest turn of each counts, because a busy machine slows all of them
// down alike.
func BenchmarkRivals(b *testing.B) {
	var table strings.Builder
	for _, g := range append(groups[:1:1], append([]group{{"memory, 64 at once", 64, memorySubjects}}, groups[1:]...)...) {
		b.Run(g.name, func(b *testing.B) {
			subjects := append([]subject{bare()}, g.subjects(b)...)
			for _, s := range scenarios {
				contestants := make([]*contestant, len(subjects))
				for i, subject := range subjects {
					c := &contestant{subject: subject.name, fastest: time.Hour}
					for range g.inFlight {
						c.clients = append(c.clients, subject.visit(b, s.path, s.signedIn))
					}
					contestants[i] = c
				}
				b.Run(s.name, func(b *testing.B) {
					for b.Loop() {
						for _, c := range contestants {
							c.batch(max(10, 50/g.inFlight))
						}
					}
					report(b, contestants)
				})
				write(&table, g, s, contestants)
			}
		})
	}
	if *update {
		save(b, table.String())
	}
}

func report(b *testing.B, contestants []*contestant) {
	b.Helper()
	b.ReportMetric(0, "ns/op") // the time of a round of all contestants is not meaningful
	unit := strings.NewReplacer(" ", "-", ",", "")
	for _, c := range contestants[1:] {
		b.ReportMetric(float64(c.fastest)/float64(contestants[0].fastest), unit.Replace(c.subject)+"/bare")
	}
}

// write adds a scenario to the table of docs/benchmarks.md.
func write(table *strings.Builder, g group, s scenario, contestants []*contestant) {
	base := contestants[0]
	for _, c := range contestants[1:] {
		cost := fmt.Sprintf("+%.0f", c.allocations()-base.allocations())
		if g.inFlight > 1 && !strings.HasPrefix(g.name, "memory") {
			cost = ""
		}
		fmt.Fprintf(table, "| %s | %s | %s | %.1f | %.2fx | %s |\n", g.name, s.name, c.subject,
			float64(c.fastest)/1000, float64(c.fastest)/float64(base.fastest), cost)
	}
}

func save(b *testing.B, table string) {
	b.Helper()
	text := fmt.Sprintf(head, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU()) + table
	if err := os.WriteFile("../../../docs/benchmarks.md", []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

const head = `# Benchmarks

The cost that a session adds to an operation, beside the cost of other packages. Written by
` + "`" + `go test -run '^$' -bench Rivals -benchtime 3s . -update` + "`" + ` in ` + "`internal/e2e/rivals`" + `, which makes every
subject serve the same two operations of a huma API on chi: one reads two values of a session of 119 bytes, one adds
1 to a counter. Subjects take turns and the fastest turn of each counts. Compare lines with each other; the times are
those of one shared machine (%s, %s/%s, %d cores), with server and client of Redis and PostgreSQL on it.

- *bare huma* is the same operation without any session.
- *allocations* are those beyond bare huma's, for one request; with servers they are gated in the stores' own tests.
- scs keeps sessions with its default codec, gob, or with a JSON codec made for this type. It reads and writes without
  a version: two requests that modify a session at once lose one change, where humasess keeps both.
- *any T*: the type has a slice in it, so that each request needs one of its own.

| sessions in | request | with | µs | of bare huma | allocations |
|---|---|---|---|---|---|
`
