package browser

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Page is a tab of a [Browser].
type Page struct {
	tb  testing.TB
	ctx context.Context //nolint:containedctx // it is chromedp's name for a tab
}

// Go navigates as an address does that is typed in, waits for the page to
// load, and returns the status of the response.
func (p *Page) Go(url string) (status int) {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	response, err := chromedp.Run(ctx, chromedp.NavigateResponse(url))
	if err != nil {
		p.tb.Fatalf("go to %s: %v", url, err)
	}
	return int(response.Status)
}

// Click clicks the first element that a CSS selector finds, once it is
// visible.
func (p *Page) Click(css string) {
	p.tb.Helper()
	p.do("click "+css, chromedp.Click(chromedp.CSS(css)))
}

// Type types into the first element that a CSS selector finds, once it is
// visible.
func (p *Page) Type(css, text string) {
	p.tb.Helper()
	p.do("type into "+css, chromedp.SendKeys(chromedp.CSS(css), text))
}

// Text returns the text of the first element that a CSS selector finds, once
// it is visible.
func (p *Page) Text(css string) string {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS(css)))
	if err != nil {
		p.tb.Fatalf("text of %s: %v%s", css, err, p.sight())
	}
	return text
}

// Wait waits until a JavaScript expression is true, whatever the page becomes
// meanwhile.
func (p *Page) Wait(expression string) {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		// An error may be that of a page that is about to go.
		if ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")")); ok && err == nil {
			return
		} else if ctx.Err() != nil {
			p.tb.Fatalf("wait for %s: %v%s", expression, err, p.sight())
		}
		<-tick.C
	}
}

// WaitText waits until the page shows a text.
func (p *Page) WaitText(text string) {
	p.tb.Helper()
	p.Wait(fmt.Sprintf("document.body?.innerText.includes(%q)", text))
}

// Screenshot returns what the window shows, as a PNG.
func (p *Page) Screenshot() []byte {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.tb.Fatalf("screenshot: %v", err)
	}
	return png
}

// Eval returns the value of a JavaScript expression in the page, and waits for
// it if it is a promise. An exception ends the test.
func Eval[T any](p *Page, expression string) T {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.tb.Fatalf("%s: %v%s", expression, err, p.sight())
	}
	return value
}

// Response is what fetch gives to a page.
type Response struct {
	Status int    // 0 when the page may not know
	Type   string // basic, cors or opaque
	Body   string
	Error  string // that there is none: the page may not read it, or the network failed
}

// Fetch calls fetch in the page, with options as JavaScript, and waits for the
// whole response:
//
//	page.Fetch("/pay", `{method: "POST", credentials: "include"}`)
func (p *Page) Fetch(url, options string) Response {
	p.tb.Helper()
	return Eval[Response](p, fmt.Sprintf(`fetch(%q, %s).then(
		async r => ({Status: r.status, Type: r.type, Body: await r.text()}),
		e => ({Error: String(e)}))`, url, options))
}

func (p *Page) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	p.tb.Helper()
	if err := do(p.ctx, actions...); err != nil {
		p.tb.Fatalf("%s: %v%s", what, err, p.sight())
	}
}

// sight describes the page where a test has failed.
func (p *Page) sight() string {
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("location.href + '\\n' + (document.body?.innerText ?? '')"))
	if err != nil {
		return ""
	}
	const limit = 2000
	return "\nat " + strings.ToValidUTF8(text[:min(len(text), limit)], "")
}
