package humasesstest_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/openapi"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores/memory"
)

type policyUser struct{ Name string }

type policyIn struct {
	humasess.Required[policyUser]
}

// policyAPI has n operations that require a session. The function edits the last one.
func policyAPI(t testing.TB, n int, edit func(*huma.Operation)) huma.API {
	t.Helper()
	m, err := humasess.New(memory.New(nil), &humasess.Options[policyUser]{Identity: func(u policyUser) string { return u.Name }})
	if err != nil {
		t.Fatal(err)
	}
	api := humago.New(http.NewServeMux(), huma.DefaultConfig("Test", "1.0.0"))
	if err := m.Attach(api); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		op := huma.Operation{Method: http.MethodPost, Path: fmt.Sprintf("/%d/{id}", i), OperationID: fmt.Sprint(i)}
		if edit != nil && i == n-1 {
			edit(&op)
		}
		huma.Register(api, op, func(context.Context, *policyIn) (*struct{}, error) { return nil, nil })
	}
	return api
}

func TestCheckPolicy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "policy.json")
	check := func(api huma.API) string {
		r := &recorder{TB: t}
		humasesstest.CheckPolicy(r, api, file)
		return strings.Join(r.errors, "\n")
	}
	if got := check(policyAPI(t, 2, nil)); !strings.Contains(got, "does not exist: run the test with HUMASESS_UPDATE=1") {
		t.Errorf("without a file: got %q, want the way to write it", got)
	}
	t.Setenv("HUMASESS_UPDATE", "1")
	if got := check(policyAPI(t, 2, nil)); got != "" {
		t.Errorf("update: got %q", got)
	}
	t.Setenv("HUMASESS_UPDATE", "")
	if got := check(policyAPI(t, 2, nil)); got != "" {
		t.Errorf("the same API: got %q", got)
	}
	other := func(op *huma.Operation) { op.Path, op.OperationID, op.Summary = "/1/{number}", "other", "Other" }
	if got := check(policyAPI(t, 2, other)); got != "" {
		t.Errorf("other names: got %q", got)
	}
	got := check(policyAPI(t, 3, humasess.AllowCrossSite))
	for _, want := range []string{
		"the policy of the API is not that of " + file + ":\n",
		"\n  other POST /2/{id}: new -> user, `sessionCookie`, cross-site requests allowed\n", "HUMASESS_UPDATE=1",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("one more operation: got %q, want %q in it", got, want)
		}
	}
	if got := check(policyAPI(t, 2, humasess.AllowCrossSite)); strings.Count(got, "loosens") != 1 {
		t.Errorf("an opened operation: got %q, want one line that loosens", got)
	}
	if err := os.WriteFile(file, []byte(`{"version": 7}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := check(policyAPI(t, 2, nil)); !strings.Contains(got, "version 7") {
		t.Errorf("a later version: got %q, want it named", got)
	}
	plain := humago.New(http.NewServeMux(), huma.DefaultConfig("Test", "1.0.0"))
	if got := check(plain); !strings.Contains(got, "call Attach first") {
		t.Errorf("an API without a manager: got %q", got)
	}
}

// Ten times the operations allocate ten times as much.
func TestCheckPolicyCost(t *testing.T) {
	cost := func(n int) float64 {
		api := policyAPI(t, n, nil)
		file := filepath.Join(t.TempDir(), "policy.json")
		t.Setenv("HUMASESS_UPDATE", "1")
		humasesstest.CheckPolicy(t, api, file)
		t.Setenv("HUMASESS_UPDATE", "")
		return testing.AllocsPerRun(3, func() { humasesstest.CheckPolicy(t, api, file) }) / float64(n)
	}
	few, many := cost(100), cost(1000)
	t.Logf("%.1f allocations for each of 100 operations, %.1f for each of 1000", few, many)
	if many > few*1.2 || many > 40 {
		t.Errorf("got %.1f allocations for each of 1000 operations, %.1f for each of 100, want at most 40 and a fifth more", many, few)
	}
}

// Without a sealer, forged cookies reach the store.
func TestPolicyWithoutSealer(t *testing.T) {
	policy := func(sealer security.Sealer) openapi.Policy {
		m, err := humasess.New(memory.New(nil), &humasess.Options[policyUser]{Sealer: sealer})
		if err != nil {
			t.Fatal(err)
		}
		api := humago.New(http.NewServeMux(), huma.DefaultConfig("Test", "1.0.0"))
		if err := m.Attach(api); err != nil {
			t.Fatal(err)
		}
		p, err := openapi.PolicyOf(api)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	got := openapi.Diff(policy(struct{ security.Sealer }{}), policy(nil))
	if want := "loosens manager sessionCookie: sealer: a function -> none"; len(got) != 1 || got[0].String() != want {
		t.Errorf("got %v, want only %q", got, want)
	}
}
