package browser

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// patience bounds each wait of a test.
const patience = time.Minute

// Browser is the browser of one person. Its pages share cookies, cache and
// storage, and nothing with other browsers. It is closed when the test ends.
// Like testing.TB's Fatal, its methods are for the test's own goroutine.
type Browser struct {
	tb    testing.TB
	ctx   context.Context //nolint:containedctx // chromedp identifies a browser by it
	first *Page           // the first tab, nil once it is in use
}

// New opens a browser without any history. Without Chromium it skips the test,
// or fails it if HUMASESS_TEST_REQUIRE is set.
func New(tb testing.TB) *Browser {
	tb.Helper()
	require(tb)
	process, err := chromium()
	if err != nil {
		tb.Fatalf("start Chromium: %v", err)
	}
	ctx := open(process, tb, chromedp.WithNewBrowserContext())
	return &Browser{tb: tb, ctx: ctx, first: &Page{tb: tb, ctx: ctx}}
}

// Tab opens an empty page.
func (b *Browser) Tab() *Page {
	b.tb.Helper()
	if p := b.first; p != nil {
		b.first = nil
		return p
	}
	return &Page{tb: b.tb, ctx: open(b.ctx, b.tb)}
}

// Open opens a page at a URL, like an address that a user types.
func (b *Browser) Open(url string) *Page {
	b.tb.Helper()
	p := b.Tab()
	p.Go(url)
	return p
}

// Cookies returns all cookies in the browser, of any site.
func (b *Browser) Cookies() []*network.Cookie {
	b.tb.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	kept, err := chromedp.CallBrowser(ctx, storage.GetCookies,
		storage.GetCookiesParams{BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID})
	if err != nil {
		b.tb.Fatalf("cookies: %v", err)
	}
	return kept.Cookies
}

// open opens a tab until the test ends. A tab lives as long as the context of
// its first call, so that context has no deadline.
func open(parent context.Context, tb testing.TB, options ...chromedp.ContextOption) context.Context {
	tb.Helper()
	ctx, cancel := chromedp.NewContext(parent, options...)
	tb.Cleanup(cancel)
	overdue := time.AfterFunc(patience, cancel)
	defer overdue.Stop()
	if err := chromedp.Do(ctx); err != nil {
		tb.Fatalf("new tab: %v", err)
	}
	return ctx
}

// do runs actions one after another, within patience.
func do(ctx context.Context, actions ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return chromedp.Do(ctx, actions...)
}
