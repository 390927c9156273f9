package openapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
)

// The first line counts the open operations, also those without a path.
func TestMarkdownCountsOpenOperations(t *testing.T) {
	closed := []registration{get[required](), post[guarded[owner]]()}
	open := []registration{
		op[nothing]("GET", "/unmarked"), op[nothing]("GET", "/public", secured()), op[login]("POST", "/login"),
		op[optional]("GET", "/optional", unlisted), op[optional]("POST", "/optional", unlisted),
		op[nothing]("GET", "/unchecked", secured(map[string][]string{"foreign": {}})),
	}
	tests := []struct {
		name       string
		operations []registration
		want       string
	}{
		{"none is open", closed, "Open operations: 0 of 2."},
		{"each kind", append(closed, open...), "Open operations: 6 of 8 (1 `unmarked`, 1 `public`, 1 `login`, 2 `optional`, 1 `unchecked`)."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, rest, _ := strings.Cut(policyWith(t, humasess.Options[user]{}, tt.operations...).Markdown(), "\n")
			if got != tt.want || !strings.HasPrefix(rest, "\n| operation |") {
				t.Errorf("got %q before %.20q, want %q and a table", got, rest, tt.want)
			}
		})
	}
}

// The table says which end has a sign-in beyond the limit.
func TestMarkdownSessionsOfAUser(t *testing.T) {
	tests := []struct {
		opts humasess.Options[user]
		want string
	}{
		{humasess.Options[user]{MaxPerIdentity: -1}, "no limit"},
		{humasess.Options[user]{MaxPerIdentity: 3}, "at most 3, one more ends the oldest"},
		{humasess.Options[user]{MaxPerIdentity: 3, RefuseOverLimit: true}, "at most 3, more are refused"},
	}
	for _, tt := range tests {
		if got := policyWith(t, tt.opts).Markdown(); !strings.Contains(got, "| sessions of a user | "+tt.want+" |\n") {
			t.Errorf("got\n%s\nwant %q", got, tt.want)
		}
	}
}

// A long timeout is also in days.
func TestMarkdownDays(t *testing.T) {
	tests := []struct {
		timeout time.Duration
		want    string
	}{
		{24 * time.Hour, "24h"},
		{48 * time.Hour, "48h (2 days)"},
		{49 * time.Hour, "49h"},
		{400 * 24 * time.Hour, "9600h (400 days)"},
	}
	for _, tt := range tests {
		got := policyWith(t, humasess.Options[user]{AbsoluteTimeout: tt.timeout}).Markdown()
		if !strings.Contains(got, "| absolute timeout | "+tt.want+" |\n") {
			t.Errorf("got\n%s\nwant %q", got, tt.want)
		}
	}
}
