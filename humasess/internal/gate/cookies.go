package gate

import (
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/response"
)

// fieldCookie is the request header that brings sessions.
const fieldCookie = "Cookie"

// CookieLines are the Cookie header lines of a request. huma's Header returns
// only the first, and a client of HTTP/1.1 may send several.
type CookieLines struct {
	all   []string
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
	if response.SameName(name, fieldCookie) {
		l.all = append(l.all, value)
	}
}

// All returns the lines in the order of the request.
func (l *CookieLines) All() []string { return l.all }

// Release gives the memory back.
func (l *CookieLines) Release() {
	clear(l.all)
	l.all = l.all[:0]
	linesPool.Put(l)
}
