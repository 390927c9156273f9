package declaretest_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// plan is a random API, in the terms of its author. The model below derives the
// requests that the API must admit. It does not use the code that merges requirements
// and writes them into the document.
type plan struct {
	byDefault  bool
	omitRoles  bool
	global     bool // the document requires a bearer of operations that say nothing
	second     bool // an API with a document of its own has the same managers and operations
	neighbour  string
	operations []plannedOperation
	tokens     string // the types whose sessions may have bearer tokens
	csrf       bool   // unsafe requests with an account's cookie need a token
	isolated   bool   // reads of other sites are refused
	accepts    bool   // a bearer counts wherever a session of the account is enough
}

type plannedOperation struct {
	name    string
	method  string
	embeds  embedded
	written alternatives   // Operation.Security
	groups  []plannedGroup // outermost first
	hidden  bool
	skips   bool // validation of parameters
	shares  bool // Operation.Parameters with the others that do
	after   int  // registrations that panic before it, as indexes of interrupted plus 1
}

type plannedGroup struct {
	prefixes []string
	protects bool
	method   bool   // by Protect, not by Require
	role     string // beside protects
	bearer   bool   // a modifier of the user's that overrides Security
}

func newPlan(r *rand.Rand) plan {
	p := plan{
		byDefault: r.IntN(4) == 0, omitRoles: r.IntN(4) == 0, global: r.IntN(4) == 0, second: r.IntN(4) == 0,
		neighbour: pick(r, "", "document", "components", "registry"),
	}
	for i := range 2 + r.IntN(5) {
		for {
			if op := newOperation(r, fmt.Sprintf("o%d", i)); !p.contradicts(op) {
				p.operations = append(p.operations, op)
				break
			}
		}
	}
	p = p.addTokens(r)
	p.accepts = r.IntN(2) == 0
	return p
}

func newOperation(r *rand.Rand, name string) plannedOperation {
	op := plannedOperation{
		name: name, method: pick(r, http.MethodGet, http.MethodGet, http.MethodPost),
		embeds: pick(r, embeddings...), hidden: r.IntN(3) == 0, skips: r.IntN(3) == 0, shares: r.IntN(2) == 0,
	}
	if r.IntN(4) == 0 {
		op.after = 1 + r.IntN(len(interrupted))
	}
	if r.IntN(10) == 0 {
		op.written = alternatives{{"basic": nil}} // nothing checks it
	} else if r.IntN(2) == 0 {
		op.written = alternatives{}
		for range r.IntN(3) {
			alternative := map[string][]string{}
			for range 1 + r.IntN(2) {
				switch r.IntN(4) {
				case 0:
					alternative["bearer"] = []string{}
				case 1:
					alternative["sessionCookie"] = []string{}
				case 2:
					alternative["sessionCookie"] = []string{pick(r, "admin", "audit")}
				case 3:
					alternative["parcelCookie"] = nil
				}
			}
			op.written = append(op.written, alternative)
		}
	}
	for i := range r.IntN(3) {
		g := plannedGroup{protects: r.IntN(3) == 0, method: r.IntN(2) == 0}
		for j := range r.IntN(3) {
			g.prefixes = append(g.prefixes, fmt.Sprintf("/%c%d", 'a'+i, j))
		}
		if g.protects && r.IntN(2) == 0 {
			g.role = pick(r, "admin", "audit")
		}
		// huma runs the modifiers of a group without prefix again when the
		// hook is done, and this one would undo its changes.
		g.bearer = len(g.prefixes) > 0 && r.IntN(6) == 0
		op.groups = append(op.groups, g)
	}
	return op
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// contradicts reports whether the plan is refused. Other tests check that.
func (p plan) contradicts(op plannedOperation) bool {
	if op.unchecked() && (op.embeds.name != "nothing" || p.byDefault || slices.ContainsFunc(op.groups, func(g plannedGroup) bool { return g.protects })) {
		return true
	}
	protected := slices.ContainsFunc(op.groups, func(g plannedGroup) bool { return g.protects })
	public := op.says() != nil && len(op.says()) == 0
	return op.embeds.login && protected || public && (protected || op.embeds.parcel || op.embeds.account && !op.embeds.login)
}

// unchecked reports whether the operation is the user's own business.
func (op plannedOperation) unchecked() bool { return strings.Contains(fmt.Sprint(op.says()), "basic") }

// says is Operation.Security, after the user's modifiers.
func (op plannedOperation) says() alternatives {
	if slices.ContainsFunc(op.groups, func(g plannedGroup) bool { return g.bearer }) {
		return alternatives{{"bearer": nil}}
	}
	return op.written
}

// paths are those that the prefixes of all groups make.
func (op plannedOperation) paths() []string {
	paths := []string{""}
	for _, g := range op.groups {
		var longer []string
		for _, p := range paths {
			for _, prefix := range g.prefixes {
				longer = append(longer, p+prefix)
			}
		}
		if len(g.prefixes) > 0 {
			paths = longer
		}
	}
	for i := range paths {
		paths[i] += "/" + op.name
	}
	return paths
}

func (op plannedOperation) register(s *site, api huma.API, shared []*huma.Param) {
	if op.after > 0 {
		interrupt := huma.Operation{OperationID: op.name + "-not", Method: op.method, Path: "/not/" + op.name}
		if op.shares {
			interrupt.Parameters = shared
		}
		if panicOf(func() { interrupted[op.after-1](api, interrupt) }) == "" {
			s.t.Errorf("interrupted[%d] did not panic", op.after-1)
		}
	}
	for _, g := range op.groups {
		group := huma.NewGroup(api, g.prefixes...)
		if g.bearer {
			group.UseSimpleModifier(secure(map[string][]string{"bearer": {}}))
		}
		var roles []string
		if g.role != "" {
			roles = append(roles, g.role)
		}
		switch {
		case g.protects && g.method:
			s.accounts.Protect(group, roles...)
		case g.protects:
			group.UseSimpleModifier(s.accounts.Require(roles...))
		}
		api = group
	}
	planned := huma.Operation{
		OperationID: op.name, Method: op.method, Path: "/" + op.name, Security: op.written, Hidden: op.hidden,
		SkipValidateParams: op.skips,
	}
	if op.shares {
		planned.Parameters = shared
	}
	text := panicOf(func() { op.embeds.register(api, planned) })
	if refused := op.embeds.mistaken && !op.hidden; refused != (text != "") {
		s.t.Errorf("registration: got panic %q, want one: %v; %v", text, refused, op)
	}
}

// served reports whether the router has the operation.
func (op plannedOperation) served() bool { return !op.embeds.mistaken || op.hidden }

// exact reports whether nothing else has overwritten the markers of an
// operation that no hook has seen. If something has, it may be closed to guests
// that it should admit, but open to none that it should not.
func (p plan) exact(i int) bool {
	if !p.operations[i].hidden || !p.operations[i].shares {
		return true
	}
	return !slices.ContainsFunc(p.operations[i+1:], func(op plannedOperation) bool { return op.shares })
}

// expected has the requirements of one operation by the model.
type expected struct {
	always  guest // credentials that are always required
	roles   []string
	any     alternatives // one of them must be met besides; none is all
	ours    bool         // sessions have something to do with it
	guarded bool
	stale   bool
	unsafe  bool
	broken  bool // answers 500

	optional bool   // an embedded session may come besides
	accepts  []bool // by alternative of any, whether a bearer counts as well if it asks for the session alone
	told     bool   // only what the document tells counts: not the roles of a bearer's user
	literal  bool   // any is that of the document, whose keys tell the carriers apart
}

func (p plan) expects(op plannedOperation) expected {
	e := expected{
		guarded: op.embeds.role != "", stale: op.embeds.stale, unsafe: op.method == http.MethodPost, broken: op.embeds.mistaken,
	}
	e.always.session, e.always.parcel = op.embeds.needsAccount, op.embeds.needsParcel
	if op.embeds.role != "" {
		e.roles = append(e.roles, op.embeds.role)
	}
	for _, g := range op.groups {
		if g.protects {
			e.always.session = true
		}
		if g.protects && g.role != "" {
			e.roles = append(e.roles, g.role)
		}
	}
	e.any = op.says()
	mentions := strings.Contains(fmt.Sprint(e.any), "sessionCookie") || strings.Contains(fmt.Sprint(e.any), "sessionBearer")
	public := e.any != nil && len(e.any) == 0
	if p.byDefault && !op.embeds.account && !mentions && !public {
		e.always.session = true
	}
	if e.any == nil && p.global && !op.embeds.login {
		e.any = alternatives{{"bearer": nil}}
	}
	e.optional = op.embeds.account && !op.embeds.needsAccount && !op.embeds.login && !mentions
	e.accepts = p.acceptsFor(op, e)
	e.ours = op.embeds.account || op.embeds.parcel || e.always.session || strings.Contains(fmt.Sprint(e.any), "Cookie") ||
		strings.Contains(fmt.Sprint(e.any), "bearer") || strings.Contains(fmt.Sprint(e.any), "sessionBearer")
	return e
}

// acceptsFor leaves out log-ins, operations that ask for a proof, and roles that are
// asked of sessions only.
func (p plan) acceptsFor(op plannedOperation, e expected) []bool {
	all := make([]bool, max(1, len(e.any)))
	for i := range all {
		all[i] = p.accepts && !op.embeds.login && !op.embeds.stale
		if i < len(e.any) {
			for _, role := range e.any[i]["sessionCookie"] {
				all[i] = all[i] && slices.Contains(e.roles, role)
			}
		}
	}
	return all
}

// option is one way to get in.
type option struct {
	keys    []string
	roles   []string
	account bool // one of the keys is that of the account's session
}

// options returns all ways to get in, and whether a bearer decides alone.
func (e expected) options() (all []option, alone bool) {
	has := func(keys []string, of ...string) bool {
		return slices.ContainsFunc(of, func(key string) bool { return slices.Contains(keys, key) })
	}
	named := strings.Contains(fmt.Sprint(e.any), "session")
	written := e.any
	if len(written) == 0 {
		written = alternatives{{}}
	}
	together := e.optional && !e.always.session
	for i, a := range written {
		o := option{keys: slices.Sorted(maps.Keys(a)), roles: slices.Concat(a["sessionCookie"], a["sessionBearer"])}
		account := has(o.keys, "sessionCookie", "sessionBearer")
		brought := has(o.keys, "bearer") && !account && named // its user takes the place of the session
		if e.always.session && !account && !brought {
			o.keys = append(o.keys, "sessionCookie")
		}
		if e.always.parcel && !has(o.keys, "parcelCookie", "parcelBearer") {
			o.keys = append(o.keys, "parcelCookie")
		}
		if !brought || !e.told {
			o.roles = slices.Concat(o.roles, e.roles)
		}
		o.account = has(o.keys, "sessionCookie", "sessionBearer")
		if has(o.keys, "bearer") {
			alone, together = alone || !o.account, together || o.account
		}
		all = append(all, o)
		if i < len(e.accepts) && e.accepts[i] && slices.Equal(o.keys, []string{"sessionCookie"}) {
			other := option{keys: []string{"bearer"}}
			if !e.told {
				other.roles = e.roles
			}
			all, alone = append(all, other), true
		}
	}
	return all, alone && !together
}

// lets is the status that a guest gets.
func (e expected) lets(g guest) int {
	if e.broken {
		return http.StatusInternalServerError
	}
	all, alone := e.options()
	if alone = alone && g.bearer; alone {
		g.session = false
	}
	known, lacking := false, false
	for _, o := range all {
		if alone && !slices.Contains(o.keys, "bearer") || slices.ContainsFunc(o.keys, func(key string) bool { return !e.holds(g, key) }) {
			continue
		}
		roles := strings.Fields(g.roles)
		if !o.account {
			roles = nil // the bearer's user has none
		}
		if slices.ContainsFunc(o.roles, func(role string) bool { return !slices.Contains(roles, role) }) {
			lacking = true
		} else {
			known = true
		}
	}
	switch {
	case known && e.stale:
		return http.StatusForbidden
	case known:
		return http.StatusNoContent
	case lacking:
		return http.StatusForbidden
	}
	return http.StatusUnauthorized
}

// inDocument leaves out the parts that requirements do not tell.
func (e expected) inDocument() expected {
	e.stale, e.told = false, true
	return e
}

// withoutRoles returns the requirements in a document with OmitRoles.
func (e expected) withoutRoles() expected {
	e.roles = nil
	var bare alternatives
	for _, alternative := range e.any {
		b := map[string][]string{}
		for key := range alternative {
			b[key] = nil
		}
		bare = append(bare, b)
	}
	e.any = bare
	return e
}

func (e expected) mayForbid() bool {
	if e.guarded || e.stale || e.unsafe || len(e.roles) > 0 {
		return true
	}
	return slices.ContainsFunc(e.any, func(a map[string][]string) bool { return len(a["sessionCookie"]) > 0 || len(a["sessionBearer"]) > 0 })
}
