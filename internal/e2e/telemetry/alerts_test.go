package telemetry_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	promql "github.com/prometheus/prometheus/promql/parser"
)

// emitted are the names and labels of all metrics, with the values of the labels.
type emitted map[string]map[string]map[string]bool

// emit makes a rig emit every metric with every label, and every operation and reason.
func emit(tb testing.TB) emitted {
	tb.Helper()
	r := newRig(tb)
	kinds, reasons := constants(tb, "Kind"), constants(tb, "Reason")
	for _, kind := range kinds {
		for _, reason := range reasons {
			r.OnEvent(tb.Context(), events.Event{Kind: events.Kind(kind), Reason: events.Reason(reason), Scheme: "s", Err: syscall.ECONNREFUSED})
		}
	}
	inner := humasesstest.Wrap(memory.New(nil))
	store := r.Store(inner)
	id := create(tb, store)
	revocations := r.Revocations(memory.NewRevocations())
	ctx := tb.Context()
	for range 2 { // the second time with errors
		_, _ = store.Load(ctx, id)
		_, _ = store.Update(ctx, stores.Update{ID: id, Version: 99})
		_, _ = store.Touch(ctx, id, time.Hour)
		_ = store.Delete(ctx, id, stores.Condition{Version: 99})
		_, _ = stores.LoadMany(ctx, store, []stores.ID{id})
		_, _ = stores.List(ctx, store, "ada")
		_, _ = stores.RevokeIdentity(ctx, store, "ada", id)
		_, _ = stores.MarkChanged(ctx, store, "ada")
		_, _ = stores.Scan(ctx, store, nil, "", 1)
		_, _ = stores.Count(ctx, store, nil)
		_, _ = revocations.Check(ctx, id, "ada")
		_, _ = stores.CheckMany(ctx, revocations, []stores.Subject{{ID: id}})
		_ = revocations.End(ctx, id, time.Hour, 1)
		inner.Fail(humasesstest.OpLoad, syscall.ECONNREFUSED)
	}
	all := emitted{}
	for _, s := range r.scrape(tb) {
		if all[s.name] == nil {
			all[s.name] = map[string]map[string]bool{}
		}
		for name, value := range s.labels {
			if all[s.name][name] == nil {
				all[s.name][name] = map[string]bool{}
			}
			all[s.name][name][value] = true
		}
	}
	return all
}

func create(tb testing.TB, store stores.Store) stores.ID {
	tb.Helper()
	id, err := stores.RandomID()
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := store.Create(tb.Context(), stores.Create{ID: id, Identity: "ada", Idle: time.Hour, Absolute: time.Hour}); err != nil {
		tb.Fatal(err)
	}
	return id
}

// constants returns the values of the constants of a type in package events.
func constants(tb testing.TB, kind string) []string {
	tb.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../../humasess/events/events.go", nil, parser.SkipObjectResolution)
	if err != nil {
		tb.Fatal(err)
	}
	var values []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if of, ok := spec.Type.(*ast.Ident); ok && of.Name == kind {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				tb.Fatal(err)
			}
			values = append(values, value)
		}
		return true
	})
	if len(values) < 10 {
		tb.Fatalf("got %d constants of %s", len(values), kind)
	}
	return values
}

// Each name of a metric, a label or a value in the rules is one that is emitted.
func TestAlertsNameEmittedMetrics(t *testing.T) {
	all := emit(t)
	for _, rule := range rules(t) {
		expr, err := promql.NewParser(promql.Options{}).ParseExpr(rule.Expr)
		if err != nil {
			t.Errorf("%s: %v", rule.Alert, err)
			continue
		}
		for _, sentence := range strange(expr, all) {
			t.Errorf("%s: %s", rule.Alert, sentence)
		}
		if rule.Annotations["summary"] == "" || rule.Labels["severity"] == "" {
			t.Errorf("%s: got no summary or no severity", rule.Alert)
		}
	}
}

// The test above would notice a wrong name.
func TestAlertsWithOtherNames(t *testing.T) {
	all := emit(t)
	for _, expr := range []string{
		`humasess_rejected_total`, `rate(humasess_rejections_total{reason="unknown"}[5m])`,
		`humasess_rejections_total{humasess_reason=~"unknown|unheard"}`, `sum by (scheme) (humasess_reuses_total)`,
		`humasess_store_duration_seconds_bucket{db_operation_name="read"}`,
	} {
		parsed, err := promql.NewParser(promql.Options{}).ParseExpr(expr)
		if err != nil {
			t.Fatal(err)
		}
		if len(strange(parsed, all)) == 0 {
			t.Errorf("%s: got nothing, want a sentence", expr)
		}
	}
}

// strange returns a sentence for each name in an expression that is not emitted.
func strange(expr promql.Expr, all emitted) []string {
	var found []string
	promql.Inspect(expr, func(node promql.Node, _ []promql.Node) error {
		switch n := node.(type) {
		case *promql.VectorSelector:
			if all[n.Name] == nil {
				found = append(found, fmt.Sprintf("metric %s is not emitted", n.Name))
				return nil
			}
			for _, m := range n.LabelMatchers {
				found = append(found, strangeMatcher(m, n.Name, all)...)
			}
		case *promql.AggregateExpr:
			for _, label := range n.Grouping {
				if label != "job" && !slices.ContainsFunc(selected(n.Expr), func(name string) bool { return all[name][label] != nil }) {
					found = append(found, fmt.Sprintf("label %s is not emitted", label))
				}
			}
		}
		return nil
	})
	return found
}

func strangeMatcher(m *labels.Matcher, metric string, all emitted) []string {
	if m.Name == model.MetricNameLabel {
		return nil
	}
	known := all[metric][m.Name]
	if known == nil {
		return []string{fmt.Sprintf("%s has no label %s", metric, m.Name)}
	}
	var found []string
	for value := range strings.SplitSeq(m.Value, "|") {
		if value != "" && !known[value] {
			found = append(found, fmt.Sprintf("%s has no %s=%q", metric, m.Name, value))
		}
	}
	return found
}

// selected returns the metrics in an expression.
func selected(expr promql.Expr) []string {
	var names []string
	promql.Inspect(expr, func(node promql.Node, _ []promql.Node) error {
		if n, ok := node.(*promql.VectorSelector); ok {
			names = append(names, n.Name)
		}
		return nil
	})
	return names
}

// Each alert fires on the metrics of a program with the fault, and none fires before.
func TestAlertsFire(t *testing.T) {
	inner := humasesstest.Wrap(memory.New(nil))
	r := newRig(t)
	handler := r.serve(t, r.Store(inner), &humasess.Options[user]{})
	visitor := humasesstest.NewClient(handler)
	post(t, visitor, "/login", http.StatusNoContent)
	s := newServer(t, r)
	traffic := func() {
		post(t, visitor, "/visit", http.StatusNoContent)
		expired := humasesstest.NewClient(handler)
		expired.SetCookie(&http.Cookie{Name: "__Host-id", Value: strings.Repeat("A", 64)})
		post(t, expired, "/visit", http.StatusNoContent)
	}
	quiet := func(label string, minutes int) {
		t.Helper()
		for i := range minutes {
			traffic()
			if firing := s.minute(t); len(firing) > 0 {
				t.Errorf("%s, minute %d: got alerts %v", label, i, firing)
			}
		}
	}
	in := func(r *rig, n int, e events.Event) {
		e.Scheme = "sessionCookie"
		for range n {
			r.OnEvent(t.Context(), e)
		}
	}
	event := func(n int, e events.Event) func() { return func() { in(r, n, e) } }
	mismatch := events.Event{Kind: events.Rejected, Reason: events.ReasonMismatch}
	slow := func(ctx context.Context) error {
		select {
		case <-time.After(600 * time.Millisecond): // over the thresholds of both rules
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	quiet("healthy", 20)
	for range 2 { // the first failure begins the series, and the second one increases it
		inner.Fail(humasesstest.OpLoad, syscall.ECONNREFUSED)
		post(t, visitor, "/visit", http.StatusServiceUnavailable)
		inner.Fail(humasesstest.OpLoad, nil)
		quiet("a single failure", 10)
	}
	for _, tt := range []struct {
		alert string
		when  string
		begin func()
		each  func() // in each minute
		end   func()
	}{
		{
			alert: "SessionStoreFailing",
			begin: func() { inner.Fail(humasesstest.OpLoad, syscall.ECONNREFUSED) },
			each:  func() { post(t, visitor, "/visit", http.StatusServiceUnavailable) },
			end:   func() { inner.Fail(humasesstest.OpLoad, nil) },
		},
		{
			alert: "SessionLoadSlow",
			begin: func() { inner.Before(humasesstest.OpLoad, slow) }, each: traffic,
			end: func() { inner.Before(humasesstest.OpLoad, nil) },
		},
		{
			alert: "SessionWriteSlow",
			begin: func() { inner.Before(humasesstest.OpUpdate, slow) }, each: traffic,
			end: func() { inner.Before(humasesstest.OpUpdate, nil) },
		},
		{alert: "SessionTokensGuessed", each: event(600, events.Event{Kind: events.Rejected, Reason: events.ReasonUnknown})},
		{alert: "SessionSecretsGuessed", when: ", at once before the first scrape", each: func() {}, begin: event(21, mismatch)},
		{alert: "SessionSecretsGuessed", each: event(10, mismatch)},
		{
			alert: "SessionSecretsGuessed", when: ", half of it in a new process", each: func() {},
			begin: func() {
				in(r, 15, mismatch)
				s.rigs = append(s.rigs, newRig(t))
				in(s.rigs[1], 15, mismatch)
			},
		},
		{alert: "SessionSignInsRefused", each: event(30, events.Event{Kind: events.Rejected, Reason: events.ReasonLimit})},
		{alert: "SessionTokenReused", each: func() {}, begin: event(1, events.Event{Kind: events.Reused})},
		{alert: "SessionsUndecodable", each: func() {}, begin: event(1, events.Event{Kind: events.Undecodable})},
		{alert: "SessionConflicts", each: conflict(t, r.Store(inner), 9)},
	} {
		t.Run("E3 "+tt.alert+tt.when, func(t *testing.T) {
			if tt.begin != nil {
				tt.begin()
			}
			fired := false
			for range 12 {
				tt.each()
				firing := s.minute(t)
				fired = fired || firing[tt.alert]
				for other := range firing {
					if other != tt.alert {
						t.Errorf("got alert %s, want only %s", other, tt.alert)
					}
				}
				if fired {
					break
				}
			}
			if !fired {
				t.Error("did not fire")
			}
			if tt.end != nil {
				tt.end()
			}
			for range 16 { // the range of the longest rule
				traffic()
				s.minute(t)
			}
			quiet("after "+tt.alert, 1)
		})
	}
}

// The rules for rare events do not count old events again after a gap of the scrapes.
func TestAlertsAfterGap(t *testing.T) {
	r := newRig(t)
	for range 30 {
		for _, e := range []events.Event{{Kind: events.Rejected, Reason: events.ReasonMismatch}, {Kind: events.Reused}, {Kind: events.Undecodable}} {
			r.OnEvent(t.Context(), e)
		}
	}
	s := newServer(t, r)
	if firing := s.minute(t); len(firing) != 3 {
		t.Fatalf("new events: got alerts %v, want three", firing)
	}
	for range 30 {
		s.minute(t)
	}
	for name, gap := range map[string]func(){
		"a failed scrape": func() { s.missed(t) },
		"ten failed scrapes": func() {
			for range 10 {
				s.missed(t)
			}
		},
		"Prometheus was down": func() { s.now = s.now.Add(12 * time.Minute) },
	} {
		gap()
		for minute := range 32 {
			if firing := s.minute(t); len(firing) > 0 {
				t.Errorf("%s, %d minutes later: got alerts %v", name, minute, firing)
			}
		}
	}
}

// conflict makes updates of which all have a wrong version.
func conflict(t *testing.T, store stores.Store, n int) func() {
	return func() {
		id := create(t, store)
		for range n {
			if _, err := store.Update(t.Context(), stores.Update{ID: id, Version: 99}); err == nil {
				t.Error("got no conflict")
			}
		}
	}
}
