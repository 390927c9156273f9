package rivals_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/jackc/pgx/v5"
)

var (
	update   = flag.Bool("update", false, "write the results to testdata/results.json, docs/benchmarks.md and docs/images/benchmarks.svg")
	measure  = flag.Duration("measure", 0, "measure the budgets: the time for each comparison in this process, and for each request of a subject over HTTP")
	ancestor = flag.String("ancestor", "", "the program of testdata/ancestor")
)

// resultsFile keeps the results of the last run with -update, so that a change of
// the page needs no other run.
const resultsFile = "testdata/results.json"

// TestBudgets measures the budgets if the flag -measure is set. It fails for each
// row that is not met and has no reason.
func TestBudgets(t *testing.T) {
	if *measure == 0 {
		return
	}
	begin := time.Now()
	r := &results{Machine: fmt.Sprintf("%s, %s/%s, %d cores", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())}
	r.Servers = servers(t)
	r.Lines = measureInProcess(t, *measure)
	const turn = time.Second / 4
	r.HTTP = measureHTTP(t, *ancestor, max(1, 2*int(*measure/turn)), min(*measure, turn))
	r.Scale = measureScale(t, 1_000_000)

	var table strings.Builder
	failed, old := judgeAll(&table, r)
	t.Logf("after %.0f s:\n%s", time.Since(begin).Seconds(), table.String())
	if old > 0 {
		t.Logf("%d rows are met and have a reason why they are not: remove it", old)
	}
	if failed > 0 {
		t.Errorf("%d rows are not met and have no reason", failed)
	}
	if *update {
		text := must(json.MarshalIndent(r, "", "\t"))
		must(0, os.WriteFile(resultsFile, append(text, '\n'), 0o600))
		writePage(r)
	}
}

// servers returns the versions of the servers.
func servers(tb testing.TB) string {
	tb.Helper()
	redis := servertest.RedisSingle(tb)
	_, version, _ := strings.Cut(redis.Command(tb, redis.Addrs[0], "INFO", "server"), "redis_version:")
	version, _, _ = strings.Cut(version, "\r\n")
	conn := must(pgx.Connect(tb.Context(), servertest.PostgresShared(tb).DSN))
	defer func() { must(0, conn.Close(context.WithoutCancel(tb.Context()))) }()
	var postgres string
	must(0, conn.QueryRow(tb.Context(), "SHOW server_version").Scan(&postgres))
	postgres, _, _ = strings.Cut(postgres, " ")
	return fmt.Sprintf("Redis %s and PostgreSQL %s", version, postgres)
}

// readResults returns the results of the last run with -update.
func readResults(t *testing.T) *results {
	t.Helper()
	var r results
	if err := json.Unmarshal(must(os.ReadFile(resultsFile)), &r); err != nil {
		t.Fatal(err)
	}
	return &r
}
