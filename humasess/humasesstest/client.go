package humasesstest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"
)

// Client calls a handler in process and keeps the cookies that it sets, as a
// browser would for one host over https. It is safe for concurrent use.
type Client struct {
	handler http.Handler

	mu      sync.Mutex
	cookies map[string]string
}

// NewClient returns a client without cookies.
func NewClient(handler http.Handler) *Client {
	return &Client{handler: handler, cookies: map[string]string{}}
}

// SetCookie adds a cookie, for example that of [Login].
func (c *Client) SetCookie(cookie *http.Cookie) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cookies[cookie.Name] = cookie.Value
}

// Cookie returns the value of a cookie, "" when there is none.
func (c *Client) Cookie(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cookies[name]
}

// Clone returns a client with a copy of the cookies.
func (c *Client) Clone() *Client {
	clone := NewClient(c.handler)
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.Copy(clone.cookies, c.cookies)
	return clone
}

// Do sends a request and returns the recorded response. It sends a body as JSON
// unless the body is an io.Reader. A nil body means no body. The edits change the
// request before it is sent.
func (c *Client) Do(method, target string, body any, edits ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, "https://example.com"+target, reader(body))
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	c.mu.Lock()
	for _, name := range slices.Sorted(maps.Keys(c.cookies)) {
		r.AddCookie(&http.Cookie{Name: name, Value: c.cookies[name]})
	}
	c.mu.Unlock()
	for _, edit := range edits {
		edit(r)
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	c.keep(w.Result().Cookies())
	return w
}

func (c *Client) keep(set []*http.Cookie) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, cookie := range set {
		// Max-Age wins over Expires (RFC 6265bis § 5.7).
		if cookie.MaxAge < 0 || cookie.MaxAge == 0 && !cookie.Expires.IsZero() && cookie.Expires.Before(time.Now()) {
			delete(c.cookies, cookie.Name)
		} else {
			c.cookies[cookie.Name] = cookie.Value
		}
	}
}

func reader(body any) io.Reader {
	switch b := body.(type) {
	case nil:
		return nil
	case io.Reader:
		return b
	}
	data, err := json.Marshal(body)
	if err != nil {
		panic("humasesstest: the body cannot be encoded: " + err.Error())
	}
	return bytes.NewReader(data)
}
