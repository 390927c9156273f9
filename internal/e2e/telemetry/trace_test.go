package telemetry_test

import (
	"cmp"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/servertest"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGoldenTrace compares the trace of two requests with the one in docs/telemetry.md.
func TestGoldenTrace(t *testing.T) {
	r := newRig(t)
	server := servertest.StartPostgres(t)
	pool := dialPostgres(t, server.DSN, &queries{r.tracer})
	c := humasesstest.NewClient(r.serve(t, r.Store(openPostgres(t, pool)), nil))
	r.spans.Reset() // without those of Migrate
	post(t, c, "/login", http.StatusNoContent)
	post(t, c, "/visit", http.StatusNoContent)
	got := tree(r.spans.Ended())

	file := filepath.Join("testdata", "trace.txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// tree returns each span below its parent, in the order in which they began.
func tree(spans []sdktrace.ReadOnlySpan) string {
	slices.SortStableFunc(spans, func(a, b sdktrace.ReadOnlySpan) int {
		return cmp.Compare(a.StartTime().UnixNano(), b.StartTime().UnixNano())
	})
	var b strings.Builder
	var write func(parent trace.SpanID, indent string)
	write = func(parent trace.SpanID, indent string) {
		for _, s := range spans {
			if s.Parent().SpanID() != parent {
				continue
			}
			fmt.Fprintf(&b, "%s%s (%v)", indent, s.Name(), s.SpanKind())
			for _, kv := range s.Attributes() {
				fmt.Fprintf(&b, " %s=%s", kv.Key, kv.Value.String())
			}
			b.WriteByte('\n')
			write(s.SpanContext().SpanID(), indent+"  ")
		}
	}
	write(trace.SpanID{}, "")
	return b.String()
}
