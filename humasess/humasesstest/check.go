package humasesstest

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

// CheckOptions configure [CheckDocument]. nil stands for the zero value.
type CheckOptions struct {
	// Sessions are the active sessions that the check tries, besides requests
	// without a credential and with the cookie or the token of an unknown session. If
	// the document requires roles, a session must lack them. If it requires them of
	// sessions with a bearer token as well, so must a session with a Token. The default
	// is none.
	Sessions []CheckSession

	// Schemes adds credentials of the program's own security schemes, by the key of the
	// scheme. A live credential must get in where the document lists the scheme, and only
	// there. A dead one must not. The default is none.
	Schemes map[string]CheckScheme

	// Skip maps operations that the check does not call to the reason. The key is
	// the operation ID, or "GET /path" without one. The default is none.
	Skip map[string]string

	// PathParams gives values to path parameters, by name. The default is the
	// parameter's example or one that fits the type of its schema.
	PathParams map[string]string

	// AllowUnmarked logs operations that have neither a session nor a public mark.
	// The default is false, which reports them as errors.
	AllowUnmarked bool

	// CallUnsafe also calls unsafe operations if the document lets the request in;
	// see [CheckDocument]. An operation that ends sessions, such as a logout, ends
	// those of Sessions. Later operations then answer 401, so add it to Skip. The
	// default is false.
	CallUnsafe bool

	// Prefix is added before every path of the document, for an API that is served
	// below a path. The default is "".
	Prefix string

	// Handler receives the requests. Set it for an API with middleware or a router
	// in front of it. The default is the API's adapter.
	Handler http.Handler
}

// CheckSession is an active session that [CheckDocument] tries.
type CheckSession struct {
	// Name appears in messages. The default is its number.
	Name string

	// Cookies are the cookies of the session, at most one of each manager. See
	// [Login].
	Cookies []*http.Cookie

	// Token is the bearer token of a session that has no cookies. See the method
	// IssueBearer of the manager.
	Token string

	// Roles are all that the session has.
	Roles []string
}

// CheckScheme adds credentials of a security scheme of the program to requests of
// [CheckDocument]. The manager checks such a scheme with a function of Options.Schemes.
type CheckScheme struct {
	// Valid adds a credential that works, for every scope that the document requires.
	// If its user lacks a role, the answer may be a 403 that the document lists. Valid
	// is required.
	Valid func(r *http.Request)

	// Invalid adds a credential of the same kind that does not work. The default sends
	// none.
	Invalid func(r *http.Request)
}

// CheckDocument compares an API with the statements of its OpenAPI document about
// sessions. It reports each difference as an error of tb:
//
//   - A request lacks a session that the document requires, and the answer is not
//     401. Or it lacks a required role, and the answer is not 403.
//   - The document lets a request in, and the answer is 401, or it is a 403, a
//     success or a server error that the document does not list.
//   - An unsafe request of a page of another origin is not refused, or one with a
//     bearer token is refused for its origin. A live credential of a scheme of the
//     program does not make such a request acceptable.
//   - An operation has neither a session nor an explicit public mark, which is
//     `Security: []map[string][]string{}`.
//
// CheckDocument tries requests without a cookie, with the cookie of an unknown
// session, and with the cookies of CheckOptions.Sessions. If a manager has bearer tokens, it
// also tries the token of an unknown session, alone and beside a cookie, and the tokens
// of CheckOptions.Sessions. It also tries the credentials of CheckOptions.Schemes, and the
// dead ones beside a cookie as well. It does not check hidden operations, because they are
// not in the document.
//
// # Requests that it sends
//
// Sessions are checked before the body is read. So a request that the document
// refuses reaches no handler unless the document is wrong, and CheckDocument always
// sends it.
//
// CheckDocument sends a request that the document lets in if its method is safe (RFC
// 9110 § 9.2.1). Then the handler runs, and its context is canceled as soon as it
// answers. CheckDocument also sends the request if the operation reads JSON, because
// an invalid body stops it before the handler. It sends other requests with
// CheckOptions.CallUnsafe only, and otherwise logs the operation.
//
// It also logs an operation that gives the session a token by a safe method, as a sign-in
// by GET does (ASVS 3.5.3). The callback of an identity provider is one on purpose.
func CheckDocument(tb testing.TB, api huma.API, opts *CheckOptions) {
	tb.Helper()
	var o CheckOptions
	if opts != nil {
		o = *opts
	}
	if o.Handler == nil {
		o.Handler = api.Adapter()
	}
	c := &checker{tb: tb, oapi: api.OpenAPI(), opts: o, cookies: map[string]string{}, prefixes: map[string]string{}}
	if c.prepare() {
		ops := c.operations()
		for _, op := range ops {
			c.check(op)
		}
		c.untried(ops)
	}
}

// checker is one run of CheckDocument.
type checker struct {
	tb       testing.TB
	oapi     *huma.OpenAPI
	opts     CheckOptions
	cookies  map[string]string // from the names of session cookies to the keys of their schemes
	prefixes map[string]string // from the keys of the schemes of bearer tokens to the prefixes of the tokens
	bearers  []bearer
}

// bearer is a client with the credentials that it sends.
type bearer struct {
	name    string
	cookies []*http.Cookie
	token   string          // instead of cookies, which count for nothing beside it
	schemes map[string]bool // the schemes of its sessions, without regard to roles
	roles   []string

	key string              // of the program's scheme whose credential it sends, or ""
	add func(*http.Request) // adds this credential
}

// isLive reports whether a client has a credential of a program's scheme that works.
func (b bearer) isLive() bool { return b.schemes[b.key] }

// prepare sets the credentials. It reports false after an error.
func (c *checker) prepare() bool {
	c.tb.Helper()
	for key, s := range c.oapi.Components.SecuritySchemes {
		switch x, ours := s.Extensions["x-session"]; {
		case !ours:
		case s.Type == "http":
			if x, ok := x.(*policy.Extension); ok {
				c.prefixes[key] = x.TokenPrefix
			}
		default:
			c.cookies[s.Name] = key
		}
	}
	if len(c.cookies) == 0 {
		c.tb.Errorf("humasesstest: no manager is attached to the API; call Attach")
		return false
	}
	c.bearers = append([]bearer{{name: "no cookie"}}, c.dead()...)
	for i, s := range c.opts.Sessions {
		b := bearer{name: s.Name, cookies: s.Cookies, token: s.Token, roles: s.Roles, schemes: map[string]bool{}}
		if b.name == "" {
			b.name = fmt.Sprintf("session %d", i)
		}
		if err := c.identify(&b); err != nil {
			c.tb.Errorf("humasesstest: %s%v", b.name, err)
			return false
		}
		c.bearers = append(c.bearers, b)
	}
	more, err := c.credentials()
	if err != nil {
		c.tb.Errorf("humasesstest: %v", err)
		return false
	}
	c.bearers = append(c.bearers, more...)
	return true
}

// dead returns clients with the credentials of unknown sessions.
func (c *checker) dead() []bearer {
	c.tb.Helper()
	var with []*http.Cookie
	for _, s := range c.opts.Sessions {
		if with == nil {
			with = s.Cookies
		}
	}
	cookie := bearer{name: "dead cookie"}
	for _, name := range slices.Sorted(maps.Keys(c.cookies)) {
		cookie.cookies = append(cookie.cookies, &http.Cookie{Name: name, Value: deadToken(c.tb)})
	}
	all := []bearer{cookie}
	for _, key := range slices.Sorted(maps.Keys(c.prefixes)) {
		token := c.prefixes[key] + deadToken(c.tb)
		all = append(all, bearer{name: fmt.Sprintf("dead token of %s", key), token: token})
		if with != nil {
			all = append(all, bearer{name: fmt.Sprintf("dead token of %s beside a cookie", key), token: token, cookies: with})
		}
	}
	return all
}

// credentials returns the clients with credentials of the program's schemes. The
// dead ones come alone, and beside the cookies of the first session that has some.
func (c *checker) credentials() ([]bearer, error) {
	var all []bearer
	for _, key := range slices.Sorted(maps.Keys(c.opts.Schemes)) {
		use := c.opts.Schemes[key]
		switch {
		case c.oapi.Components.SecuritySchemes[key] == nil:
			return nil, fmt.Errorf("Schemes[%q] names no security scheme of the document", key)
		case c.ours(key):
			return nil, fmt.Errorf("Schemes[%q] is the scheme of a session; use Sessions", key)
		case use.Valid == nil:
			return nil, fmt.Errorf("Schemes[%q] has no Valid", key)
		}
		all = append(all, bearer{name: "live credential of " + key, key: key, add: use.Valid, schemes: map[string]bool{key: true}})
		if use.Invalid == nil {
			continue
		}
		dead := bearer{name: "dead credential of " + key, key: key, add: use.Invalid}
		all = append(all, dead)
		for _, b := range c.bearers {
			if len(b.schemes) > 0 && len(b.cookies) > 0 {
				dead.name += " beside a cookie"
				dead.cookies, dead.schemes, dead.roles = b.cookies, b.schemes, b.roles
				all = append(all, dead)
				break
			}
		}
	}
	return all, nil
}

// identify finds the schemes of a client's sessions.
func (c *checker) identify(b *bearer) error {
	for _, cookie := range b.cookies {
		key, ok := c.cookies[cookie.Name]
		if !ok {
			return fmt.Errorf(": cookie %q belongs to no manager of the API", cookie.Name)
		}
		b.schemes[key] = true
	}
	if b.token != "" {
		if len(b.cookies) > 0 {
			return errors.New(" has cookies and a token; a request with a token is judged by the token alone")
		}
		for key, prefix := range c.prefixes {
			if strings.HasPrefix(b.token, prefix) {
				b.schemes[key] = true
			}
		}
		if len(b.schemes) == 0 {
			return errors.New(": the token belongs to no manager of the API")
		}
	}
	if len(b.schemes) == 0 {
		return errors.New(" has no cookies; see Login")
	}
	return nil
}

// operation is one entry of the document.
type operation struct {
	*huma.Operation
	method, path string
	security     []map[string][]string // its own or that of the document, nil without both
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

// operations returns the operations to check, in the order of their paths.
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

// untried logs the program's schemes that operations accept beside a session, and that
// the caller gives no credentials of.
func (c *checker) untried(ops []operation) {
	c.tb.Helper()
	tokens := map[string]bool{} // keys of CSRF tokens
	for _, key := range c.cookies {
		tokens[(policy.Scheme{Key: key}).CSRFKey()] = true
	}
	keys := map[string]bool{}
	for _, op := range ops {
		for _, alternative := range op.security {
			for key := range alternative {
				if _, given := c.opts.Schemes[key]; !given && !c.ours(key) && !tokens[key] && c.mentionsOurs(op) {
					keys[key] = true
				}
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		c.tb.Logf("humasesstest: operations accept scheme %q, which is not tried; see CheckOptions.Schemes", key)
	}
}
