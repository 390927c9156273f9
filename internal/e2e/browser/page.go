package browser

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Page is a tab of a [Browser].
type Page struct {
	tb  testing.TB
	ctx context.Context //nolint:containedctx // chromedp identifies a tab by it
}

// Go navigates like an address that a user types, waits for the page to load,
// and returns the status of the response.
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

// BlockCookiesOfOtherSites sets the user's setting of that name for the page and its next
// navigation. Partitioned cookies are not blocked.
func (p *Page) BlockCookiesOfOtherSites() {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if _, err := chromedp.Call(ctx, network.SetCookieControls, network.SetCookieControlsParams{EnableThirdPartyCookieRestriction: true}); err != nil {
		p.tb.Fatalf("block cookies of other sites: %v", err)
	}
}

// Click clicks the first element that a selector finds, once it is visible,
// does not move, and is not covered. Selectors are CSS, or XPath if they begin
// with a slash or a parenthesis.
func (p *Page) Click(selector string) {
	p.tb.Helper()
	label := "click " + selector
	var last, at [2]float64
	for at = p.center(label, selector); at != last; at = p.center(label, selector) {
		last = at
	}
	p.do(label, chromedp.MouseClickXY(at[0], at[1]))
}

// center returns the point to click.
func (p *Page) center(label, selector string) [2]float64 {
	p.tb.Helper()
	return until[[2]float64](p, label, fmt.Sprintf(`(e => {
		if (!e?.checkVisibility({visibilityProperty: true})) return null
		e.scrollIntoView({block: "center", behavior: "instant"})
		const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2
		return e.contains(document.elementFromPoint(x, y)) ? [x, y] : null
	})(%s)`, find(selector)))
}

// Type clicks the first element that a selector finds, and types. If the page takes the
// focus away meanwhile, as a menu does that closes, Type types again in place of the rest.
// A "\r" at the end of the text is the key Enter.
func (p *Page) Type(selector, text string) {
	p.tb.Helper()
	label := "type into " + selector
	text, enter := strings.CutSuffix(text, "\r")
	for range 5 {
		p.Click(selector)
		p.do(label, chromedp.KeyEvent(text))
		typed := fmt.Sprintf(`(e => e?.value === undefined || e.value.endsWith(%q) || (e.select?.(), false))(%s)`, text, find(selector))
		if until[bool](p, label, typed) {
			if enter {
				p.Press("\r")
			}
			return
		}
	}
	p.tb.Fatalf("%s: the page took the focus away each time%s", label, p.sight())
}

// Text returns the text of the first element that a selector finds, once it is
// visible.
func (p *Page) Text(selector string) string {
	p.tb.Helper()
	return until[string](p, "text of "+selector, "(e => e?.checkVisibility() ? e.innerText : null)("+find(selector)+")")
}

// Wait waits until a JavaScript expression is true, even if the page navigates
// meanwhile.
func (p *Page) Wait(expression string) {
	p.tb.Helper()
	until[bool](p, "wait for "+expression, "("+expression+") ? true : null")
}

// WaitPaint waits until the browser has painted the page. Chromium drops clicks before
// that, as on a page to which a form has just led.
func (p *Page) WaitPaint() {
	p.tb.Helper()
	p.Wait("performance.getEntriesByType('paint').length > 0")
}

// WaitText waits until the page shows a text.
func (p *Page) WaitText(text string) {
	p.tb.Helper()
	p.Wait(fmt.Sprintf("document.body?.innerText.includes(%q)", text))
}

// until evaluates an expression until it is not null.
func until[T any](p *Page, label, expression string) T {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		// The error may come from a page that is about to navigate.
		value, err := chromedp.Run(ctx, chromedp.Evaluate[*T](expression))
		if err == nil && value != nil {
			return *value
		}
		if ctx.Err() != nil {
			p.tb.Fatalf("%s: not within %v%s", label, patience, p.sight())
		}
		<-tick.C
	}
}

// Screenshot returns the content of the window as a PNG, once nothing moves.
func (p *Page) Screenshot() []byte {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for last := []byte(nil); ; <-tick.C {
		png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		if err != nil {
			p.tb.Fatalf("screenshot: %v", err)
		}
		if bytes.Equal(png, last) {
			return png
		}
		last = png
	}
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

// Response is the result of fetch in a page.
type Response struct {
	Status int    // 0 if the page may not know it
	Type   string // basic, cors or opaque
	Body   string
	Error  string // the error of fetch, if the page may not read the response or the network failed
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

// find returns JavaScript that finds the first element of a selector.
func find(selector string) string {
	if strings.HasPrefix(selector, "/") || strings.HasPrefix(selector, "(") {
		return fmt.Sprintf("document.evaluate(%q, document, null, XPathResult.FIRST_ORDERED_NODE_TYPE).singleNodeValue", selector)
	}
	return fmt.Sprintf("document.querySelector(%q)", selector)
}

func (p *Page) do(label string, actions ...chromedp.Action[chromedp.Void]) {
	p.tb.Helper()
	if err := do(p.ctx, actions...); err != nil {
		p.tb.Fatalf("%s: %v%s", label, err, p.sight())
	}
}

// sight describes the page at the failure of a test.
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

// Answer answers requests of the page to addresses that begin with a prefix, in
// place of the network. Other pages keep the network. An error from f is a
// failure of the network. f is called on a separate goroutine.
func (p *Page) Answer(prefix string, f func(url string) (contentType string, body []byte, err error)) {
	p.tb.Helper()
	paused := chromedp.Events(p.ctx, fetch.RequestPaused)
	if _, err := chromedp.Call(p.ctx, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: prefix + "*"}}}); err != nil {
		p.tb.Fatalf("answer for %s: %v", prefix, err)
	}
	go func() {
		for event, err := range paused {
			if err != nil {
				return // the page is closed
			}
			contentType, body, err := f(event.Request.URL)
			if err != nil {
				_, _ = chromedp.Call(p.ctx, fetch.FailRequest, fetch.FailRequestParams{RequestID: event.RequestID, ErrorReason: network.ErrorReasonFailed})
				continue
			}
			_, _ = chromedp.Call(p.ctx, fetch.FulfillRequest, fetch.FulfillRequestParams{
				RequestID: event.RequestID, ResponseCode: 200, Body: body,
				ResponseHeaders: []*fetch.HeaderEntry{
					{Name: "Content-Type", Value: contentType},
					{Name: "Access-Control-Allow-Origin", Value: "*"},
				},
			})
		}
	}()
}
