package rivals_test

import (
	"math"
	"testing"
	"time"
)

// line is the result of a subject and a request in this process.
type line struct {
	Group       string  `json:"group"`
	Request     string  `json:"request"`
	Subject     string  `json:"subject"`
	Own         bool    `json:"own,omitempty"`
	Nanoseconds float64 `json:"ns"`                    // the fastest turn, for one request
	OfBare      float64 `json:"ofBare"`                // times that of bare huma
	OfFloor     float64 `json:"ofFloor,omitempty"`     // times that of the floor, 0 if the floor has no such request
	Allocations float64 `json:"allocations,omitempty"` // beyond those of bare huma
	Bytes       float64 `json:"bytes,omitempty"`
	Counted     bool    `json:"counted,omitempty"` // with servers, other goroutines allocate as well
}

// inProcessGroups are the comparisons in this process.
func inProcessGroups() []group {
	return append([]group{groups[0], {atOnce, 64, memorySubjects}}, groups[1:]...)
}

// measureInProcess compares a request with a session to one to bare huma, and to
// the same request to an API that uses another package. Contestants take turns
// for the given time, and the fastest turn of each counts, because a busy machine
// slows all of them down alike.
func measureInProcess(tb testing.TB, each time.Duration) []line {
	tb.Helper()
	var lines []line
	for _, g := range inProcessGroups() {
		subjects := append([]subject{bare(), floor()}, g.subjects(tb)...)
		for _, request := range requests {
			if request == plain && g.name != inMemory {
				continue
			}
			var contestants []*contestant
			for _, s := range subjects {
				if s.answers(request) {
					contestants = append(contestants, newContestant(tb, s, scenarios[request], g.inFlight))
				}
			}
			for begin := time.Now(); time.Since(begin) < each; {
				for _, c := range contestants {
					c.turn()
				}
			}
			lines = append(lines, linesOf(g, request, contestants)...)
			tb.Logf("%s, %s: measured", g.name, request)
		}
	}
	return lines
}

// linesOf returns the lines of a scenario. The first contestant is bare huma.
func linesOf(g group, request string, contestants []*contestant) []line {
	counted := g.name == inMemory || g.name == atOnce || g.name == inCookie
	base, bottom := contestants[0], math.Inf(1)
	var least cost
	if counted {
		least = base.cost()
	}
	var lines []line
	for _, c := range contestants {
		took := float64(c.fastest)
		if c.subject.name == floorName {
			bottom = took
		}
		l := line{
			Group: g.name, Request: request, Subject: c.subject.name, Own: c.subject.own, Counted: counted,
			Nanoseconds: took, OfBare: took / float64(base.fastest), OfFloor: took / bottom, // no floor yet: 0
		}
		if counted {
			n := c.cost()
			l.Allocations, l.Bytes = n.allocations-least.allocations, n.bytes-least.bytes
		}
		lines = append(lines, l)
	}
	return lines
}
