package declaretest_test

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

// embedded is the session type that an input embeds.
type embedded struct {
	name         string
	account      bool // embeds a type of account at all
	needsAccount bool
	role         string
	stale        bool // asks for a proof that no guest has
	parcel       bool
	needsParcel  bool
	login        bool
	mistaken     bool // has a guard that checks less than its author believes
	ownResolve   bool
	register     func(huma.API, huma.Operation)
}

func registers[I any](api huma.API, op huma.Operation) { huma.Register(api, op, serve[I]) }

// Guards with methods of every kind of receiver.
type (
	pointerRoles        struct{}
	pointerFresh        struct{}
	valueMethods        struct{}
	promotedRoles       struct{ pointerRoles }
	genericRoles[R any] struct{}
)

func (*pointerRoles) Roles() []string { return []string{"admin"} }

func (*pointerFresh) Fresh() time.Duration { return time.Nanosecond }

func (valueMethods) Methods() []string { return []string{"hwk"} }

func (genericRoles[R]) Roles() []string { return []string{"admin"} }

// Guards whose author is mistaken.
type (
	role        string
	typedRoles  struct{}
	singleRole  struct{}
	emptyGuard  struct{}
	secondsOnly struct{}
)

func (typedRoles) Roles() []role                     { return []role{"admin"} }
func (typedRoles) Check(huma.Context, account) error { return nil }

func (*singleRole) Role() []string                    { return []string{"admin"} }
func (*singleRole) Check(huma.Context, account) error { return nil }

func (*secondsOnly) Fresh() int                        { return 1 }
func (*secondsOnly) Check(huma.Context, account) error { return nil }

// Inputs with a Resolve of their own, so that huma never calls ours.
type (
	resolvesSession  struct{ humasess.Session[account] }
	resolvesRequired struct{ humasess.Required[account] }
	resolvesGuarded  struct {
		humasess.Guarded[account, *pointerRoles]
	}
)

func (*resolvesSession) Resolve(huma.Context) []error  { return nil }
func (*resolvesRequired) Resolve(huma.Context) []error { return nil }
func (*resolvesGuarded) Resolve(huma.Context) []error  { return nil }

type guardedIn[G any] struct{ humasess.Guarded[account, G] }

// guarded registers an operation with a guard. The compiler shares its code among all
// guards with the same underlying type.
func guarded[G any](api huma.API, op huma.Operation) { huma.Register(api, op, serve[guardedIn[G]]) }

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
	{name: "a pointer guard", account: true, needsAccount: true, role: "admin", register: guarded[*pointerRoles]},
	{name: "a guard with pointer receivers", account: true, needsAccount: true, role: "admin", register: guarded[pointerRoles]},
	{name: "a pointer guard with value receivers", account: true, needsAccount: true, role: "admin", register: guarded[*admins]},
	{name: "a guard with promoted methods", account: true, needsAccount: true, role: "admin", register: guarded[promotedRoles]},
	{name: "a generic guard", account: true, needsAccount: true, role: "admin", register: guarded[genericRoles[int]]},
	{name: "a guard with Fresh", account: true, needsAccount: true, stale: true, register: guarded[*pointerFresh]},
	{name: "a guard with Methods", account: true, needsAccount: true, stale: true, register: guarded[valueMethods]},
	{name: "Session, resolved", account: true, ownResolve: true, register: registers[resolvesSession]},
	{name: "Required, resolved", account: true, needsAccount: true, ownResolve: true, register: registers[resolvesRequired]},
	{name: "Guarded, resolved", account: true, needsAccount: true, role: "admin", ownResolve: true, register: registers[resolvesGuarded]},
	{name: "a guard with typed roles", mistaken: true, register: guarded[typedRoles]},
	{name: "a guard with Role", mistaken: true, register: guarded[*singleRole]},
	{name: "a guard without methods", mistaken: true, register: guarded[emptyGuard]},
	{name: "a guard with seconds", mistaken: true, register: guarded[secondsOnly]},
	{name: "an interface as guard", mistaken: true, register: guarded[humasess.Guard[account]]},
}

// interrupted are registrations that panic after a marker has declared
// something, for reasons that have nothing to do with sessions.
var interrupted = []func(huma.API, huma.Operation){
	registers[struct {
		humasess.Required[account]
		Page *int `query:"page"`
	}],
	registers[struct {
		humasess.Login[account]
		Page *int `query:"page"`
	}],
	registers[struct {
		humasess.Guarded[account, admins]
		HasParcel
		Page *int `query:"page"`
	}],
	func(api huma.API, op huma.Operation) {
		huma.Register(api, op, func(context.Context, *sessionIn) (*struct {
			Status string
		}, error) {
			return nil, nil
		})
	},
}
