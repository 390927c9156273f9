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
	all   []string                 // in the order of the request
	visit func(name, value string) // method value, made once
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
	// Header comes second: fasthttp joins the lines only when it lists them, and the
	// first one may be empty.
	if len(l.all) == 0 {
		if line := ctx.Header("Cookie"); line != "" { // of a context that does not list its headers
			l.all = append(l.all, line)
		}
	}
	return l
}

// Empty reports whether the request has no cookie.
func (l *Lines) Empty() bool { return len(l.all) == 0 }

func (l *Lines) add(name, value string) {
	if response.SameName(name, "Cookie") {
		l.all = append(l.all, value)
	}
}

// Release gives the memory back.
func (l *Lines) Release() {
	clear(l.all)
	l.all = l.all[:0]
	linesPool.Put(l)
}

// Same reports whether two requests have the same Cookie lines.
func Same(a, b huma.Context) bool {
	l, other := LinesOf(a), LinesOf(b)
	defer l.Release()
	defer other.Release()
	return slices.Equal(l.all, other.all)
}
