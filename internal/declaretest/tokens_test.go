package declaretest_test

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// addTokens chooses the types whose sessions may have bearer tokens, and names the token
// in the Security of some operations.
func (p plan) addTokens(r *rand.Rand) plan {
	p.tokens = pick(r, "", "account", "account", "parcel", "account parcel")
	if !p.has("account") {
		return p
	}
	for i := range p.operations {
		op := &p.operations[i]
		public := op.written != nil && len(op.written) == 0
		if r.IntN(4) > 0 || public || op.unchecked() || op.embeds.needsParcel {
			continue
		}
		op.written = append(slices.Clip(op.written), map[string][]string{"sessionBearer": pick(r, nil, []string{"admin"}, []string{"audit"})})
	}
	return p
}

// has reports whether sessions of a type may have bearer tokens.
func (p plan) has(name string) bool { return slices.Contains(strings.Fields(p.tokens), name) }

func (p plan) bearerOf(name, scheme, prefix string) *humasess.BearerOptions {
	if !p.has(name) {
		return nil
	}
	return &humasess.BearerOptions{SchemeName: scheme, Prefix: prefix}
}

// tokenGuests are all that send a bearer token of a session. A request has one header
// Authorization, so they have neither another session nor another bearer.
func (p plan) tokenGuests() []guest {
	var all []guest
	for _, g := range []guest{byPlain, byAdmin, byAuditor, {session: true, roles: "audit"}, byShopper} {
		if g.token = true; p.has("account") && g.session || p.has("parcel") && g.parcel {
			all = append(all, g)
		}
	}
	return all
}

// holds reports whether a guest has the credential that a key names. Where a program
// names the cookie of a session, its token is as good. A program that names the token
// means the token alone.
func (e expected) holds(g guest, key string) bool {
	switch key {
	case "bearer":
		return g.bearer
	case "sessionCookie":
		return g.session && (!e.literal || !g.token)
	case "parcelCookie":
		return g.parcel && (!e.literal || !g.token)
	case "sessionBearer":
		return g.session && g.token
	case "parcelBearer":
		return g.parcel && g.token
	}
	return false
}

// issue returns the token of a session of its own for each guest.
func (p plan) issue(s *site) map[guest]string {
	s.t.Helper()
	tokens := map[guest]string{}
	for _, g := range p.tokenGuests() {
		var token humasess.BearerToken
		var err error
		if g.session {
			token, err = s.accounts.IssueBearer(s.t.Context(), account{ID: "u", Roles: strings.Fields(g.roles)})
		} else {
			token, err = s.parcels.IssueBearer(s.t.Context(), parcel{})
		}
		if err != nil {
			s.t.Fatalf("IssueBearer: %v", err)
		}
		tokens[g] = token.AccessToken
	}
	return tokens
}

// checkTokens sends requests with a bearer token: of a session, of none, and of none
// beside the cookies of other guests. A page of another site sends all of them, because
// the cross-origin check is not for tokens.
func (p plan) checkTokens(t *testing.T, s *site, tokens map[guest]string, cookies map[guest][]*http.Cookie) {
	t.Helper()
	with := func(token string) func(*http.Request) {
		return withHeaders("Authorization", "Bearer "+token, "Sec-Fetch-Site", "cross-site", "Origin", "https://elsewhere.example")
	}
	client := func(g guest) *humasesstest.Client {
		c := humasesstest.NewClient(s.mux)
		for _, cookie := range cookies[g] {
			c.SetCookie(cookie)
		}
		return c
	}
	var dead []string
	if p.has("account") {
		dead = append(dead, "hs_"+strings.Repeat("A", 64), "hs_"+cookies[byAdmin][0].Value)
	}
	if p.has("parcel") {
		dead = append(dead, "pp_"+cookies[byShopper][0].Value, "pp_")
	}
	for i, op := range p.operations {
		if !op.served() {
			continue
		}
		e := p.expects(op)
		for _, path := range op.paths() {
			for g, token := range tokens {
				checkRequests(t, client(byNobody), g, op, e, path, p.exact(i), with(token))
				checkRequests(t, client(guest{session: true, roles: "admin audit", parcel: true}), g, op, e, path, p.exact(i), with(token))
			}
			for _, token := range dead {
				checkRequests(t, client(byNobody), byNobody, op, e, path, p.exact(i), with(token))
				checkRequests(t, client(guest{session: true, roles: "admin audit", parcel: true}), byNobody, op, e, path, p.exact(i), with(token))
			}
			// Another value changes nothing for the cookie.
			checkRequests(t, client(byAuditor), byAuditor, op, e, path, p.exact(i), withHeaders("Authorization", "Basic aHNfOg=="))
		}
	}
}
