package cookies

import (
	"slices"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/response"
)

// lines are the Cookie header lines of a request. huma's Header returns
// only the first, and a client of HTTP/1.1 may send several.
type lines struct {
	all   []string                 // in the order of the request
	visit func(name, value string) // method value, made once
}

var linesPool = sync.Pool{New: func() any {
	l := &lines{}
	l.visit = l.add
	return l
}}

// linesOf returns the lines of a request. They are valid until release, and
// on fasthttp no longer than the request.
func linesOf(ctx huma.Context) *lines {
	l := linesPool.Get().(*lines)
	ctx.EachHeader(l.visit)
	return l
}

func (l *lines) add(name, value string) {
	if response.SameName(name, "Cookie") {
		l.all = append(l.all, value)
	}
}

// release gives the memory back.
func (l *lines) release() {
	clear(l.all)
	l.all = l.all[:0]
	linesPool.Put(l)
}

// Same reports whether two requests have the same Cookie lines.
func Same(a, b huma.Context) bool {
	l, other := linesOf(a), linesOf(b)
	defer l.release()
	defer other.release()
	return slices.Equal(l.all, other.all)
}
