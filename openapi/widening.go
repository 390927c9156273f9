package openapi

import (
	"maps"
	"slices"

	"github.com/humasess/sessions/internal/policy"
)

// widening knows by which options the managers of one policy admit more than those of
// another. Each is a change of its own, which diffManagers reports. So the operations are
// compared without it. An option that admits less explains nothing here: it must not hide
// that an operation admits more.
type widening struct {
	from, to []Manager
	reads    []string          // managers that no longer refuse reads of other sites
	tokens   []string          // schemes of CSRF tokens that are no longer asked for
	added    map[string]string // schemes of sessions, by the new scheme of their bearer tokens
	names    map[string]string // new schemes of bearer tokens, by the old ones
}

func widened(from, to []Manager) widening {
	w := widening{from: from, to: to, added: map[string]string{}, names: map[string]string{}}
	for _, was := range from {
		i := slices.IndexFunc(to, func(m Manager) bool { return m.Scheme == was.Scheme })
		if i < 0 {
			continue
		}
		is := to[i]
		if was.RejectCrossSiteReads && !is.RejectCrossSiteReads {
			w.reads = append(w.reads, was.Scheme)
		}
		if was.CSRFHeader != "" && is.CSRFHeader == "" {
			w.tokens = append(w.tokens, policy.CSRFKey(was.Scheme))
		}
		switch {
		case is.Bearer == nil:
		case was.Bearer == nil:
			w.added[is.Bearer.Scheme] = is.Scheme
		case was.Bearer.Scheme != is.Bearer.Scheme:
			w.names[was.Bearer.Scheme] = is.Bearer.Scheme
		}
	}
	return w
}

// loosens reports whether an operation admits a request that it did not admit before. What
// nothing checks is open. It may have been closed before, because the program may check it
// by itself.
func (w widening) loosens(was, is Operation) bool {
	before, after := w.before(was), w.after(is)
	if is.Access == Unchecked && was.Access != Unchecked {
		after = []Admission{{}}
	}
	if !covers(before, after) {
		return true
	}
	checked := slices.ContainsFunc(before, func(a Admission) bool { return a.SameOrigin })
	return checked && w.trustsMore(was, is)
}

// before returns the admissions of an operation, with those that the options add.
func (w widening) before(op Operation) []Admission {
	all := w.renamed(op.Admits)
	reads := policy.SafeMethod(op.Method) && slices.ContainsFunc(op.users(w.from), func(key string) bool { return slices.Contains(w.reads, key) })
	if !reads && len(w.tokens) == 0 {
		return all
	}
	all = slices.Clone(all)
	for i := range all {
		a := &all[i]
		a.SameOrigin = a.SameOrigin && !reads
		a.Credentials = maps.Clone(a.Credentials)
		maps.DeleteFunc(a.Credentials, func(key string, _ []string) bool { return slices.Contains(w.tokens, key) })
	}
	return all
}

// after returns the admissions of an operation. A bearer token of a manager that had none
// counts as the cookie in its place, with all that an operation can ask of a cookie.
func (w widening) after(op Operation) []Admission {
	return rewrite(op.Admits, w.added, func(a *Admission, session string) {
		a.SameOrigin = true
		a.Credentials[policy.CSRFKey(session)] = []string{}
	})
}

// renamed returns admissions with the new schemes of bearer tokens.
func (w widening) renamed(all []Admission) []Admission {
	return rewrite(all, w.names, func(*Admission, string) {})
}

// rewrite replaces schemes in a copy, and calls edit for each one.
func rewrite(all []Admission, schemes map[string]string, edit func(a *Admission, scheme string)) []Admission {
	if len(schemes) == 0 {
		return all
	}
	all = slices.Clone(all)
	for i := range all {
		a := &all[i]
		credentials := make(map[string][]string, len(a.Credentials)+1)
		for key, scopes := range a.Credentials {
			if other, has := schemes[key]; has {
				key = other
			}
			credentials[key] = union(credentials[key], scopes)
		}
		before := a.Credentials
		a.Credentials = credentials
		for key, other := range schemes {
			if _, has := before[key]; has {
				edit(a, other)
			}
		}
		a.Users = slices.Clone(a.Users)
		for j := range a.Users {
			if other, has := schemes[a.Users[j].Credential]; has {
				a.Users[j].Credential = other
			}
		}
	}
	return all
}

// trustsMore reports whether an operation may admit an origin that a manager refused. All
// managers whose sessions an operation uses must trust an origin.
func (w widening) trustsMore(was, is Operation) bool {
	before, after := managers(w.from, was.users(w.from)), managers(w.to, is.users(w.to))
	stays := func(m Manager) bool {
		return slices.ContainsFunc(after, func(o Manager) bool { return o.Scheme == m.Scheme })
	}
	if !slices.ContainsFunc(before, func(m Manager) bool { return !stays(m) }) {
		return false
	}
	if slices.ContainsFunc(before, func(m Manager) bool { return !stays(m) && m.CSRFHeader != "" }) {
		return true // its cookie needed a token, also where the session is optional
	}
	return !slices.ContainsFunc(after, func(m Manager) bool {
		return !slices.Contains(m.Functions, "TrustOrigin") &&
			!slices.ContainsFunc(before, func(o Manager) bool { return !containsAll(o.TrustedOrigins, m.TrustedOrigins) })
	})
}

// readsOthers reports whether an operation reads other sessions, without asking for them.
func (w widening) readsOthers(was, is Operation) bool {
	return (is.Access == Optional || is.Access == Login) && !slices.Equal(was.users(w.from), is.users(w.to))
}

func managers(all []Manager, keys []string) []Manager {
	return slices.DeleteFunc(slices.Clone(all), func(m Manager) bool { return !slices.Contains(keys, m.Scheme) })
}

// users returns the schemes of the managers whose sessions an operation uses.
func (op Operation) users(all []Manager) []string {
	if len(op.Sessions) == 0 && len(all) == 1 {
		return []string{all[0].Scheme}
	}
	return op.Sessions
}
