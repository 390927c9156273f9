package cookies

import (
	"slices"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/response"
)

// Lines are the Cookie header lines of a request. huma's Header returns
// only the first, and a client of HTTP/1.1 may send several.
type Lines struct {
	Upgrade bool // the request has a header of that name

	all    []string                 // in the order of the request
	listed bool                     // the context lists its headers
	visit  func(name, value string) // method value, made once
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
		l.Upgrade = ctx.Header("Upgrade") != ""
	}
	return l
}

// Empty reports whether the request has no cookie.
func (l *Lines) Empty() bool { return len(l.all) == 0 }

// add notes a header of the request. fasthttp joins the Cookie lines when it lists them,
// and the first line may be empty.
func (l *Lines) add(name, value string) {
	l.listed = true
	switch {
	case response.SameName(name, "Cookie"):
		if value != "" {
			l.all = append(l.all, value)
		}
	case response.SameName(name, "Upgrade"):
		l.Upgrade = true
	}
}

// Release gives the memory back.
func (l *Lines) Release() {
	clear(l.all)
	l.all, l.listed, l.Upgrade = l.all[:0], false, false
	linesPool.Put(l)
}

// Same reports whether two requests have the same Cookie lines.
func Same(a, b huma.Context) bool {
	l, other := LinesOf(a), LinesOf(b)
	defer l.Release()
	defer other.Release()
	return slices.Equal(l.all, other.all)
}
