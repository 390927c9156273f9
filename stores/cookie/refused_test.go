package cookie_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/memory"
)

// gateway is a server that records its events and its calls to Revocations.
type gateway struct {
	rig
	revoked *counting
	events  []events.Event
}

func newGateway(t *testing.T, sealer security.Sealer) *gateway {
	t.Helper()
	g := &gateway{revoked: &counting{Revocations: memory.NewRevocations()}}
	g.clock = humasesstest.NewClock()
	opts := &humasess.Options[coretest.User]{
		Now: g.clock.Now, OnEvent: func(_ context.Context, e events.Event) { g.events = append(g.events, e) },
	}
	g.handler, g.sessions = coretest.Serve(t, cookie.New(sealer, &cookie.Options{Revoked: g.revoked}), opts, coretest.Hooks{})
	return g
}

// answer returns the complete response to a cookie: for the client, for the
// operator, and the number of calls.
func (g *gateway) answer(value string) (client, operator string, calls int) {
	g.events, g.revoked.calls = nil, 0
	c := humasesstest.NewClient(g.handler)
	w := c.Do("GET", "/me", nil, func(r *http.Request) { r.Header.Set("Cookie", name+"="+value) })
	var b strings.Builder
	fmt.Fprintln(&b, w.Code, w.Body)
	for _, key := range slices.Sorted(maps.Keys(w.Header())) {
		fmt.Fprintln(&b, key, w.Header()[key])
	}
	return b.String(), fmt.Sprintf("%+v", g.events), g.revoked.calls
}

// issue returns the value of another manager's cookie.
func issue(t *testing.T, store stores.Store, opts *humasess.Options[coretest.User]) string {
	t.Helper()
	m, err := humasess.New(store, opts)
	if err != nil {
		t.Fatal(err)
	}
	c, err := m.Issue(t.Context(), coretest.User{Name: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	return c.Value
}

// withKeyID replaces the header of an AEAD value by that of another one.
func withKeyID(t *testing.T, value, from string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(value)
	other, errOther := base64.RawURLEncoding.DecodeString(from)
	if err != nil || errOther != nil {
		t.Fatal(err, errOther)
	}
	const header = 5 // version and key ID
	return base64.RawURLEncoding.EncodeToString(append(other[:header:header], b[header:]...))
}

// For any invalid cookie the client gets the same answer and the operator the
// same event, without a call to Revocations.
func TestRefusedInOneShape(t *testing.T) {
	for i, s := range goldenSealers {
		t.Run(s.kind, func(t *testing.T) {
			first, second, unknown := key(t), key(t), key(t)
			sealer := func(newSealer func(...security.Key) (security.Sealer, error), keys ...security.Key) security.Sealer {
				s, err := newSealer(keys...)
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
			ring := sealer(s.make, first, second)
			g := newGateway(t, ring)
			good := coretest.SignIn(t, g.handler, "ada").Cookie(name)
			replay := &cookie.Options{AllowReplayAfterLogout: true}
			travelling := func(s security.Sealer, o humasess.Options[coretest.User]) string {
				return issue(t, cookie.New(s, replay), &o)
			}
			version2, err := ring.Seal([]byte("\x20another envelope"), goldenBinding)
			if err != nil {
				t.Fatal(err)
			}
			forged := map[string]string{
				"K1 empty": "", "K7 64 KiB": strings.Repeat("A", 1<<16), "K7 one byte more than fits": strings.Repeat("A", 4097-len(name)),
				"K1 twice": good + good, "K1 padded": good + "=", "K1 quoted": `"` + good + `"`,
				"K2 another cookie's name": travelling(ring, humasess.Options[coretest.User]{Cookie: humasess.CookieOptions{Name: "__Host-it"}}),
				"K2 another manager":       travelling(ring, humasess.Options[coretest.User]{SchemeName: "other"}),
				"K2 another purpose":       issue(t, memory.New(nil), &humasess.Options[coretest.User]{Sealer: ring}),
				"K2 the other sealer":      travelling(sealer(goldenSealers[1-i].make, first, second), humasess.Options[coretest.User]{}),
				"K3 an unknown key":        travelling(sealer(s.make, unknown), humasess.Options[coretest.User]{}),
				"K1 another version":       version2,
			}
			if s.kind == "aead" {
				bySecond := travelling(sealer(s.make, second), humasess.Options[coretest.User]{})
				byUnknown := forged["K3 an unknown key"]
				forged["K1 the other key's ID"] = withKeyID(t, good, bySecond)
				forged["K1 the first key's ID"] = withKeyID(t, bySecond, good)
				forged["K1 an unknown key's ID"] = withKeyID(t, good, byUnknown)
				forged["K1 a known key's ID"] = withKeyID(t, byUnknown, good)
			}
			for bit := range len(good) * 8 {
				b := []byte(good)
				b[bit/8] ^= 1 << (bit % 8)
				forged[fmt.Sprintf("K1 bit %d", bit)] = string(b)
			}
			for n := range len(good) {
				forged[fmt.Sprintf("K1 cut off at %d", n)] = good[:n]
			}
			client, operator, _ := g.answer("x")
			if !strings.HasPrefix(client, "401 ") || strings.Count(operator, "Kind:") != 2 || !strings.Contains(operator, "Reason:malformed") {
				t.Fatalf("nonsense: got %s and events %s, want 401, and two of which one says malformed", client, operator)
			}
			for _, promise := range []string{"K1", "K2", "K3", "K7"} {
				t.Run(promise+" forged", func(t *testing.T) {
					for label, value := range forged {
						if !strings.HasPrefix(label, promise) {
							continue
						}
						if gotClient, gotOperator, calls := g.answer(value); gotClient != client || gotOperator != operator || calls != 0 {
							t.Errorf("%s: got %s, events %s and %d calls, want the answer to random text: %s, %s and none",
								label, gotClient, gotOperator, calls, client, operator)
						}
					}
				})
			}
			if got, _, _ := g.answer(good); !strings.HasPrefix(got, "200 ") {
				t.Errorf("the cookie itself: got %s, want 200", got)
			}

			// A cookie that was once valid differs from random text only in
			// events. All such cookies give the same event.
			var ended string
			for _, tt := range []struct {
				name string
				end  func(c *humasesstest.Client)
			}{
				{"K4 R1 logged out", func(c *humasesstest.Client) { coretest.Do(t, c, "POST", "/logout", http.StatusOK) }},
				{"K4 R2 revoked", func(*humasesstest.Client) {
					if _, err := g.sessions.RevokeIdentity(t.Context(), "ada"); err != nil {
						t.Error(err)
					}
				}},
				{"K4 L1 idle", func(*humasesstest.Client) { g.clock.Advance(33 * time.Minute) }},
				{"K4 another era", func(*humasesstest.Client) { g.revoked.Revocations = memory.NewRevocations() }},
			} {
				t.Run(tt.name, func(t *testing.T) {
					c := coretest.SignIn(t, g.handler, "ada")
					value := c.Cookie(name)
					tt.end(c)
					gotClient, gotOperator, _ := g.answer(value)
					if ended == "" {
						ended = gotOperator
					}
					if gotClient != client || gotOperator != ended || !strings.Contains(gotOperator, "Reason:unknown") {
						t.Errorf("got %s and events %s, want %s and one that says unknown", gotClient, gotOperator, client)
					}
				})
			}
		})
	}
}

// The cookies of two types under one scheme would open for each other.
func TestOneTypeForAScheme(t *testing.T) {
	s := cookie.New(aead(t, key(t)), revoked())
	first, err := humasess.New(s, &humasess.Options[coretest.User]{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := humasess.New(s, &humasess.Options[string]{}); err == nil || !strings.Contains(err.Error(), "Options.SchemeName") {
		t.Errorf("another type: got error %v, want one that names Options.SchemeName", err)
	}
	if _, err := humasess.New(s, &humasess.Options[string]{SchemeName: "other"}); err != nil {
		t.Errorf("another scheme: got error %v, want none", err)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := humasess.New(s, &humasess.Options[string]{}); err != nil {
		t.Errorf("after Close: got error %v, want none", err)
	}
}
