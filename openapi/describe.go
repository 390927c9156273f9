package openapi

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// describe returns the policy of an operation in one line.
func (op Operation) describe() string {
	parts := []string{string(op.Access)}
	if who := op.who(); who != "" {
		parts = append(parts, who)
	}
	if reads := op.reads(); reads != "" {
		parts = append(parts, reads)
	}
	return strings.Join(append(parts, op.remarks()...), ", ")
}

// counted describes some hidden operations of the same policy. It returns "" for none.
func (op Operation) counted(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n) + " × " + op.describe()
}

// who returns the credentials and conditions of an operation that asks for some. Kinds of
// requests with the same conditions are one part.
func (op Operation) who() string {
	var conditions []string
	credentials := map[string][]string{}
	for _, a := range op.Admits {
		if len(a.Credentials) == 0 {
			continue
		}
		c := a.conditions()
		if !slices.Contains(conditions, c) {
			conditions = append(conditions, c)
		}
		credentials[c] = append(credentials[c], a.credentials())
	}
	var parts []string
	if op.Access == User || op.Access == Unchecked {
		for _, c := range conditions {
			parts = append(parts, strings.TrimSuffix(strings.Join(credentials[c], " or ")+", "+c, ", "))
		}
	}
	return strings.Join(parts, "; or ")
}

// reads returns the sessions of an operation for which it does not ask.
func (op Operation) reads() string {
	text, keys := "session", slices.Clone(op.Sessions)
	if op.Access == User {
		text = "also session"
		keys = slices.DeleteFunc(keys, func(key string) bool {
			return slices.ContainsFunc(op.Admits, func(a Admission) bool { _, asked := a.Credentials[key]; return asked })
		})
	}
	if len(keys) == 0 {
		return ""
	}
	return plural(text, len(keys)) + " " + codes(keys)
}

func (a Admission) credentials() string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(a.Credentials)) {
		text := code(key)
		if scopes := a.Credentials[key]; len(scopes) > 0 {
			text += " (" + codes(scopes) + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " and ")
}

// conditions describes the conditions on users.
func (a Admission) conditions() string {
	var parts []string
	for _, c := range a.Users {
		if len(a.Users) > 1 {
			parts = append(parts, "the user of "+code(c.Credential))
		}
		if len(c.Roles) > 0 {
			parts = append(parts, plural("role", len(c.Roles))+" "+codes(c.Roles))
		}
		for _, p := range c.Proofs {
			text := "signed in"
			if len(p.Methods) > 0 {
				text += " by " + codes(p.Methods)
			}
			if p.Fresh > 0 {
				text += fmt.Sprintf(" within %v", p.Fresh)
			}
			parts = append(parts, text)
		}
		if len(c.Guards) > 0 {
			parts = append(parts, plural("guard", len(c.Guards))+" "+codes(c.Guards))
		}
	}
	return strings.Join(parts, ", ")
}

func (op Operation) remarks() []string {
	var all []string
	if op.AllowCrossSite {
		all = append(all, "cross-site requests allowed")
	}
	if op.HandlerFresh > 0 {
		all = append(all, fmt.Sprintf("the handler may ask for a sign-in within %v", op.HandlerFresh))
	}
	if op.NoTouch {
		all = append(all, "never extends the session")
	}
	if op.Hidden {
		all = append(all, "hidden")
	}
	return all
}

// codes returns names as code in Markdown.
func codes(names []string) string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = code(name)
	}
	return strings.Join(all, ", ")
}

// code returns text as code in Markdown. A line feed would end the row of a table, and
// a backtick the code, unless more of them surround it.
func code(text string) string {
	text = visible(text)
	fence, space := "`", ""
	for strings.Contains(text, fence) {
		fence, space = fence+"`", " "
	}
	return fence + space + text + space + fence
}

// visible replaces control characters and line separators.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

func plural(noun string, n int) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}
