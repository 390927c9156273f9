package humasessotel_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	humasessotel "github.com/humasess/sessions/contrib/otel"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// TestDocumentedMetrics compares the table in docs/telemetry.md with the metrics that
// are emitted: names, types, units and attributes.
func TestDocumentedMetrics(t *testing.T) {
	page, err := os.ReadFile("../../docs/telemetry.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, " | ")
		if !strings.HasPrefix(line, "| `humasess.") || len(cells) != 5 {
			continue
		}
		attrs := strings.Split(strings.ReplaceAll(cells[3], "`", ""), ", ")
		slices.Sort(attrs)
		documented = append(documented, fmt.Sprint(strings.Trim(cells[0], "|` "), " ", cells[1], " ", strings.Trim(cells[2], "`"), " ", attrs))
	}
	slices.Sort(documented)
	equal(t, "metrics", documented, emittedMetrics(t))
}

func emittedMetrics(t *testing.T) []string {
	t.Helper()
	r := newRig(t, humasessotel.Options{})
	for _, kind := range []events.Kind{
		events.Created, events.Renewed, events.Destroyed, events.Revoked, events.Evicted, events.Reused, events.Rejected,
		events.Challenged, events.Refused, events.Undecodable, events.StoreFailed, events.Canceled,
	} {
		for _, reason := range reasonsOf(kind) {
			r.OnEvent(t.Context(), events.Event{Kind: kind, Reason: reason, Err: errors.New("x")})
		}
	}
	for _, err := range []error{stores.ErrConflict, stores.ErrFull} {
		_, _ = r.Store(&failing{memory.New(nil), err}).Load(t.Context(), stores.ID{1})
	}
	var lines []string
	for _, m := range r.collect(t) {
		attrs := map[string]bool{}
		note := func(set attribute.Set) {
			for _, kv := range set.ToSlice() {
				attrs[string(kv.Key)] = true
			}
		}
		kind := "counter"
		switch data := m.Data.(type) {
		case metricdata.Sum[int64]:
			for _, p := range data.DataPoints {
				note(p.Attributes)
			}
		case metricdata.Histogram[float64]:
			kind = "histogram"
			for _, p := range data.DataPoints {
				note(p.Attributes)
			}
		}
		if m.Description == "" {
			t.Errorf("%s: got no description", m.Name)
		}
		lines = append(lines, fmt.Sprint(m.Name, " ", kind, " ", m.Unit, " ", slices.Sorted(maps.Keys(attrs))))
	}
	slices.Sort(lines)
	return lines
}

// reasonsOf returns some reasons that events of a kind have.
func reasonsOf(kind events.Kind) []events.Reason {
	switch kind {
	case events.Created:
		return []events.Reason{events.ReasonSignIn, events.ReasonAnonymous, ""}
	case events.Destroyed:
		return []events.Reason{events.ReasonSignOut, events.ReasonReplaced, ""}
	case events.Rejected:
		return []events.Reason{events.ReasonUnknown, events.ReasonLimit}
	case events.Challenged:
		return []events.Reason{events.ReasonAbsent}
	case events.Refused:
		return []events.Reason{events.ReasonRole}
	case events.Renewed:
		return []events.Reason{events.ReasonPeriodic, ""}
	case events.Revoked:
		return []events.Reason{events.ReasonEverything, ""}
	}
	return []events.Reason{""}
}
