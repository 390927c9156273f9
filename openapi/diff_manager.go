package openapi

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// diffManagers compares the options of managers with the same scheme. A manager that is
// gone loosens, because hidden operations may have relied on it.
func diffManagers(before, after []Manager) []Change {
	var changes []Change
	find := func(all []Manager, scheme string) int {
		return slices.IndexFunc(all, func(m Manager) bool { return m.Scheme == scheme })
	}
	for _, m := range before {
		if find(after, m.Scheme) < 0 {
			changes = append(changes, Change{Effect: Loosens, Subject: "manager " + m.Scheme, Old: "of " + m.Data})
		}
	}
	for _, m := range after {
		if i := find(before, m.Scheme); i >= 0 {
			changes = append(changes, diffManager(before[i], m, before)...)
		} else {
			changes = append(changes, Change{Effect: Other, Subject: "manager " + m.Scheme, New: "of " + m.Data})
		}
	}
	return changes
}

// comparison collects the changes of one manager.
type comparison struct {
	scheme  string
	all     []Manager // of the old policy
	changes []Change
}

func diffManager(was, is Manager, all []Manager) []Change {
	c := &comparison{scheme: is.Scheme, all: all}
	c.longer("idleTimeout", was.IdleTimeout, is.IdleTimeout)
	c.longer("absoluteTimeout", was.AbsoluteTimeout, is.AbsoluteTimeout)
	c.longer("rememberIdleTimeout", was.RememberIdleTimeout, is.RememberIdleTimeout)
	c.longer("rememberAbsoluteTimeout", was.RememberAbsoluteTimeout, is.RememberAbsoluteTimeout)
	c.longer("rotateEvery", orNever(was.RotateEvery), orNever(is.RotateEvery))
	c.longer("rotationGrace", was.RotationGrace, is.RotationGrace)
	c.more("maxPerIdentity", was.MaxPerIdentity, is.MaxPerIdentity)
	c.flag("revokeReused", was.RevokeReused, is.RevokeReused, Tightens)
	c.flag("refuseOverLimit", was.RefuseOverLimit, is.RefuseOverLimit, Tightens)
	c.flag("requireByDefault", was.RequireByDefault, is.RequireByDefault, Tightens)
	c.flag("rejectCrossSiteReads", was.RejectCrossSiteReads, is.RejectCrossSiteReads, Tightens)
	c.flag("anonymousSuffices", was.AnonymousSuffices, is.AnonymousSuffices, Loosens)
	c.flag("clientSide", was.ClientSide, is.ClientSide, Loosens) // such a session cannot be revoked at once
	c.text("data", was.Data, is.Data, Other)
	c.cookie(was.Cookie, is.Cookie)
	c.bearer(was.Bearer, is.Bearer)
	c.list("trustedOrigins", was.TrustedOrigins, is.TrustedOrigins)
	c.token(was.CSRFHeader, is.CSRFHeader)
	c.schemes(was.Schemes, is.Schemes)
	c.functions(was.Functions, is.Functions)
	return c.changes
}

func (c *comparison) add(option string, effect Effect, was, is string) {
	c.changes = append(c.changes, Change{Effect: effect, Subject: "manager " + c.scheme + ": " + option, Old: was, New: is})
}

// longer compares durations of which the longer admits more.
func (c *comparison) longer(option string, was, is Duration) {
	if n := cmp.Compare(is, was); n != 0 {
		c.add(option, map[int]Effect{1: Loosens, -1: Tightens}[n], never(was), never(is))
	}
}

// orNever returns a time that is longer than all others for 0.
func orNever(d Duration) Duration {
	if d == 0 {
		return math.MaxInt64
	}
	return d
}

func never(d Duration) string {
	if d == math.MaxInt64 {
		return "never"
	}
	return d.String()
}

func (c *comparison) more(option string, was, is int) {
	limit := func(n int) (int, string) {
		if n < 0 {
			return math.MaxInt, "no limit"
		}
		return n, fmt.Sprint(n)
	}
	before, old := limit(was)
	after, now := limit(is)
	if n := cmp.Compare(after, before); n != 0 {
		c.add(option, map[int]Effect{1: Loosens, -1: Tightens}[n], old, now)
	}
}

// flag compares an option that has an effect when it is set, and the opposite one when it
// is no longer set.
func (c *comparison) flag(option string, was, is bool, effect Effect) {
	c.toggle(option, was, is, effect, "true", "false")
}

// toggle is flag with names of both values.
func (c *comparison) toggle(option string, was, is bool, effect Effect, yes, no string) {
	if was == is {
		return
	}
	if was && effect != Other {
		effect = Loosens + Tightens - effect
	}
	name := map[bool]string{true: yes, false: no}
	c.add(option, effect, name[was], name[is])
}

func (c *comparison) text(option, was, is string, effect Effect) {
	if was != is {
		c.add(option, effect, cmp.Or(was, "none"), cmp.Or(is, "none"))
	}
}

// list compares options that admit more with each element.
func (c *comparison) list(option string, was, is []string) {
	if slices.Equal(was, is) {
		return
	}
	effect := Loosens
	if containsAll(was, is) {
		effect = Tightens
	}
	if containsAll(was, is) && containsAll(is, was) {
		effect = Other
	}
	text := func(all []string) string { return cmp.Or(strings.Join(all, " "), "none") }
	c.add(option, effect, text(was), text(is))
}

func (c *comparison) cookie(was, is Cookie) {
	effect := Other
	switch n := cmp.Compare(strength(is.Name), strength(was.Name)); {
	case n < 0:
		effect = Loosens // a sibling host can set the cookie
	case n > 0:
		effect = Tightens
	}
	c.text("cookie.name", was.Name, is.Name, effect)
	c.list("cookie.former", was.Former, is.Former)
	if effect = Loosens; strings.HasPrefix(strings.TrimSuffix(is.Path, "/")+"/", strings.TrimSuffix(was.Path, "/")+"/") {
		effect = Tightens // fewer paths get the cookie
	}
	c.text("cookie.path", was.Path, is.Path, effect)
	c.flag("cookie.insecureAllowHTTP", was.InsecureAllowHTTP, is.InsecureAllowHTTP, Loosens)
	c.flag("cookie.partitioned", was.Partitioned, is.Partitioned, Tightens)
	order := []string{"Strict", "Lax", "None"}
	if effect = Loosens; slices.Contains(order, is.SameSite) && slices.Index(order, is.SameSite) < slices.Index(order, was.SameSite) {
		effect = Tightens
	}
	c.text("cookie.sameSite", was.SameSite, is.SameSite, effect)
	effect = Loosens
	if is.Domain == "" || was.Domain != "" && strings.HasSuffix("."+is.Domain, "."+was.Domain) {
		effect = Tightens // fewer hosts get the cookie
	}
	c.text("cookie.domain", was.Domain, is.Domain, effect)
}

// strength orders names by the rules that browsers apply to their prefixes
// (RFC 6265bis § 4.1.3).
func strength(name string) int {
	name = strings.ToLower(name)
	switch {
	case strings.HasPrefix(name, "__host-"):
		return 2
	case strings.HasPrefix(name, "__secure-"), strings.HasPrefix(name, "__http-"):
		return 1
	}
	return 0
}

func (c *comparison) bearer(was, is *Bearer) {
	switch {
	case was == nil && is == nil:
	case was == nil:
		c.add("bearer", Loosens, "none", is.Scheme)
	case is == nil:
		c.add("bearer", Tightens, was.Scheme, "none")
	default:
		c.longer("bearer.idleTimeout", was.IdleTimeout, is.IdleTimeout)
		c.longer("bearer.absoluteTimeout", was.AbsoluteTimeout, is.AbsoluteTimeout)
		c.text("bearer.prefix", was.Prefix, is.Prefix, Other)
		c.text("bearer.scheme", was.Scheme, is.Scheme, Other)
	}
}

func (c *comparison) token(was, is string) {
	effect := Other
	switch {
	case was == "":
		effect = Tightens
	case is == "":
		effect = Loosens
	}
	c.text("csrfHeader", was, is, effect)
}

// schemes compares the credentials of the program. Another place for a credential of the
// same name cannot be compared.
func (c *comparison) schemes(was, is []Credential) {
	for _, old := range was {
		if !slices.ContainsFunc(is, func(o Credential) bool { return o.Scheme == old.Scheme }) {
			c.add("schemes."+old.Scheme, Tightens, old.describe(), "none")
		}
	}
	for _, now := range is {
		i := slices.IndexFunc(was, func(o Credential) bool { return o.Scheme == now.Scheme })
		switch {
		case i < 0:
			// The function of another manager decided about it before.
			moved := slices.ContainsFunc(c.all, func(m Manager) bool {
				return slices.ContainsFunc(m.Schemes, func(o Credential) bool { return o.Scheme == now.Scheme })
			})
			c.add("schemes."+now.Scheme, map[bool]Effect{true: Loosens, false: Other}[now.Accepted || moved], "none", now.describe())
		case was[i] == now:
		case was[i].Accepted && was[i].withoutAccepted() == now.withoutAccepted():
			c.add("schemes."+now.Scheme, Tightens, was[i].describe(), now.describe())
		default:
			c.add("schemes."+now.Scheme, Loosens, was[i].describe(), now.describe())
		}
	}
}

func (c Credential) withoutAccepted() Credential {
	c.Accepted = false
	return c
}

func (c Credential) describe() string {
	parts := slices.DeleteFunc([]string{c.Type, c.In, c.Name}, func(s string) bool { return s == "" })
	if c.Accepted {
		parts = append(parts, "accepted wherever the session suffices")
	}
	return cmp.Or(strings.Join(parts, " "), "not in the document")
}

// functions compares the names of functions. Identity restricts: without it, a session
// without a user suffices. Sealer refuses forged cookies. TrustOrigin and OnUndecodable
// admit requests. Another Codec may read other users.
func (c *comparison) functions(was, is []string) {
	effects := map[string]Effect{"Identity": Tightens, "Sealer": Tightens, "TrustOrigin": Loosens, "OnUndecodable": Loosens, "Roles": Other, "Codec": Other}
	for _, name := range union(was, is) {
		if effect, known := effects[name]; known { // the others are those of the schemes
			option := strings.ToLower(name[:1]) + name[1:]
			c.toggle(option, slices.Contains(was, name), slices.Contains(is, name), effect, "a function", "none")
		}
	}
}
