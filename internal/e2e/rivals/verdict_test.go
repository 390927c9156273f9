package rivals_test

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
)

// margin is the part by which a busy machine may miss a limit on a time.
const margin = 0.15

// sense is the direction of a limit.
type sense bool

const (
	atMost  sense = false
	atLeast sense = true
)

// figure finds a value in the results. It returns false if nothing was measured.
type figure func(*results) (float64, bool)

// row is a budget.
type row struct {
	scenario string // with the sessions' place
	measure  string // the meaning of the value
	sense    sense
	limit    float64
	format   string // of the limit and of the value
	timed    bool   // has the margin; others are exact
	value    figure

	// gate names a test that judges the row instead, as file and function. It is part
	// of make test.
	gate string

	// needs names a program of some machines only. Without it the row is not measured,
	// and does not fail.
	needs string

	// reason is a sentence that tells why the row is not met, and where the profile
	// is. The page shows it.
	reason string
}

// verdict is the judgement of a row.
type verdict string

// The verdicts. Unmet and unmeasured fail the benchmark.
const (
	met        verdict = "yes"
	excused    verdict = "no: see below"
	unmet      verdict = "**no**"
	stale      verdict = "yes: the reason is stale"
	gated      verdict = "in `make test`"
	skipped    verdict = "not measured"
	unmeasured verdict = "**not measured**"
)

func (v verdict) fails() bool { return v == unmet || v == unmeasured }

// judge returns the verdict and the value of a row. A reason is stale if the row is
// met without the margin.
func (b row) judge(r *results) (verdict, float64) {
	if b.gate != "" {
		return gated, 0
	}
	value, ok := b.value(r)
	switch {
	case !ok && b.needs != "":
		return skipped, 0
	case !ok || math.IsNaN(value):
		return unmeasured, 0
	case b.reason != "" && b.within(value, 0):
		return stale, value
	case b.reason != "" && !b.within(value, b.slack()):
		return excused, value
	case b.within(value, b.slack()):
		return met, value
	}
	return unmet, value
}

func (b row) slack() float64 {
	if b.timed {
		return margin
	}
	return 0
}

func (b row) within(value, slack float64) bool {
	if b.sense == atLeast {
		return value*(1+slack) >= b.limit
	}
	return value <= b.limit*(1+slack)
}

// budget returns the limit for a reader.
func (b row) budget() string {
	if b.gate != "" {
		return ""
	}
	sign := "≤ "
	if b.sense == atLeast {
		sign = "≥ "
	}
	return sign + fmt.Sprintf(b.format, b.limit)
}

// measured returns the value for a reader.
func (b row) measured(v verdict, value float64) string {
	if v == gated || v == skipped || v == unmeasured {
		return ""
	}
	return fmt.Sprintf(b.format, value)
}

// judgeAll writes a table of the verdicts, and returns how many fail and how many
// have a stale reason.
func judgeAll(w io.Writer, r *results) (failed, old int) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, b := range budgets {
		v, value := b.judge(r)
		if v.fails() {
			failed++
		}
		if v == stale {
			old++
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", b.scenario, b.measure, b.budget(), b.measured(v, value), v)
	}
	_ = table.Flush()
	return failed, old
}
