package policy_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/policy"
)

// reqs makes an alternative of each argument: schemes with a comma between them,
// each with its roles after a colon.
func reqs(alternatives ...string) policy.Requirements {
	all := policy.Requirements{}
	for _, text := range alternatives {
		alternative := map[string][]string{}
		for scheme := range strings.SplitSeq(text, ",") {
			if scheme == "" {
				continue
			}
			key, roles, _ := strings.Cut(scheme, ":")
			alternative[key] = append([]string{}, strings.Fields(strings.ReplaceAll(roles, "+", " "))...)
		}
		all = append(all, alternative)
	}
	return all
}

func TestOperationSecurity(t *testing.T) {
	type declarations = []policy.Declaration
	cartOptional := policy.Declaration{Type: cartScheme.Type, Kind: policy.Optional}
	cartRequired := policy.Declaration{Type: cartScheme.Type, Kind: policy.Required}
	tests := []struct {
		name     string
		global   policy.Requirements
		written  policy.Requirements
		declared declarations
		want     policy.Requirements
	}{
		{"O2 required", nil, nil, declarations{required}, reqs("session")},
		{"O2 required with the marker of the session it embeds", nil, nil, declarations{optional, required}, reqs("session")},
		{"O2 nothing declared", nil, nil, nil, nil},
		{"O2 nothing declared but a scheme of the user's own", nil, reqs("bearer"), nil, reqs("bearer")},
		{"O3 optional", nil, nil, declarations{optional}, reqs("session", "")},
		{"O3 optional beside the user's own scheme", nil, reqs("bearer"), declarations{optional}, reqs("bearer,session", "bearer")},
		{"O3 optional where the user wrote the scheme", nil, reqs("session:admin"), declarations{optional}, reqs("session:admin")},
		{"O3 optional where the user wrote nothing-needed first", nil, reqs("", "session"), declarations{optional}, reqs("session", "")},
		{"O3 two optional types", nil, nil, declarations{optional, cartOptional}, reqs("session,cart", "session", "cart", "")},
		{"O4 required joins every alternative of the user's", nil, reqs("bearer", "unchecked,bearer"), nil, reqs("bearer", "unchecked,bearer")},
		{"O4 required joins each of two alternatives", nil, reqs("bearer", "bearer,cart"), declarations{required}, reqs("bearer,session", "bearer,cart,session")},
		{"O4 bearer or cookie, by hand", nil, reqs("session", "bearer"), nil, reqs("session", "bearer")},
		{"O4 bearer or cookie, with an optional session", nil, reqs("session", "bearer"), declarations{optional}, reqs("session", "bearer")},
		{"O4 required inherits the document's own", reqs("bearer"), nil, declarations{required}, reqs("bearer,session")},
		{"O4 optional inherits the document's own", reqs("bearer"), nil, declarations{optional}, reqs("bearer,session", "bearer")},
		{"O4 optional lifts the document's session", reqs("session"), nil, declarations{optional}, reqs("session", "")},
		{"O4 written overrides the document's own", reqs("bearer"), reqs("cart"), declarations{required}, reqs("cart,session")},
		{"O4 written roles and declared roles", nil, reqs("session:audit"), declarations{guarded("admin")}, reqs("session:audit+admin")},
		{"O4 two required types are one requirement", nil, nil, declarations{required, cartRequired}, reqs("session,cart")},
		{"O4 required and optional type", nil, nil, declarations{required, cartOptional}, reqs("session,cart", "session")},
		{"O5 roles", nil, nil, declarations{guarded("admin", "audit")}, reqs("session:admin+audit")},
		{"O5 guard without roles", nil, nil, declarations{guarded()}, reqs("session")},
		{"O5 two guards on one type", nil, nil, declarations{guarded("admin"), guarded("audit", "admin")}, reqs("session:admin+audit")},
		{"login", nil, nil, declarations{login}, reqs()},
		{"login with the marker of the session it embeds", nil, nil, declarations{optional, login}, reqs()},
		{"login where the document requires a session", reqs("session"), nil, declarations{login}, reqs()},
		{"login that the user made public as well", nil, reqs(), declarations{login}, reqs()},
		{"login behind the user's own scheme", nil, reqs("bearer"), declarations{login}, reqs("bearer")},
		{"login and a required type", nil, nil, declarations{login, cartRequired}, reqs("cart")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, tt.global, userScheme, cartScheme)
			f.doc.AddCheck("unchecked", "")
			op := f.operation("/", tt.declared...)
			op.Security = tt.written
			f.mustAdd(t, op)
			if got, want := asJSON(t, op.Security), asJSON(t, tt.want); got != want {
				t.Errorf("got security %s, want %s", got, want)
			}
		})
	}
}

// The document must have the meaning of the declarations, in every combination.
// The test computes that meaning from the declaration, for each set of
// credentials. It checks the form only where generators depend on it.
func TestEveryCombinationMeansWhatItSays(t *testing.T) {
	securities := []policy.Requirements{
		nil, reqs(), reqs(""), reqs("bearer"), reqs("session"), reqs("session:admin"), reqs("bearer", ""), reqs("", "session"),
		reqs("bearer", "session"), reqs("bearer,session"), reqs("bearer,session:audit", "cart"),
	}
	kinds := map[string][]policy.Declaration{
		"nothing":  nil,
		"optional": {optional},
		"required": {required},
		"guarded":  {guarded("admin")},
		"login":    {login},
	}
	for _, byDefault := range []bool{false, true} {
		for i, global := range securities {
			for j, written := range securities {
				for kind, declared := range kinds {
					name := fmt.Sprintf("O4 %s, global %d, written %d, default %v", kind, i, j, byDefault)
					t.Run(name, func(t *testing.T) {
						scheme := userScheme
						scheme.Default = byDefault
						f := newFixture(t, global, scheme, cartScheme)
						op := f.operation("/", declared...)
						op.Security = written
						err := f.add(op)
						if contradicts := written != nil && len(written) == 0 && kind != "nothing" && kind != "login"; contradicts {
							if err == nil {
								t.Fatalf("got security %s for a session on a public operation, want a panic", asJSON(t, op.Security))
							}
							return
						}
						if err != nil {
							t.Fatalf("AddOperation: %v", err)
						}
						documented := policy.Requirements(op.Security)
						if documented == nil {
							documented = f.oapi.Security
						}
						checkForm(t, documented, kind)
						policy := f.policy(t, op)
						for _, c := range allCredentials() {
							want := meant(global, written, kind, byDefault, c)
							if got := c.opens(documented); got != want {
								t.Errorf("%+v: got %v by the document %s, want %v", c, got, asJSON(t, documented), want)
							}
							if got := enforces(policy, documented, c); got != want {
								t.Errorf("%+v: got %v by the policy %s, want %v", c, got, asJSON(t, policy.Requirements), want)
							}
						}
					})
				}
			}
		}
	}
}

// meant reports whether the operation's declaration admits the credentials.
func meant(global, written policy.Requirements, kind string, byDefault bool, c credentials) bool {
	everywhere := c.opens(global) && (!byDefault || c.session)
	switch kind {
	case "optional", "login":
		// The declaration replaces the session in the document's own
		// requirement, so only the rest of it counts.
		all := c
		all.session, all.token, all.roles = true, true, []string{"admin", "audit"}
		everywhere = all.opens(global)
		if kind == "login" {
			everywhere = true
		}
		byDefault = false
	}
	rest := everywhere
	if written != nil {
		mentioned := strings.Contains(fmt.Sprint(written), "session") || strings.Contains(fmt.Sprint(written), "token")
		rest = c.opens(written) && (!byDefault || len(written) == 0 || mentioned || c.session)
	}
	switch kind {
	case "required":
		return rest && c.session
	case "guarded":
		return rest && c.session && len(c.roles) > 0
	}
	return rest
}

func enforces(p policy.Policy, documented policy.Requirements, c credentials) bool {
	if !p.UsesSessions() {
		return c.opens(documented) // not ours to enforce
	}
	for _, r := range p.Requirements {
		if !c.opens(r) {
			return false
		}
	}
	return true
}

// checkForm refuses forms that generators cannot read.
func checkForm(t *testing.T, all policy.Requirements, kind string) {
	t.Helper()
	for i, alternative := range all {
		if len(alternative) == 0 && i != len(all)-1 && kind != "nothing" {
			t.Errorf("O3 got {} before other alternatives in %s, want it last", asJSON(t, all))
		}
		for j := range i {
			if reflect.DeepEqual(all[j], alternative) && kind != "nothing" {
				t.Errorf("got an alternative twice in %s", asJSON(t, all))
			}
		}
		for scheme, roles := range alternative {
			if roles == nil {
				t.Errorf("O5 got null for %q in %s, want an array", scheme, asJSON(t, all))
			}
		}
	}
}
