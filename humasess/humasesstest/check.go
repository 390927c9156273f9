package humasesstest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// CheckOptions configure [CheckDocument]. nil stands for the zero value.
type CheckOptions struct {
	// Sessions are live sessions to try beside no cookie and a dead one. A
	// document that requires roles needs one that lacks them. The default is
	// none.
	Sessions []CheckSession

	// Skip names operations that are left alone, and why: by operation ID, or
	// as "GET /path" where there is none. The default is none.
	Skip map[string]string

	// Path gives values to path parameters, by name. The default is the
	// parameter's example or one that fits the type of its schema.
	Path map[string]string

	// AllowUnmarked accepts operations that say nothing about sessions: they
	// are logged and no error. The default is false.
	AllowUnmarked bool

	// CallUnsafe also calls operations that a request may change something
	// with, where the document lets it in: see [CheckDocument]. One that ends
	// sessions, such as a logout, ends those of Sessions, and what is called
	// after it answers 401: name it in Skip. The default is false.
	CallUnsafe bool

	// Prefix stands before every path of the document, for an API that is
	// served below one. The default is "".
	Prefix string

	// Handler gets the requests, for an API that has something in front of
	// it. The default is the API's adapter.
	Handler http.Handler
}

// CheckSession is a live session that [CheckDocument] tries.
type CheckSession struct {
	// Name appears in messages. The default is its number.
	Name string

	// Cookies are the session's: one, or one of each manager. See [Login].
	Cookies []*http.Cookie

	// Roles are all that the session has.
	Roles []string
}

// CheckDocument reports, as errors of tb, where an API does something else
// than its OpenAPI document says about sessions:
//
//   - a request without a cookie, with a dead one, or with one of
//     Options.Sessions is not answered with 401 exactly where the document
//     requires a session that it lacks, and with 403 where it lacks a role;
//   - an operation that lets the request in answers 401, or a 403, a success
//     or a server error that its document does not list;
//   - an unsafe request of a foreign page gets through to a session;
//   - an operation has neither a session nor an explicit public mark, which
//     is `Security: []map[string][]string{}`.
//
// Hidden operations are in no document and are not seen.
//
// # What it calls
//
// Requests are refused before a body is read, so one that the document
// refuses reaches no handler unless the document is wrong. It is sent in any
// case. One that the document lets in is sent if it is safe (GET and HEAD by
// RFC 9110 § 9.2.1), which runs the handler and cancels its context when it
// answers, or if the operation reads JSON, because a body that is none stops
// it before the handler. Any other is sent with Options.CallUnsafe only, and
// logged without.
func CheckDocument(tb testing.TB, api huma.API, opts *CheckOptions) {
	tb.Helper()
	var o CheckOptions
	if opts != nil {
		o = *opts
	}
	if o.Handler == nil {
		o.Handler = api.Adapter()
	}
	c := &checker{tb: tb, oapi: api.OpenAPI(), opts: o, cookies: map[string]string{}}
	if c.prepare() {
		for _, op := range c.operations() {
			c.check(op)
		}
	}
}

// checker is one run of CheckDocument.
type checker struct {
	tb      testing.TB
	oapi    *huma.OpenAPI
	opts    CheckOptions
	cookies map[string]string // of our schemes: name to key
	bearers []bearer
}

// bearer is who sends a request.
type bearer struct {
	name    string
	cookies []*http.Cookie
	schemes map[string]bool // that are satisfied, but for roles
	roles   []string
}

// prepare reports whether there is anything to check.
func (c *checker) prepare() bool {
	c.tb.Helper()
	dead := bearer{name: "dead cookie"}
	for key, s := range c.oapi.Components.SecuritySchemes {
		if _, ours := s.Extensions["x-session"]; ours {
			c.cookies[s.Name] = key
			dead.cookies = append(dead.cookies, deadCookie(c.tb, s.Name))
		}
	}
	if len(c.cookies) == 0 {
		c.tb.Errorf("humasesstest: no manager is attached to the API: call Attach")
		return false
	}
	c.bearers = []bearer{{name: "no cookie"}, dead}
	for i, s := range c.opts.Sessions {
		b := bearer{name: s.Name, cookies: s.Cookies, roles: s.Roles, schemes: map[string]bool{}}
		if b.name == "" {
			b.name = fmt.Sprintf("session %d", i)
		}
		for _, cookie := range s.Cookies {
			key, ok := c.cookies[cookie.Name]
			if !ok {
				c.tb.Errorf("humasesstest: %s: cookie %q belongs to no manager of the API", b.name, cookie.Name)
				return false
			}
			b.schemes[key] = true
		}
		if len(b.schemes) == 0 {
			c.tb.Errorf("humasesstest: %s has no cookies: see Login", b.name)
			return false
		}
		c.bearers = append(c.bearers, b)
	}
	return true
}

// operation is one entry of the document.
type operation struct {
	*huma.Operation
	method, path string
	security     []map[string][]string // what holds for it, nil when nothing says
}

// key is the operation's name in Skip, and String in messages.
func (op operation) key() string {
	if op.OperationID != "" {
		return op.OperationID
	}
	return op.method + " " + op.path
}

func (op operation) String() string {
	return fmt.Sprintf("operation %q (%s %s)", op.OperationID, op.method, op.path)
}

// operations returns those to check, in the order of their paths.
func (c *checker) operations() []operation {
	c.tb.Helper()
	skip := map[string]bool{}
	var all []operation
	for path, item := range c.oapi.Paths {
		for _, entry := range []operation{
			{Operation: item.Get, method: http.MethodGet}, {Operation: item.Head, method: http.MethodHead},
			{Operation: item.Post, method: http.MethodPost}, {Operation: item.Put, method: http.MethodPut},
			{Operation: item.Patch, method: http.MethodPatch}, {Operation: item.Delete, method: http.MethodDelete},
			{Operation: item.Options, method: http.MethodOptions}, {Operation: item.Trace, method: http.MethodTrace},
		} {
			if entry.Operation == nil {
				continue
			}
			entry.path = path
			if reason, ok := c.opts.Skip[entry.key()]; ok {
				skip[entry.key()] = true
				if reason == "" {
					c.tb.Errorf("humasesstest: Skip[%q] gives no reason", entry.key())
				}
				c.tb.Logf("humasesstest: %v is skipped: %s", entry, reason)
				continue
			}
			entry.security = entry.Security
			if entry.security == nil {
				entry.security = c.oapi.Security
			}
			all = append(all, entry)
		}
	}
	for key := range c.opts.Skip {
		if !skip[key] {
			c.tb.Errorf("humasesstest: Skip[%q] names no operation of the document", key)
		}
	}
	slices.SortFunc(all, func(a, b operation) int {
		if a.path != b.path {
			return strings.Compare(a.path, b.path)
		}
		return strings.Compare(a.method, b.method)
	})
	return all
}
