package gate

import (
	"slices"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/response"
)

// CookieLines are the Cookie header lines of a request. huma's Header returns
// only the first, and a client of HTTP/1.1 may send several.
type CookieLines struct {
	n     int
	first string
	more  []string
	visit func(name, value string) // method value, made once
}

var linesPool = sync.Pool{New: func() any {
	l := &CookieLines{}
	l.visit = l.add
	return l
}}

// CookieLinesOf returns the lines of a request. They are valid until Release, and
// on fasthttp no longer than the request.
func CookieLinesOf(ctx huma.Context) *CookieLines {
	l := linesPool.Get().(*CookieLines)
	ctx.EachHeader(l.visit)
	return l
}

func (l *CookieLines) add(name, value string) {
	if !response.SameName(name, "Cookie") {
		return
	}
	if l.n == 0 {
		l.first = value
	} else {
		l.more = append(l.more, value)
	}
	l.n++
}

// Release gives the memory back.
func (l *CookieLines) Release() {
	clear(l.more)
	l.n, l.first, l.more = 0, "", l.more[:0]
	linesPool.Put(l)
}

// Count returns the number of lines.
func (l *CookieLines) Count() int { return l.n }

// Line returns one line, in the order of the request.
func (l *CookieLines) Line(i int) string {
	if i == 0 {
		return l.first
	}
	return l.more[i-1]
}

// equal reports whether two requests have the same lines.
func (l *CookieLines) equal(other *CookieLines) bool {
	return l.n == other.n && l.first == other.first && slices.Equal(l.more, other.more)
}
