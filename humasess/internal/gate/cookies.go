package gate

import (
	"slices"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// cookieLines are the Cookie header lines of a request. huma's Header returns
// only the first, and a client of HTTP/1.1 may send several.
type cookieLines struct {
	n     int
	first string
	more  []string
	visit func(name, value string) // method value, made once
}

var cookieLinesPool = sync.Pool{New: func() any {
	l := &cookieLines{}
	l.visit = l.add
	return l
}}

// cookieLinesOf returns the lines of a request. They are valid until release,
// and on fasthttp no longer than the request.
func CookieLinesOf(ctx huma.Context) *cookieLines {
	l := cookieLinesPool.Get().(*cookieLines)
	ctx.EachHeader(l.visit)
	return l
}

func (l *cookieLines) add(name, value string) {
	if !is(name, "Cookie") {
		return
	}
	if l.n == 0 {
		l.first = value
	} else {
		l.more = append(l.more, value)
	}
	l.n++
}

// release gives the memory back.
func (l *cookieLines) Release() {
	clear(l.more)
	l.n, l.first, l.more = 0, "", l.more[:0]
	cookieLinesPool.Put(l)
}

// count returns the number of lines, and line one of them.
func (l *cookieLines) Count() int { return l.n }

func (l *cookieLines) Line(i int) string {
	if i == 0 {
		return l.first
	}
	return l.more[i-1]
}

// equal reports whether two requests have the same lines.
func (l *cookieLines) equal(other *cookieLines) bool {
	return l.n == other.n && l.first == other.first && slices.Equal(l.more, other.more)
}
