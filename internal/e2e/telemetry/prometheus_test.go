package telemetry_test

import (
	"log/slog"
	"math"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/tsdb"
)

const rulesFile = "../../../contrib/otel/alerts.yaml"

func formatFloat(f float64) string {
	if math.IsInf(f, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// rules returns the alerting rules. An error in their form fails the test.
func rules(tb testing.TB) []rulefmt.Rule {
	tb.Helper()
	text, err := os.ReadFile(rulesFile)
	if err != nil {
		tb.Fatal(err)
	}
	groups, errs := rulefmt.Parse(text, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	for _, err := range errs {
		tb.Error(err)
	}
	var all []rulefmt.Rule
	if groups != nil {
		for _, g := range groups.Groups {
			all = append(all, g.Rules...)
		}
	}
	if len(all) == 0 {
		tb.Fatal("got no rules")
	}
	return all
}

// server is a Prometheus that scrapes rigs once in a minute of its own time.
type server struct {
	rigs   []*rig // the instances of one job
	db     *tsdb.DB
	engine *promql.Engine
	rules  []rulefmt.Rule
	now    time.Time
	since  map[string]time.Time // when an alert began to be pending
}

func newServer(tb testing.TB, r *rig) *server {
	tb.Helper()
	db, err := tsdb.Open(tb.TempDir(), slog.New(slog.DiscardHandler), nil, tsdb.DefaultOptions(), nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	return &server{
		rigs: []*rig{r}, db: db, rules: rules(tb), now: time.Date(2030, 1, 2, 3, 0, 0, 0, time.UTC), since: map[string]time.Time{},
		engine: promql.NewEngine(promql.EngineOpts{MaxSamples: 1_000_000, Timeout: time.Minute, Parser: parser.NewParser(parser.Options{})}),
	}
}

// minute scrapes, and returns the alerts that fire.
func (s *server) minute(tb testing.TB) map[string]bool {
	tb.Helper()
	return s.scrape(tb, func(v float64) float64 { return v })
}

// missed is minute with a scrape that fails, which ends each series.
func (s *server) missed(tb testing.TB) {
	tb.Helper()
	s.scrape(tb, func(float64) float64 { return math.Float64frombits(value.StaleNaN) })
}

func (s *server) scrape(tb testing.TB, stored func(float64) float64) map[string]bool {
	tb.Helper()
	s.now = s.now.Add(time.Minute)
	appender := s.db.Appender(tb.Context())
	for i, r := range s.rigs {
		for _, v := range r.scrape(tb) {
			v.labels["__name__"], v.labels["job"], v.labels["instance"] = v.name, "api", strconv.Itoa(i)
			if _, err := appender.Append(0, labels.FromMap(v.labels), s.now.UnixMilli(), stored(v.value)); err != nil {
				tb.Fatal(err)
			}
		}
	}
	if err := appender.Commit(); err != nil {
		tb.Fatal(err)
	}
	firing := map[string]bool{}
	for _, rule := range s.rules {
		query, err := s.engine.NewInstantQuery(tb.Context(), s.db, nil, rule.Expr, s.now)
		if err != nil {
			tb.Fatalf("%s: %v", rule.Alert, err)
		}
		vector, err := query.Exec(tb.Context()).Vector()
		if err != nil {
			tb.Fatalf("%s: %v", rule.Alert, err)
		}
		if len(vector) == 0 {
			delete(s.since, rule.Alert)
			continue
		}
		if s.since[rule.Alert].IsZero() {
			s.since[rule.Alert] = s.now
		}
		if s.now.Sub(s.since[rule.Alert]) >= time.Duration(rule.For) {
			firing[rule.Alert] = true
		}
	}
	return firing
}
