package declaretest_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// Random APIs document and enforce the requirements that they declare.
// To run one again, put its seed into the list.
func TestRandomAPIs(t *testing.T) {
	seeds := []uint64{}
	for i := range uint64(100) {
		seeds = append(seeds, i)
	}
	seeds = append(seeds, 755, rand.Uint64())
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("O2 O3 O4 seed %d", seed), func(t *testing.T) {
			p := newPlan(rand.New(rand.NewPCG(seed, 0)))
			s := p.build(t)
			p.refusesAttach(t, s)
			dead := s.client(byBoth)
			if n, err := s.accounts.RevokeIdentity(t.Context(), "u"); err != nil || n == 0 {
				t.Fatalf("RevokeIdentity: got %d, %v", n, err)
			}
			dead.SetCookie(&http.Cookie{Name: "__Host-parcel", Value: strings.Repeat("A", 64)})
			cookies := map[guest][]*http.Cookie{}
			for _, g := range everyGuest() {
				cookies[g] = cookiesOf(s.client(g))
			}
			tokens := p.issue(s)
			p.checkSite(t, s, cookies, cookiesOf(dead))
			p.checkTokens(t, s, tokens, cookies)
			if p.second {
				other := *s
				other.mux, other.api = newAPI()
				other.attach(other.api)
				p.populate(&other)
				p.checkSite(t, &other, cookies, cookiesOf(dead))
				p.checkTokens(t, &other, tokens, cookies)
			}
			if t.Failed() {
				t.Logf("seed %d, RequireByDefault %v, OmitRoles %v, bearer by default %v, neighbour %q, tokens of %q, bearer accepted %v",
					seed, p.byDefault, p.omitRoles, p.global, p.neighbour, p.tokens, p.accepts)
			}
		})
	}
}

func (p plan) build(t *testing.T) *site {
	t.Helper()
	s := newSiteWith(t, p.bearerOf("parcel", "parcelBearer", "pp_"), func(o *humasess.Options[account]) {
		o.RequireByDefault, o.OmitRoles, o.Bearer = p.byDefault, p.omitRoles, p.bearerOf("account", "", "")
		o.RejectCrossSiteReads = p.isolated
		if p.csrf {
			o.CSRFHeader = "X-CSRF-Token"
		}
		if p.accepts {
			o.AcceptSchemes = []string{"bearer"}
		}
	})
	p.populate(s)
	return s
}

func (p plan) populate(s *site) {
	if p.global {
		// By hand, between Attach and the first operation, as users do.
		alternative := map[string][]string{"bearer": {}}
		if p.byDefault {
			alternative["sessionCookie"] = []string{}
		}
		s.api.OpenAPI().Security = alternatives{alternative}
	}
	shared := make([]*huma.Param, 0, 8)
	for _, op := range p.operations {
		op.register(s, s.api, shared)
	}
}

// refusesAttach checks that no manager can be attached to an API that shares
// the document of one with managers, nor to one that is late.
func (p plan) refusesAttach(t *testing.T, s *site) {
	t.Helper()
	config := huma.DefaultConfig("Neighbour", "1.0.0")
	switch oapi := s.api.OpenAPI(); p.neighbour {
	case "document":
		config.OpenAPI = oapi
	case "components":
		config.Components = oapi.Components
	case "registry":
		config.Components = &huma.Components{Schemas: oapi.Components.Schemas}
	default: // operations that were registered before, if anything shows them
		api := humago.New(http.NewServeMux(), config)
		shown := false
		for _, op := range p.operations {
			if op.hidden && !op.embeds.mistaken {
				op.embeds.register(api, huma.Operation{Method: op.method, Path: "/" + op.name, Hidden: true})
				shown = shown || op.embeds.account || op.embeds.parcel
			}
		}
		if err := s.parcels.Attach(api); (err != nil) != shown {
			t.Errorf("Attach after hidden operations: got error %v, want one: %v", err, shown)
		}
		return
	}
	api := humago.New(http.NewServeMux(), config)
	for _, attach := range []func(huma.API) error{s.accounts.Attach, s.parcels.Attach} {
		if err := attach(api); err == nil {
			t.Errorf("Attach to an API that shares the %s: got no error", p.neighbour)
		}
	}
}

func (p plan) checkSite(t *testing.T, s *site, cookies map[guest][]*http.Cookie, dead []*http.Cookie) {
	t.Helper()
	doc, text := documentOf(t, s.mux)
	noTraces(t, doc, text)
	client := func(cookies []*http.Cookie) *humasesstest.Client {
		c := humasesstest.NewClient(s.mux)
		for _, cookie := range cookies {
			c.SetCookie(cookie)
		}
		return c
	}
	documented := 0
	for i, op := range p.operations {
		if !op.served() {
			continue
		}
		e := p.expects(op)
		for _, path := range op.paths() {
			if !op.hidden {
				documented++
				p.checkDocument(t, doc, op, e, path)
			}
			for g, held := range cookies {
				checkRequests(t, client(held), g, op, e, path, p.exact(i))
			}
			checkRequests(t, client(dead), byNobody, op, e, path, p.exact(i))
		}
	}
	if got := len(doc.Paths); got != documented {
		t.Errorf("got %d paths documented, want %d", got, documented)
	}
}

func cookiesOf(c *humasesstest.Client) []*http.Cookie {
	var all []*http.Cookie
	for _, name := range []string{"__Host-id", "__Host-parcel"} {
		if value := c.Cookie(name); value != "" {
			all = append(all, &http.Cookie{Name: name, Value: value})
		}
	}
	return all
}

func everyGuest() []guest {
	var all []guest
	for bits := range 4 {
		for _, g := range []guest{byNobody, byPlain, byAdmin, byAuditor, {session: true, roles: "audit"}} {
			g.bearer, g.parcel = bits&1 != 0, bits&2 != 0
			all = append(all, g)
		}
	}
	return all
}

func checkRequests(t *testing.T, c *humasesstest.Client, g guest, op plannedOperation, e expected, path string, exact bool, edits ...func(*http.Request)) {
	t.Helper()
	methods := []string{op.method}
	if op.method == http.MethodGet {
		methods = append(methods, http.MethodHead)
	}
	want := e.lets(g)
	if !e.ours && !e.broken {
		want = http.StatusNoContent // a scheme that nothing checks is the user's to check
	}
	without := e
	without.accepts = nil // an operation whose markers are overwritten may accept no bearer
	for _, method := range methods {
		w := c.Do(method, path, nil, append([]func(*http.Request){func(r *http.Request) {
			if g.bearer {
				r.Header.Set("Authorization", "Bearer good")
			}
		}}, edits...)...)
		refused := w.Code >= http.StatusBadRequest && w.Code != http.StatusNotFound
		if w.Code != want && (exact || !refused && w.Code != without.lets(g)) {
			t.Errorf("%s %s by %+v: got %d, want %d; %v", method, path, g, w.Code, want, op)
		}
	}
}

func (p plan) checkDocument(t *testing.T, doc document, op plannedOperation, e expected, path string) {
	t.Helper()
	got, ok := doc.Paths[path][strings.ToLower(op.method)]
	if !ok {
		t.Errorf("%s: got no entry in the document; %v", path, op)
		return
	}
	text := got.Security
	if text == nil {
		text = doc.Security
	}
	var security alternatives
	if err := json.Unmarshal(text, &security); text != nil && err != nil {
		t.Fatalf("security %s: %v", text, err)
	}
	says := e.inDocument()
	if p.omitRoles {
		says = says.withoutRoles()
	}
	for _, g := range append(everyGuest(), p.tokenGuests()...) {
		documented := expected{any: security, literal: true}.lets(g) == http.StatusNoContent
		if want := says.lets(g) == http.StatusNoContent; documented != want {
			t.Errorf("%s by %+v: got let in %v by the document %s, want %v; %v", path, g, documented, text, want, op)
		}
	}
	for i, alternative := range security {
		if len(alternative) == 0 && i != len(security)-1 {
			t.Errorf("%s: got {} not last in %s; %v", path, text, op)
		}
	}
	for code, want := range map[string]bool{
		"401":     e.ours && e.lets(byNobody) != http.StatusNoContent,
		"403":     e.ours && e.mayForbid(),
		"default": true,
		"422":     false,
	} {
		if _, has := got.Responses[code]; has != want {
			t.Errorf("%s: got %s documented %v, want %v; %v", path, code, has, want, op)
		}
	}
	for code, r := range got.Responses {
		_, has := r.Headers["Set-Cookie"]
		if want := op.embeds.login && code == "204"; has != want {
			t.Errorf("%s %s: got Set-Cookie documented %v, want %v; %v", path, code, has, want, op)
		}
	}
}

// String is the operation as a user would tell it.
func (op plannedOperation) String() string {
	return fmt.Sprintf("%s embeds %s, hidden %v, skips %v, shares %v, after %d, Security %v, groups %+v",
		op.name, op.embeds.name, op.hidden, op.skips, op.shares, op.after, op.written, op.groups)
}
