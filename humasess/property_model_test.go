package humasess_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

// plan is a random API, in the words of those who write one. What it must let
// through follows from it by the model below, which knows neither how
// requirements are merged nor how the document spells them.
type plan struct {
	byDefault  bool
	omitRoles  bool
	global     bool // the document requires a bearer of operations that say nothing
	operations []plannedOperation
}

type plannedOperation struct {
	name    string
	method  string
	embeds  embedded
	written alternatives   // Operation.Security
	groups  []plannedGroup // outermost first
	hidden  bool
}

type plannedGroup struct {
	prefixes []string
	protects bool
	role     string // beside protects
	bearer   bool   // a modifier of the user's that overrides Security
}

// embedded is what an input embeds.
type embedded struct {
	name         string
	account      bool // embeds a type of account at all
	needsAccount bool
	role         string
	parcel       bool
	needsParcel  bool
	login        bool
	register     func(huma.API, huma.Operation)
}

func registers[I any](api huma.API, op huma.Operation) { huma.Register(api, op, serve[I]) }

var embeddings = []embedded{
	{name: "nothing", register: registers[nothingIn]},
	{name: "Session", account: true, register: registers[sessionIn]},
	{name: "Required", account: true, needsAccount: true, register: registers[needsIn]},
	{name: "Guarded", account: true, needsAccount: true, role: "admin", register: registers[guardIn]},
	{name: "Login", account: true, login: true, register: registers[signIn]},
	{name: "Required and Session", account: true, needsAccount: true, parcel: true, register: registers[mixIn]},
	{name: "Required and Required", account: true, needsAccount: true, parcel: true, needsParcel: true, register: registers[bothIn]},
	{name: "Session and Required", account: true, parcel: true, needsParcel: true, register: registers[struct {
		humasess.Session[account]
		HasParcel
	}]},
	{name: "another type's Required", parcel: true, needsParcel: true, register: registers[struct{ HasParcel }]},
}

func newPlan(r *rand.Rand) plan {
	p := plan{byDefault: r.IntN(4) == 0, omitRoles: r.IntN(4) == 0, global: r.IntN(4) == 0}
	for i := range 2 + r.IntN(5) {
		for {
			if op := newOperation(r, fmt.Sprintf("o%d", i)); !op.contradicts() {
				p.operations = append(p.operations, op)
				break
			}
		}
	}
	return p
}

func newOperation(r *rand.Rand, name string) plannedOperation {
	op := plannedOperation{
		name: name, method: pick(r, http.MethodGet, http.MethodGet, http.MethodPost),
		embeds: pick(r, embeddings...), hidden: r.IntN(4) == 0,
	}
	if r.IntN(2) == 0 {
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
		g := plannedGroup{protects: r.IntN(3) == 0}
		for j := range r.IntN(3) {
			g.prefixes = append(g.prefixes, fmt.Sprintf("/%c%d", 'a'+i, j))
		}
		if g.protects && r.IntN(2) == 0 {
			g.role = pick(r, "admin", "audit")
		}
		// huma runs the modifiers of a group without prefix again when the
		// hook is done, and this one would undo what it wrote.
		g.bearer = len(g.prefixes) > 0 && r.IntN(6) == 0
		op.groups = append(op.groups, g)
	}
	return op
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// contradicts leaves out what is refused, which other tests are about.
func (op plannedOperation) contradicts() bool {
	protected := slices.ContainsFunc(op.groups, func(g plannedGroup) bool { return g.protects })
	public := op.says() != nil && len(op.says()) == 0
	return op.embeds.login && protected || public && (protected || op.embeds.parcel || op.embeds.account && !op.embeds.login)
}

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

func (op plannedOperation) register(s *site) {
	api := s.api
	for _, g := range op.groups {
		group := huma.NewGroup(api, g.prefixes...)
		if g.bearer {
			group.UseSimpleModifier(secure(map[string][]string{"bearer": {}}))
		}
		if g.protects && g.role != "" {
			group.UseSimpleModifier(s.accounts.Require(g.role))
		} else if g.protects {
			group.UseSimpleModifier(s.accounts.Require())
		}
		api = group
	}
	op.embeds.register(api, huma.Operation{
		OperationID: op.name, Method: op.method, Path: "/" + op.name, Security: op.written, Hidden: op.hidden,
	})
}

// expected is what the model says of one operation.
type expected struct {
	always  guest // must be brought, whatever else
	roles   []string
	any     alternatives // one of them must be met besides; none is all
	ours    bool         // sessions have something to do with it
	guarded bool
	unsafe  bool
}

func (p plan) expects(op plannedOperation) expected {
	e := expected{guarded: op.embeds.role != "", unsafe: op.method == http.MethodPost}
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
	mentions := strings.Contains(fmt.Sprint(e.any), "sessionCookie")
	public := e.any != nil && len(e.any) == 0
	if p.byDefault && !op.embeds.account && !mentions && !public {
		e.always.session = true
	}
	if e.any == nil && p.global && !op.embeds.login {
		e.any = alternatives{{"bearer": nil}}
	}
	e.ours = op.embeds.account || op.embeds.parcel || e.always.session || strings.Contains(fmt.Sprint(e.any), "Cookie")
	return e
}

// lets is the status that a guest gets.
func (e expected) lets(g guest) int {
	if e.always.session && !g.session || e.always.parcel && !g.parcel {
		return http.StatusUnauthorized
	}
	hasAll := func(roles []string) bool {
		return !slices.ContainsFunc(roles, func(role string) bool { return !slices.Contains(strings.Fields(g.roles), role) })
	}
	known, lacking := len(e.any) == 0, false
	for _, alternative := range e.any {
		met, roles := true, true
		for key, needed := range alternative {
			met = met && map[string]bool{"bearer": g.bearer, "sessionCookie": g.session, "parcelCookie": g.parcel}[key]
			roles = roles && hasAll(needed)
		}
		known, lacking = known || met && roles, lacking || met
	}
	switch {
	case known && hasAll(e.roles):
		return http.StatusNoContent
	case known || lacking:
		return http.StatusForbidden
	}
	return http.StatusUnauthorized
}

// withoutRoles is what a document with OmitRoles says.
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
	if e.guarded || e.unsafe || len(e.roles) > 0 {
		return true
	}
	return slices.ContainsFunc(e.any, func(a map[string][]string) bool { return len(a["sessionCookie"]) > 0 })
}
