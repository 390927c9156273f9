//go:build sdk

package sdk_test

import (
	"net/http"
	"path/filepath"
	"testing"
)

// fuzz lets schemathesis test all that the document says, deterministically. It
// reports an answer of 500 and above, and one that is not in the document. It
// also reports an answer that differs from its schema, and an operation that
// works without its session. It does not judge methods that the document lacks: chi
// answers a method that it does not know, such as QUERY, with a 405 without Allow.
func fuzz(t *testing.T, r runtimes, api string) {
	for _, tt := range []struct {
		name   string
		signIn string
	}{
		{"without a session", ""},
		{"with a session", "1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			document := get(t, api+documents[0].path)
			dir := r.workshop(t, "python", document)
			w := watch(t, api)
			out := r.run(t, dir, "env", "SIGN_IN="+tt.signIn, "SCHEMATHESIS_HOOKS=hooks", filepath.Join(r.venv, "bin", "schemathesis"), "run", w.url+documents[0].path,
				"--checks", "all", "--exclude-checks", "unsupported_method", "--generation-deterministic", "--max-examples", "100", "--no-color",
				"--suppress-health-check", "all", "--request-timeout", "60") // a machine may be busy
			t.Logf("%s", out)
			answers := map[call]int{}
			for _, c := range w.seen() {
				answers[call{request: c.request, status: c.status}]++
				if c.status >= http.StatusInternalServerError {
					t.Errorf("%s: got %d", c.request, c.status)
				}
			}
			// It had access where it should, and was refused where it should
			// be.
			for _, request := range []string{"GET /me", "GET /sessions", "GET /admin"} {
				if got := answers[call{request: request, status: 200}]; (got > 0) != (tt.signIn != "") {
					t.Errorf("%s: got %d answers of 200", request, got)
				}
				if got := answers[call{request: request, status: 401}]; got == 0 {
					t.Errorf("%s: got no 401", request)
				}
			}
		})
	}
}
