package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// cookieName is the name of the session cookie with the zero Options.
const cookieName = "__Host-id"

// client sends requests over real connections. It keeps cookies like a browser,
// but also over plain http.
type client struct {
	t    *testing.T
	url  string
	http *http.Client

	mu      sync.Mutex
	cookies map[string]string
}

func newClient(t *testing.T, url string) *client {
	t.Helper()
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{t: t, url: url, cookies: map[string]string{}, http: &http.Client{
		Transport: transport, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// overHTTP2 makes the client use only HTTP/2.
func (c *client) overHTTP2() *client {
	protocols := &http.Protocols{}
	protocols.SetUnencryptedHTTP2(true)
	c.http.Transport.(*http.Transport).Protocols = protocols
	return c
}

func (c *client) set(name, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cookies[name] = value
}

func (c *client) cookie(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cookies[name]
}

// token returns the value of the session cookie.
func (c *client) token() string { return c.cookie(cookieName) }

// clone returns a client with a copy of the cookies, on the same connections.
func (c *client) clone() *client {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &client{t: c.t, url: c.url, http: c.http, cookies: maps.Clone(c.cookies)}
}

// edit changes a request before it is sent.
type edit func(*http.Request)

func header(name string, values ...string) edit {
	return func(req *http.Request) { req.Header[http.CanonicalHeaderKey(name)] = values }
}

// cookieLines sends these Cookie lines instead of the client's.
func cookieLines(lines ...string) edit { return header("Cookie", lines...) }

func (c *client) request(ctx context.Context, method, path, body string, edits ...edit) *http.Request {
	c.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, reader)
	if err != nil {
		c.t.Fatalf("NewRequest: %v", err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if pairs := c.pairs(); pairs != "" {
		req.Header.Set("Cookie", pairs)
	}
	for _, f := range edits {
		f(req)
	}
	return req
}

func (c *client) pairs() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(c.cookies)) {
		pairs = append(pairs, name+"="+c.cookies[name])
	}
	return strings.Join(pairs, "; ")
}

// open sends a request and returns before the body has come.
func (c *client) open(method, path, body string, edits ...edit) (*http.Response, error) {
	res, err := c.http.Do(c.request(context.Background(), method, path, body, edits...))
	if err == nil {
		c.keep(res.Cookies())
	}
	return res, err
}

// try is do for a connection that may be dropped.
func (c *client) try(method, path, body string, edits ...edit) (*response, error) {
	res, err := c.open(method, path, body, edits...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	return &response{Response: res, text: string(text)}, err
}

// do sends a request and requires an answer.
func (c *client) do(method, path, body string, edits ...edit) *response {
	c.t.Helper()
	res, err := c.try(method, path, body, edits...)
	if err != nil {
		c.t.Errorf("%s %s: %v", method, path, err)
		return &response{Response: &http.Response{Header: http.Header{}}}
	}
	return res
}

func (c *client) keep(set []*http.Cookie) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, cookie := range set {
		if cookie.MaxAge < 0 {
			delete(c.cookies, cookie.Name)
		} else {
			c.cookies[cookie.Name] = cookie.Value
		}
	}
}

// dial opens a connection for a request that is written by hand.
func (c *client) dial() net.Conn {
	c.t.Helper()
	u, err := url.Parse(c.url)
	if err != nil {
		c.t.Fatalf("URL: %v", err)
	}
	conn, err := net.DialTimeout("tcp", u.Host, patience)
	if err != nil {
		c.t.Fatalf("Dial: %v", err)
	}
	c.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// head is the beginning of a request that is written by hand.
func (c *client) head(method, path string, headers ...string) string {
	lines := []string{method + " " + path + " HTTP/1.1", "Host: " + strings.TrimPrefix(c.url, "http://")}
	if pairs := c.pairs(); pairs != "" {
		lines = append(lines, "Cookie: "+pairs)
	}
	return strings.Join(append(lines, headers...), "\r\n") + "\r\n\r\n"
}

// answer reads the response to a hand-written request. It returns nil if the
// server hangs up.
func answer(conn net.Conn) *response {
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil
	}
	defer func() { _ = res.Body.Close() }()
	text, _ := io.ReadAll(res.Body)
	return &response{Response: res, text: string(text)}
}

// response is a response whose body was read.
type response struct {
	*http.Response
	text string
}

func (r *response) wantStatus(t *testing.T, want int) {
	t.Helper()
	if r.StatusCode != want {
		t.Errorf("status: got %d, want %d; body %q", r.StatusCode, want, r.text)
	}
}

// wantHeader compares all values of a header.
func (r *response) wantHeader(t *testing.T, name string, want ...string) {
	t.Helper()
	if got := r.Header.Values(name); !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", name, got, want)
	}
}

// wantVary compares the members of Vary, in any number of lines.
func (r *response) wantVary(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, line := range r.Header.Values("Vary") {
		for member := range strings.SplitSeq(line, ",") {
			got = append(got, strings.TrimSpace(member))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("Vary: got %q, want %q", got, want)
	}
}

// setCookies returns the lines that set a cookie.
func (r *response) setCookies(name string) []string {
	var lines []string
	for _, line := range r.Header.Values("Set-Cookie") {
		if strings.HasPrefix(line, name+"=") {
			lines = append(lines, line)
		}
	}
	return lines
}

func (r *response) wantCookies(t *testing.T, want int) {
	t.Helper()
	if got := r.setCookies(cookieName); len(got) != want {
		t.Errorf("Set-Cookie lines: got %q, want %d", got, want)
	}
}

// problem is the body of an error answer.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Errors []any  `json:"errors"`
}

func (r *response) wantProblem(t *testing.T, status int, kind string) {
	t.Helper()
	r.wantStatus(t, status)
	var p problem
	if err := json.Unmarshal([]byte(r.text), &p); err != nil {
		t.Errorf("body is not a problem: %v: %q", err, r.text)
	}
	r.wantHeader(t, "Content-Type", "application/problem+json")
	if p.Type != "urn:humasess:problem:"+kind || p.Status != status || len(p.Errors) != 0 {
		t.Errorf("problem: got %+v, want type %s, status %d and no details", p, kind, status)
	}
}

// decode reads a JSON body.
func (r *response) decode(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.text), v); err != nil {
		t.Errorf("body: %v: %q", err, r.text)
	}
}
