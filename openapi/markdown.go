package openapi

import (
	"fmt"
	"strconv"
	"strings"
)

// Markdown returns the policy as tables in GitHub Flavored Markdown: one of the operations,
// and one of each manager. Options that are not set are left out.
func (p Policy) Markdown() string {
	var b strings.Builder
	row(&b, "operation", "access", "asks for", "exceptions")
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
		row(&b, title, plain(string(op.Access)), asks, strings.Join(op.exceptions(), ", "))
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
		{"idle timeout", m.IdleTimeout.String()},
		{"absolute timeout", m.AbsoluteTimeout.String()},
		{"idle timeout, remembered", m.RememberIdleTimeout.String()},
		{"absolute timeout, remembered", m.RememberAbsoluteTimeout.String()},
	}
	if b := m.Bearer; b != nil {
		all = append(all, [][2]string{
			{"bearer tokens", code(b.Scheme) + ", as " + code(b.Prefix+"…")},
			{"idle timeout, bearer", b.IdleTimeout.String()},
			{"absolute timeout, bearer", b.AbsoluteTimeout.String()},
		}...)
	}
	limit := strconv.Itoa(m.MaxPerIdentity)
	if m.MaxPerIdentity < 0 {
		limit = "no limit"
	}
	all = append(all, [][2]string{
		{"token renewed every", set(m.RotateEvery != 0, m.RotateEvery.String())},
		{"previous token valid for", set(m.RotationGrace != 0, m.RotationGrace.String())},
		{"reused token", set(m.RevokeReused, "ends the session")},
		{"sessions of a user", limit + set(m.RefuseOverLimit, ", more are refused")},
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
	text += set(c.Domain != "", "; Domain="+c.Domain) + set(!c.Insecure, "; Secure")
	return text + "; HttpOnly; SameSite=" + c.SameSite + set(c.Partitioned, "; Partitioned")
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
