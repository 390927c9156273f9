package gate

import (
	"reflect"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess/internal/cookies"
	"github.com/humasess/sessions/internal/policy"
)

// entry is the policy of one operation, ready for its requests. It is made for the
// first request; see compile. Only its proof and the bindings change afterwards.
type entry struct {
	op          *huma.Operation
	page        *Page           // of pages; nil otherwise
	api         huma.API        // for the formats of its answers; nil outside an API
	challenges  func() []string // of the program's schemes, as the document has them; nil outside an API
	err         error           // a contradiction that makes the operation unusable
	gated       bool            // the gate must check its requests
	sessions    []sessionUse
	demands     []demand // without those that every request satisfies
	guards      []guardUse
	judges      []Manager  // of the origins of requests
	exempt      bool       // from the cross-origin check
	isolated    bool       // reads of other sites are refused as well
	untouch     bool       // requests extend nothing
	budget      budgets    // of the store's calls of each request
	vary        []string   // request headers that may bring a user
	varyLine    string     // all of them; see response.Rules
	prefixes    []string   // of the bearer tokens that decide alone, also those of other operations
	asks        bool       // cookies or tokens of a session count
	presences   []presence // credentials of the program that decide alone when they are there
	bearer      bool       // a session of the operation may come with a bearer token
	proof       *proof     // of the input's declarations
	protections []policy.Protection
}

// name is for events and logs.
func (e *entry) name(ctx huma.Context) string {
	if e.page == nil {
		return operationName(e.op)
	}
	r, _ := humago.Unwrap(ctx)
	return e.page.route(r)
}

// write answers a request that is refused.
func (e *entry) write(ctx huma.Context, model huma.StatusError, cause error) {
	if e.page == nil || !e.page.refuse(ctx, model, cause) {
		writeProblem(e.api, ctx, model)
	}
}

// fieldCookie is the request header that brings sessions.
const fieldCookie = "Cookie"

// fieldAuthorization brings bearer tokens, and credentials of the program.
const fieldAuthorization = "Authorization"

const fieldUpgrade = "Upgrade"

// sessionUse is one session type of an operation.
type sessionUse struct {
	scheme  string
	manager Manager
	binding *binding // nil unless the input embeds the type
	login   bool     // the operation is declared to start the session
	token   bool     // a requirement names its CSRF token, for all methods
	asked   bool     // cookies and tokens count; otherwise only other credentials bring the user
	roles   []string // that the user of another credential must have
	fresh   time.Duration
}

// binding says how the operation's session gets from the gate into the input.
//
// Usually huma finds Session's Resolve. It does not where the input type has
// a Resolve of its own, or embeds session types at different depths. Then the gate
// answers the marker's header with a handle, and UnmarshalText, which huma calls
// with it, looks the request up. That costs more, so the gate stops it for an
// operation of which Resolve was called.
type binding struct {
	typ      reflect.Type
	copies   int // of the session in the input; Resolve may reach some of several
	resolves atomic.Bool
}

// presence is a credential of the program that a client adds on purpose, in a header.
// Where it is there it decides alone, and the cookie of its manager does not count.
type presence struct {
	key     string // of the scheme
	session int    // of the entry's sessions, whose user it brings
	header  string
	bearer  bool // in the header Authorization, with the scheme Bearer
}

// in reports whether a request has the credential.
func (p presence) in(ctx huma.Context) bool {
	value := ctx.Header(p.header)
	if p.bearer {
		return cookies.BearerToken(value) != ""
	}
	return value != ""
}

// demand is a requirement of an operation. A request must satisfy all conditions of
// one of the alternatives. An alternative without conditions is the last one.
type demand struct {
	alternatives [][]condition
	sessionless  bool // one of them needs no session
}

// condition is one security scheme of an alternative.
type condition struct {
	session int         // of the entry's sessions; -1 for a scheme that nothing checks
	token   bool        // the scheme is the CSRF token of the session
	bearer  bool        // the session must come with a bearer token, otherwise with a cookie
	key     string      // of the scheme
	check   SchemeCheck // of the program; nil refuses
	user    bool        // the check brings the user, because the alternative names no session of its manager
	roles   []string    // or scopes
}

// guardUse is a declaration with a guard, or with a recent authentication.
type guardUse struct {
	session int // of the entry's sessions; not -1 once its demand is satisfied
	*policy.Declaration
}
