package openapi

import (
	"fmt"
	"strings"
	"time"
)

// Markdown returns the policy as tables in GitHub Flavored Markdown: one of the operations,
// and one of each manager. Options that are not set are left out. A first line counts the
// open operations, which are those with another access than [User].
func (p Policy) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", p.open())
	row(&b, "operation", "access", "asks for", "remarks")
	row(&b, "---", "---", "---", "---")
	for _, op := range p.Operations {
		title := code(op.title())
		if op.Path == "" {
			title = fmt.Sprintf("%d %s", op.Count, plural("hidden operation", op.Count))
		}
		asks := op.who()
		if reads := op.reads(); reads != "" {
			asks = strings.TrimPrefix(asks+", "+reads, ", ")
		}
		row(&b, title, plain(string(op.Access)), asks, strings.Join(op.remarks(), ", "))
	}
	for _, m := range p.Managers {
		fmt.Fprintln(&b)
		row(&b, "manager "+code(m.Scheme), "")
		row(&b, "---", "---")
		for _, o := range m.options() {
			if o[1] != "" {
				row(&b, o[0], o[1])
			}
		}
	}
	return b.String()
}

// open counts the operations that no manager closes.
func (p Policy) open() string {
	counts := map[Access]int{}
	open, all := 0, 0
	for _, op := range p.Operations {
		n := max(op.Count, 1)
		all += n
		counts[op.Access] += n
	}
	var kinds []string
	for _, access := range []Access{Unmarked, Public, Login, Optional, Unchecked} {
		if n := counts[access]; n > 0 {
			kinds = append(kinds, fmt.Sprintf("%d `%s`", n, access))
			open += n
		}
	}
	if unknown := all - open - counts[User]; unknown > 0 { // in a file that no program wrote
		kinds = append(kinds, fmt.Sprintf("%d unknown", unknown))
		open += unknown
	}
	text := fmt.Sprintf("Open operations: %d of %d", open, all)
	if open > 0 {
		text += " (" + strings.Join(kinds, ", ") + ")"
	}
	return text + "."
}

// plain returns text without what Markdown gives a meaning. Only a file that no program wrote
// has such text.
func plain(text string) string {
	if strings.ContainsAny(text, "`*_<>[]|\\&") {
		return code(text)
	}
	return visible(text)
}

// row writes a row of a table. A pipe would end its cell, also within code.
func row(b *strings.Builder, cells ...string) {
	b.WriteByte('|')
	for _, cell := range cells {
		if cell != "" {
			b.WriteString(" " + strings.ReplaceAll(cell, "|", `\|`))
		}
		b.WriteString(" |")
	}
	b.WriteByte('\n')
}

// options returns the names and values of the options. A value is empty if the option is
// not set.
func (m Manager) options() [][2]string {
	all := [][2]string{
		{"data", code(m.Data)},
		{"cookie", code(m.Cookie.header())},
		{"former cookie names", list(m.Cookie.Former)},
		{"idle timeout", days(m.IdleTimeout)},
		{"absolute timeout", days(m.AbsoluteTimeout)},
		{"idle timeout, remembered", days(m.RememberIdleTimeout)},
		{"absolute timeout, remembered", days(m.RememberAbsoluteTimeout)},
	}
	if b := m.Bearer; b != nil {
		all = append(all, [][2]string{
			{"bearer tokens", code(b.Scheme) + ", as " + code(b.Prefix+"…")},
			{"idle timeout, bearer", days(b.IdleTimeout)},
			{"absolute timeout, bearer", days(b.AbsoluteTimeout)},
		}...)
	}
	limit := "no limit"
	switch {
	case m.MaxPerIdentity < 0:
	case m.RefuseOverLimit:
		limit = fmt.Sprintf("at most %d, more are refused", m.MaxPerIdentity)
	default:
		limit = fmt.Sprintf("at most %d, one more ends the oldest", m.MaxPerIdentity)
	}
	all = append(all, [][2]string{
		{"token renewed every", set(m.RotateEvery != 0, m.RotateEvery.String())},
		{"previous token valid for", set(m.RotationGrace != 0, m.RotationGrace.String())},
		{"reused token", set(m.RevokeReused, "ends the session")},
		{"sessions of a user", limit},
		{"session required by default", set(m.RequireByDefault, "yes")},
		{"anonymous sessions suffice", set(m.AnonymousSuffices, "yes")},
		{"session in its cookie", set(m.ClientSide, "yes, so it cannot be revoked at once")},
		{"trusted origins", list(m.TrustedOrigins)},
		{"cross-site reads", set(m.RejectCrossSiteReads, "refused")},
		{"CSRF token", set(m.CSRFHeader != "", code(m.CSRFHeader))},
	}...)
	for _, c := range m.Schemes {
		all = append(all, [2]string{"credential " + code(c.Scheme), plain(c.describe())})
	}
	return append(all, [2]string{"decided by code", list(m.Functions)})
}

// header returns the attributes in the form of a Set-Cookie.
func (c Cookie) header() string {
	text := c.Name + "; Path=" + c.Path
	text += set(c.Domain != "", "; Domain="+c.Domain) + set(!c.InsecureAllowHTTP, "; Secure")
	return text + "; HttpOnly; SameSite=" + c.SameSite + set(c.Partitioned, "; Partitioned")
}

// days returns the duration, and its number of days if it has at least two.
func days(d Duration) string {
	const day = Duration(24 * time.Hour)
	if d < 2*day || d%day != 0 {
		return d.String()
	}
	return fmt.Sprintf("%v (%d days)", d, d/day)
}

func set(is bool, text string) string {
	if is {
		return text
	}
	return ""
}

func list(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return codes(names)
}
