package humasess

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/client"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/internal/policy"
)

// Authentication says when and how a session's user has proved their identity.
type Authentication struct {
	// Time of the latest proof: Start, a change of identity, or
	// [Session.Reauthenticated]. Zero for anonymous sessions.
	Time time.Time `json:"time,omitzero" doc:"When the user last proved their identity."`

	// Methods that were named to [Session.Reauthenticated], oldest first and
	// each with its latest time; at most 8.
	Methods []Method `json:"methods,omitempty" nullable:"false" doc:"Methods of authentication, oldest first."`

	// Class of the latest proof, such as an assurance level, by the
	// program's own name for it; OpenID Connect's acr. Only
	// [Session.ReauthenticatedWith] sets it, and the next proof replaces it:
	// no session has a higher class than its authentication (NIST
	// SP 800-63B-4 § 5.1).
	Class string `json:"class,omitempty" doc:"Class of the latest authentication, such as an assurance level."`
}

// Method is one way of proving an identity, preferably by a name of RFC 8176,
// such as "pwd", "otp" or "hwk".
type Method struct {
	Name string    `json:"name" doc:"Name of the method, preferably of RFC 8176." example:"pwd"`
	Time time.Time `json:"time" doc:"When the user last used the method."`
}

// Fresh reports whether at now the latest proof is at most within old. A proof that lies
// further in the future than within is not fresh, because clocks step.
func (a Authentication) Fresh(within time.Duration, now time.Time) bool {
	return !a.Time.IsZero() && now.Sub(a.Time).Abs() <= within
}

const (
	maxMethods     = 8
	maxClassLength = 255
)

// proof is a proof of the user's identity.
type proof struct {
	at      time.Time // zero if there is none
	methods []Method
	class   string
}

// and combines the proof with a later one of the same request.
func (p proof) and(later proof) proof {
	later.methods = withMethods(p.methods, later.methods)
	return later
}

// check refuses values that the program or an identity provider must not give.
func (a Authentication) check() error {
	for _, m := range a.Methods {
		if !policy.ValidMethod(m.Name) {
			return fmt.Errorf("authentication by %q: not 1 to 32 letters, digits and . _ -", m.Name)
		}
	}
	if len(a.Class) > maxClassLength || strings.ContainsFunc(a.Class, func(r rune) bool { return r < '!' || r > '~' }) {
		return fmt.Errorf("authentication of the class %.64q: not up to 255 visible characters of ASCII", a.Class)
	}
	return nil
}

// proof returns the proof that an authentication is now. Its times are not in the
// future, even if the provider's clock is ahead.
func (a Authentication) proof(now time.Time) proof {
	p := proof{at: a.Time, class: a.Class}
	if p.at.IsZero() || p.at.After(now) {
		p.at = now
	}
	for _, m := range a.Methods {
		if m.Time.IsZero() || m.Time.After(p.at) {
			m.Time = p.at
		}
		p.methods = append(p.methods, m)
	}
	return p
}

// Claims are an authentication in the terms of OpenID Connect Core § 2, for ID
// tokens that a program issues and for those that it gets.
type Claims struct {
	AuthTime int64    `json:"auth_time"`     // Unix seconds, 0 if unknown, which proves nothing fresh
	ACR      string   `json:"acr,omitempty"` // [Authentication.Class]
	AMR      []string `json:"amr,omitempty"` // names of the methods
}

// Claims returns the authentication as claims of an ID token.
func (a Authentication) Claims() Claims {
	c := Claims{ACR: a.Class}
	if !a.Time.IsZero() {
		c.AuthTime = a.Time.Unix()
	}
	for _, m := range a.Methods {
		c.AMR = append(c.AMR, m.Name)
	}
	return c
}

// Authentication returns the claims as an authentication, each method with the time
// of all. Providers leave auth_time out unless they are asked for max_age, and an
// attacker at the browser can take max_age out of the request. Without auth_time the
// time is the Unix epoch, and not now.
func (c Claims) Authentication() Authentication {
	a := Authentication{Time: time.Unix(max(c.AuthTime, 0), 0), Class: c.ACR} // the zero Time would be now
	for _, name := range c.AMR {
		a.Methods = append(a.Methods, Method{Name: name, Time: a.Time})
	}
	return a
}

// withMethods adds later ones, in a new slice: the latest time of each counts.
func withMethods(methods, later []Method) []Method {
	var all []Method
	for _, m := range append(slices.Clip(methods), later...) {
		for i := range all {
			if all[i].Name == m.Name {
				all = append(all[:i], all[i+1:]...)
				break
			}
		}
		all = append(all, m)
	}
	return all[max(len(all)-maxMethods, 0):]
}

func encodeMethods(all []Method) []byte {
	var b []byte
	for _, m := range all {
		b = payload.AppendMethod(b, m.Name, m.Time)
	}
	return b
}

func decodeMethods(b []byte) []Method {
	var all []Method
	for name, at := range payload.AllMethods(b) {
		all = append(all, Method{name, at})
	}
	return all
}

// Client describes the client of a session's last sign-in, as Options.Client
// returned it. The client chooses its user agent freely, so it proves nothing. A
// change of it may be a reason to ask for a new sign-in.
type Client struct {
	UserAgent string       `json:"user_agent,omitempty" doc:"User agent of the client."`                // without control characters, "" if not noted
	Address   netip.Prefix `json:"address,omitzero" doc:"Address of the client, or the network of it."` // of /32 or /128 when it is a full one, the zero value if not noted
}

// ClientOf returns the user agent of a request and the truncated address of its
// connection: 24 bits of IPv4, 48 bits of IPv6. It is for Options.Client.
//
// Behind a proxy, the address of the connection is that of the proxy. There,
// Options.Client needs a function that reads the header that the proxy sets.
// ClientOf trusts no header, because clients can send any header.
func ClientOf(ctx huma.Context) Client {
	userAgent, address := client.Of(ctx)
	return Client{UserAgent: userAgent, Address: address}
}

// Label describes the client to its user, as "Firefox on Windows", or by the
// name of a program that is not a browser, as "curl". It is "" when nothing is
// known. Browsers hide more than that, and a client may send any text. So show the
// label, and decide nothing by it.
func (c Client) Label() string { return client.Label(c.UserAgent) }

func decodeClient(b []byte) (c Client) {
	c.UserAgent, c.Address = payload.DecodeClient(b)
	return c
}
