package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPolicy(t *testing.T) {
	const main, branch = "testdata/policies/main.json", "testdata/policies/branch.json"
	dir := t.TempDir()
	later := filepath.Join(dir, "later.json")
	if err := os.WriteFile(later, []byte(`{"version": 9}`), 0o600); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(main)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		input string
		args  []string
		code  int
		out   []string // parts
		err   string   // part
	}{
		{name: "show", args: []string{"show", main}, out: []string{"| `GET /reports` | user | `sessionCookie`, role `auditor` | |\n", "| idle timeout | 30m |\n"}},
		{name: "show as JSON", args: []string{"show", "--json", main}, out: []string{string(content)}},
		{name: "show the input", input: string(content), args: []string{"show", "-"}, out: []string{"| `POST /login` | login |"}},
		{
			name: "a change loosens", args: []string{"diff", main, branch}, code: exitError,
			out: []string{"loosens GET /reports: user, `sessionCookie`, role `auditor` -> user, `sessionCookie`\n", "tightens manager sessionCookie: idleTimeout: 30m -> 15m\n"},
			err: "a change loosens the policy",
		},
		{
			name: "as JSON", args: []string{"diff", "--json", main, branch}, code: exitError,
			out: []string{`{"effect":"loosens","subject":"GET /reports","old":"user, ` + "`sessionCookie`, role `auditor`" + `",`}, err: "loosens",
		},
		{name: "the same", args: []string{"diff", main, main}},
		{name: "one from the input", input: string(content), args: []string{"diff", "-", main}},
		{name: "no command", code: exitUsage, err: "humasess policy show FILE, or humasess policy diff OLD NEW"},
		{name: "another command", args: []string{"check"}, code: exitUsage, err: `not "check"`},
		{name: "a file is missing", args: []string{"diff", main}, code: exitUsage, err: "NEW is missing; the usage is humasess policy diff [FLAGS] OLD NEW"},
		{name: "a file too many", args: []string{"show", main, branch}, code: exitUsage, err: branch},
		{name: "no such file", args: []string{"show", filepath.Join(dir, "none.json")}, code: exitUsage, err: "none.json: no such file"},
		{name: "a later version", args: []string{"show", later}, code: exitUsage, err: "later.json: openapi: policy has version 9"},
		{name: "help", args: []string{"diff", "-h"}, out: []string{"humasess policy diff [FLAGS] OLD NEW: list the changes of a policy, and exit with 1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := in(t.Context(), nil, tt.input, append([]string{"policy"}, tt.args...)...)
			if r.code != tt.code {
				t.Errorf("got exit code %d with %q, want %d", r.code, r.err, tt.code)
			}
			for _, want := range tt.out {
				if !strings.Contains(r.out, want) {
					t.Errorf("got %q, want %q in it", r.out, want)
				}
			}
			if tt.out == nil && r.out != "" {
				t.Errorf("got output %q, want none", r.out)
			}
			if !strings.Contains(r.err, tt.err) || tt.err == "" && r.err != "" {
				t.Errorf("got error %q, want %q in it", r.err, tt.err)
			}
		})
	}
}
