package cookies

import (
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/response"
)

// Lines are the header lines of a request that bring a session: Cookie and
// Authorization. huma's Header returns only the first, and a client of HTTP/1.1 may send
// several.
type Lines struct {
	Upgrade bool // the request has a header of that name

	// Bearer says that the request has a bearer token of a session; see Bear. Then Token is
	// its text, or "" if it cannot be used.
	Bearer bool
	Token  string

	all           []string                 // of Cookie, in the order of the request
	authorization []string                 // lines of that name
	listed        bool                     // the context lists its headers
	visit         func(name, value string) // method value, made once
}

var linesPool = sync.Pool{New: func() any {
	l := &Lines{}
	l.visit = l.add
	return l
}}

// LinesOf returns the lines of a request. They are valid until Release, and
// on fasthttp no longer than the request.
func LinesOf(ctx huma.Context) *Lines {
	l := linesPool.Get().(*Lines)
	ctx.EachHeader(l.visit)
	if !l.listed { // the context does not list its headers
		l.add("Cookie", ctx.Header("Cookie"))
		l.add("Authorization", ctx.Header("Authorization"))
		l.Upgrade = ctx.Header("Upgrade") != ""
	}
	return l
}

// Empty reports whether the request has neither a cookie nor a token that may open a
// session.
func (l *Lines) Empty() bool { return len(l.all) == 0 && l.Token == "" }

// Bear looks for a bearer token that begins with one of the prefixes. Such a request is
// judged by the token alone, so the cookies are dropped. A second line of Authorization
// beside it makes both unusable, because servers and proxies disagree on which counts.
func (l *Lines) Bear(prefixes []string) {
	for _, line := range l.authorization {
		if token := BearerToken(line); slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(token, p) }) {
			l.Bearer, l.Token = true, token
		}
	}
	if !l.Bearer {
		return
	}
	if len(l.authorization) > 1 {
		l.Token = ""
	}
	clear(l.all)
	l.all = l.all[:0]
}

// BearerToken returns the credentials of the scheme Bearer, or "". The name of the scheme
// has no case (RFC 9110 § 11.1).
func BearerToken(line string) string {
	const scheme = "Bearer "
	line = trim(line)
	if len(line) <= len(scheme) || !strings.EqualFold(line[:len(scheme)], scheme) {
		return ""
	}
	return trim(line[len(scheme):])
}

// add notes a header of the request. fasthttp joins the Cookie lines when it lists them,
// and the first line may be empty.
func (l *Lines) add(name, value string) {
	l.listed = true
	switch {
	case response.SameName(name, "Cookie"):
		if value != "" {
			l.all = append(l.all, value)
		}
	case response.SameName(name, "Authorization"):
		if value != "" {
			l.authorization = append(l.authorization, value)
		}
	case response.SameName(name, "Upgrade"):
		l.Upgrade = true
	}
}

// Release gives the memory back.
func (l *Lines) Release() {
	clear(l.all)
	clear(l.authorization)
	l.all, l.authorization, l.listed, l.Upgrade = l.all[:0], l.authorization[:0], false, false
	l.Bearer, l.Token = false, ""
	linesPool.Put(l)
}

// Same reports whether two requests have the same lines of Cookie and Authorization.
func Same(a, b huma.Context) bool {
	l, other := LinesOf(a), LinesOf(b)
	defer l.Release()
	defer other.Release()
	return slices.Equal(l.all, other.all) && slices.Equal(l.authorization, other.authorization)
}

// trim removes the optional whitespace of RFC 9110 § 5.6.3, and no more than that.
func trim(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}
