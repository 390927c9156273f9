package browser_test

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/e2e/browser"
)

// TestCookieTossing gives a browser the attacker's own session. A host beside
// the app's sets cookies for both, the case of 6265bis § 4.1.3.
func TestCookieTossing(t *testing.T) {
	// TOKEN is the attacker's. Cookies that browsers drop are included, because
	// browsers have accepted some of them before.
	tossed := []string{
		"id=TOKEN; Domain=example.test; Path=/; Secure",
		"id=TOKEN; Domain=example.test; Path=/me; Secure",
		"__Host-id=TOKEN; Domain=example.test; Path=/; Secure",
		"__Host-id=TOKEN; Domain=example.test; Path=/me; Secure",
		"__Host-id=TOKEN; Path=/; Secure",
		"__host-id=TOKEN; Domain=example.test; Path=/; Secure",
		"__HOST-ID=TOKEN; Domain=example.test; Path=/; Secure",
		"=__Host-id=TOKEN; Domain=example.test; Path=/; Secure",            // without a name
		"==__Host-id=TOKEN; Domain=example.test; Path=/; Secure",           // nor with this one
		"\u2000__Host-id=TOKEN; Domain=example.test; Path=/; Secure",       // spaces that some servers trim
		"\u00a0__Host-id=TOKEN; Domain=example.test; Path=/; Secure",       //
		"__Host-id\t=TOKEN; Domain=example.test; Path=/; Secure",           //
		"$Version=1; Domain=example.test; Path=/; Secure",                  // the syntax of RFC 2965, where commas separate
		"a=b,__Host-id=TOKEN; Domain=example.test; Path=/; Secure",         //
		`q="; __Host-id=TOKEN; Domain=example.test; Path=/; Secure`,        // quotes that hide a separator
		"__Secure-id=TOKEN; Domain=example.test; Path=/; Secure",           //
		"__Http-id=TOKEN; Domain=example.test; Path=/; Secure",             //
		"__Host-id=TOKEN; Domain=app.example.test; Path=/; Secure",         // a cookie that this host may not set
		"__Host-id=TOKEN; Domain=test; Path=/; Secure",                     //
		"__Host-id=TOKEN; Domain=.example.test; Path=/; Secure; Max-Age=9", //
	}
	for _, tt := range []struct {
		name, cookie string
		fooled       bool // the attacker's session is taken for the user's
	}{
		{"C2 fails with the default name", "", false},
		{"works with a name that any host may use", "id", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t, humasess.Options[user]{Cookie: humasess.CookieOptions{Name: tt.cookie}})
			own, err := a.sessions.Issue(context.Background(), user{ID: "mallory"})
			if err != nil {
				t.Fatal(err)
			}
			lines := slices.Clone(tossed)
			for i := range lines {
				lines[i] = strings.ReplaceAll(lines[i], "TOKEN", own.Value)
			}
			sibling := browser.Serve(t, siblingHost, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if i, err := strconv.Atoi(r.URL.Path[1:]); err == nil {
					w.Header().Set("Set-Cookie", lines[i])
				}
			}))
			b := browser.New(t)
			toss := b.Open(sibling)
			for i, line := range lines {
				if got := toss.Fetch("/"+strconv.Itoa(i), "{}"); got.Status != http.StatusOK {
					t.Fatalf("%q: got %+v", line, got)
				}
				browser.Eval[string](toss, "document.cookie = "+strconv.Quote(line))
			}
			page := b.Open(a.origin)
			if tt.fooled {
				a.wantUser(page, "mallory", 0)
				return
			}
			a.wantUser(page, "", 0)
			if got := a.answered(http.MethodGet, "/me", 1).cookie; !strings.Contains(got, "id="+own.Value) {
				t.Errorf("got Cookie %q, want one that was tossed", got)
			}
			a.loginOn(page, "name=ada")
			a.wantUser(page, "ada", 0)
			if got := page.Fetch("/pay", `{method: "POST"}`); got.Status != http.StatusNoContent {
				t.Errorf("pay: got %+v, want 204", got)
			}
			a.wantUser(page, "ada", 1)
		})
	}
}
