//go:build sdk

package browser_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/e2e/browser"
)

// giveToken opens an operation on a docs page, and gives it the token, like a person.
// Elements asks at each operation which scheme to use, and keeps the token. The other
// pages are asked once.
var giveToken = map[string]func(p *browser.Page, s step, token string){
	huma.DocsRendererStoplightElements: func(p *browser.Page, s step, token string) {
		p.Click(fmt.Sprintf(`a[href="#/operations/%s"]`, s.id))
		p.Text(fmt.Sprintf(`//h1[.=%q]`, s.title))
		p.Click(`button[aria-label="security-schemes"]`)
		p.Click(`//*[@role="menuitemcheckbox"][.="Bearer Auth"]`)
		if s.path == "/me" && s.n == 1 {
			p.Type(`input[aria-label="Token"]`, token)
		}
	},
	huma.DocsRendererScalar: func(p *browser.Page, s step, token string) {
		if s.path != "/me" || s.n != 1 {
			return
		}
		p.Click(`(//button[contains(@class, "app-exit-button")])[last()]`)
		p.Click(`//button[contains(@class, "show-api-client-button")][contains(., "/me)")]`)
		p.Click(`//button[contains(., "sessionCookie")][ancestor::*[contains(., "Required")]]`)
		p.Click(`//li[@role="option"][contains(., "sessionBearer")]`)
		p.Click(`//li[@role="option"][contains(., "sessionCookie")]`)
		p.Press("\u001b")
		p.Type(`(//input[@placeholder="Token"])[last()]`, token)
	},
	huma.DocsRendererSwaggerUI: func(p *browser.Page, s step, token string) {
		if s.path != "/me" || s.n != 1 {
			return
		}
		p.Click(`.btn.authorize`)
		p.Type(`#auth-bearer-value`, token)
		p.Click(`//form[.//*[@id="auth-bearer-value"]]//button[.="Authorize"]`)
		p.Click(`//form[.//*[contains(., "sessionBearer")]]//button[.="Close"]`)
	},
}

// TestDocsPagesToken signs in for a token on huma's docs pages, pastes the token, and
// calls. The browser has no cookie.
func TestDocsPagesToken(t *testing.T) {
	files := newNPM(t)
	for _, page := range docsPages {
		t.Run(page.renderer, func(t *testing.T) {
			a := newDocs(t, page.renderer, &humasess.Options[User]{Bearer: &humasess.BearerOptions{}})
			b := browser.New(t)
			p := b.Tab()
			p.Answer(cdn, files.get)
			p.Go(a.origin + "/docs")
			page.run(p, step{http.MethodPost, "/token", "post-token", "Post token", 1, http.StatusOK, true})
			const shown = `(document.body.innerText.match(/\bhs_[\w.-]+/) ?? [""])[0]`
			p.Wait(shown + ` != ""`)
			token := browser.Eval[string](p, shown)
			for _, s := range steps[1:] {
				giveToken[page.renderer](p, s, token)
				page.run(p, s)
				got := a.answered(s.method, s.path, s.n)
				if got.status != s.status || got.cookie != "" || got.authorization != "Bearer "+token {
					t.Errorf("%s: got %d with cookie %q and the token: %v, want %d with the token alone",
						s.path, got.status, got.cookie, got.authorization == "Bearer "+token, s.status)
				}
			}
			// The manual warns of the page that stores the token.
			stored := browser.Eval[bool](p, `[localStorage, sessionStorage].some(s => JSON.stringify(s).includes("hs_"))`)
			if want := page.renderer == huma.DocsRendererStoplightElements; stored != want {
				t.Errorf("the page stores the token: got %v, want %v", stored, want)
			}
			if got := b.Cookies(); len(got) != 0 {
				t.Errorf("got cookies %v, want none", got)
			}
		})
	}
}
