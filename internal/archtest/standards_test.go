package archtest_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// standard is a requirement of a published standard, or of experience.
type standard struct{ id, text string }

var standards = []standard{
	{"T1", "256 bits of the operating system's randomness (ASVS 7.2.3, NIST 5.1)"},
	{"T2", "a forged token opens nothing (ASVS 7.2.1)"},
	{"T3", "an ID that the client chose is never adopted (OWASP strict mode)"},
	{"T4", "a malformed token costs no store call (OWASP)"},
	{"T5", "the cookie says nothing about its user (NIST 5.1.1)"},
	{"T6", "the store holds a hash of the secret (CVE-2019-16782)"},
	{"T7", "creating never overwrites"},
	{"T8", "a new token at sign-in, re-authentication and change of identity; the old one is dead (ASVS 7.2.4)"},
	{"T9", "rotation with a short overlap, and reuse is seen (OWASP renewal timeout)"},
	{"T10", "the cookie's name says nothing about the server (OWASP)"},
	{"T11", "the token counts in its cookie only"},
	{"T12", "several cookies of one name: no trust in their order (6265bis)"},
	{"T13", "several Cookie lines (6265bis)"},
	{"T14", "compared in constant time"},
	{"C1", "Secure (ASVS 3.3.1)"},
	{"C2", "__Host- (ASVS 3.3.3)"},
	{"C3", "prefixes in any case (6265bis 5.7)"},
	{"C4", "HttpOnly, and the token leaves in Set-Cookie only (ASVS 3.3.4)"},
	{"C5", "SameSite said, None only with Secure (ASVS 3.3.2)"},
	{"C6", "__Http- and __Host-Http- (layered cookies)"},
	{"C7", "no cookie that browsers drop (6265bis 5.6)"},
	{"C10", "400 days at most (6265bis 5.5)"},
	{"C11", "a cookie kept past its end opens nothing (NIST 5.1.1)"},
	{"C12", "not persistent unless asked for (NIST 5.1)"},
	{"C13", "Partitioned only with Secure (CHIPS)"},
	{"C14", "deleting with the same attributes (6265bis)"},
	{"C15", "one Set-Cookie for each response (RFC 9110)"},
	{"L1", "idle timeout, by the server (ASVS 7.3.1)"},
	{"L2", "absolute timeout, by the server (ASVS 7.3.2)"},
	{"L3", "timeouts of AAL1 to AAL3 (NIST 2.1.3, 2.2.3, 2.3.3)"},
	{"L4", "re-authentication resets both (NIST 5.2)"},
	{"L6", "timeouts are documented (ASVS 7.1.1)"},
	{"L7", "the time left, without extending it (NIST 5.2)"},
	{"L9", "rotation keeps the absolute deadline"},
	{"L10", "extending is throttled"},
	{"L11", "clocks that step back"},
	{"R1", "logout ends the session at the store (ASVS 7.4.1)"},
	{"R2", "disabling an account ends its sessions (ASVS 7.4.2)"},
	{"R3", "ending all others (ASVS 7.4.3)"},
	{"R4", "administrators end sessions (ASVS 7.4.5)"},
	{"R5", "users list and end their own (ASVS 7.5.2)"},
	{"R6", "a limit on a user's sessions, exact under races (ASVS 7.1.2)"},
	{"R7", "the index heals itself"},
	{"R8", "anonymous sessions are in no index"},
	{"R9", "ended sessions are in no index"},
	{"R10", "a rotated session is in the index once"},
	{"R11", "a session that has ended does not come back"},
	{"R12", "an update never creates"},
	{"R13", "how late a revocation is seen is bounded"},
	{"R14", "revocation without an index, for cookies"},
	{"R15", "no logout by GET (ASVS 14.3.1)"},
	{"R16", "logging out twice is no error"},
	{"R17", "logout at an identity provider, by its sid (ASVS 7.6.1)"},
	{"X1", "parallel changes lose nothing"},
	{"X2", "reading writes nothing"},
	{"X3", "unused sessions cost nothing"},
	{"X4", "written before the first byte"},
	{"X5", "a failed write is an error response"},
	{"X6", "a change after the first byte is an error"},
	{"X7", "a panic commits nothing"},
	{"X8", "data that do not decode"},
	{"X10", "clients that leave"},
	{"F1", "Sec-Fetch-Site (ASVS 3.5.1)"},
	{"F2", "Origin against Host"},
	{"F3", "the same on every router"},
	{"F4", "exemptions are for one operation, and said"},
	{"F5", "a sign-in by a safe method is named in tests (ASVS 3.5.3)"},
	{"F6", "no simple content types for JSON (ASVS 3.5.2)"},
	{"F7", "login is checked too"},
	{"F8", "a CSRF token bound to the session, by option (NIST 5.1)"},
	{"F9", "a refusal varies with the headers that it depends on (Fetch Metadata)"},
	{"F10", "reads of other sites, by option (Fetch Metadata)"},
	{"F11", "upgrades are checked (RFC 6455)"},
	{"H1", "no-store (ASVS 14.3.2)"},
	{"H2", "Vary: Cookie (RFC 9111)"},
	{"H3", "Clear-Site-Data, by option (ASVS 14.3.1)"},
	{"H4", "401 and 403 with stable types"},
	{"H5", "the cookie with redirects, 304 and HEAD, too"},
	{"H6", "WWW-Authenticate (RFC 9110)"},
	{"O1", "the scheme is documented"},
	{"O2", "operations that require it say so"},
	{"O3", "optional sessions"},
	{"O4", "merged with the program's own entries"},
	{"O5", "roles; none in 3.0"},
	{"O7", "401 and 403 are documented"},
	{"O8", "Set-Cookie is documented"},
	{"O9", "the cookie is no parameter"},
	{"O10", "ready-made operations are documented"},
	{"O11", "the policy is documented"},
	{"K1", "authenticated encryption (ASVS 11)"},
	{"K2", "bound to cookie and manager"},
	{"K3", "keys are replaced without signing out"},
	{"K4", "time and revocation under the seal (ASVS 7.4.1)"},
	{"K5", "nothing is compressed beside a secret (CRIME)"},
	{"K6", "a subkey for each purpose"},
	{"K7", "a size that does not fit is an error (6265bis)"},
	{"A1", "step-up (ASVS 7.5.1)"},
	{"A2", "no class above that of the authentication (NIST 5.1)"},
	{"A3", "methods with their times"},
	{"A4", "re-authentication changes the token (ASVS 7.2.4)"},
	{"A5", "another client is reported, or asks for a fresh sign-in, and ends nothing (ASVS 8.2.4)"},
	{"A6", "auth_time, acr and amr, both ways (OpenID Connect)"},
	{"E1", "an event for each change, in order (ASVS 16)"},
	{"E2", "no secret in logs and events (ASVS 16)"},
	{"E3", "guesses are counted (OWASP)"},
	{"E4", "addresses and user agents are kept by option only, and truncated"},
}

var rowName = regexp.MustCompile(`^(?:[A-Z]\d{1,2} )+`)

// TestGoldenStandards compares docs/security.md with the names of the tests.
func TestGoldenStandards(t *testing.T) {
	root := filepath.Join("..", "..")
	kept := testsOfRows(t, root)
	file := filepath.Join(root, "docs", "security.md")
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const mark = "<!-- standards -->\n"
	head, table, ok := strings.Cut(string(page), mark)
	if !ok {
		t.Fatalf("%s: no %q", file, mark)
	}
	if *update {
		if err := os.WriteFile(file, []byte(head+mark+tableOf(kept)), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, s := range standards {
		line, _, _ := strings.Cut(table[max(strings.Index(table, "| "+s.id+" |"), 0):], "\n")
		names := strings.Split(line, "`")
		if !strings.HasPrefix(line, "| "+s.id+" |") || len(names) < 3 {
			t.Errorf("%s: no test of %s; run make golden", file, s.id)
			continue
		}
		for i := 1; i < len(names); i += 2 {
			if !kept[s.id][names[i]] {
				t.Errorf("%s: %s names %s, which does not have such a case any more; run make golden", file, s.id, names[i])
			}
		}
	}
}

// tableOf names three tests of each row at most, those of the core first.
func tableOf(kept map[string]map[string]bool) string {
	var b strings.Builder
	b.WriteString("\n| id | requirement | tests |\n|---|---|---|\n")
	for _, s := range standards {
		names := slices.Sorted(maps.Keys(kept[s.id]))
		fmt.Fprintf(&b, "| %s | %s | `%s` |\n", s.id, s.text, strings.Join(names[:min(len(names), 3)], "`, `"))
	}
	return b.String()
}

// testsOfRows returns, for each row, the functions and tables that have a case
// whose name begins with it.
func testsOfRows(t *testing.T, root string) map[string]map[string]bool {
	t.Helper()
	rows := map[string]map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() && d.Name() == "mutants" {
			return fs.SkipDir // it lists all rows, and tests none of them
		}
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		for _, decl := range parsed.Decls {
			collectRows(rows, filepath.ToSlash(folder), decl)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func collectRows(rows map[string]map[string]bool, folder string, decl ast.Decl) {
	name := ""
	switch d := decl.(type) {
	case *ast.FuncDecl:
		name = d.Name.Name
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			if v, ok := spec.(*ast.ValueSpec); ok {
				name = v.Names[0].Name
			}
		}
	}
	ast.Inspect(decl, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING || folder == "internal/archtest" {
			return true
		}
		text, err := strconv.Unquote(lit.Value)
		if err != nil {
			return true
		}
		for id := range strings.FieldsSeq(rowName.FindString(text)) {
			if rows[id] == nil {
				rows[id] = map[string]bool{}
			}
			rows[id][folder+" "+name] = true
		}
		return true
	})
}
