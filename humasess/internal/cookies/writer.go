package cookies

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Writer writes Set-Cookie values.
type Writer struct {
	name       string
	attributes string

	Expired string   // expires the cookie
	Former  []string // expire the cookie in its former scopes
}

// NewWriter returns the writer of a cookie whose options have their defaults.
func NewWriter(c Options) Writer {
	w := Writer{name: c.Name, attributes: c.attributes(), Expired: c.expired()}
	for _, s := range c.Former {
		w.Former = append(w.Former, c.in(s).expired())
	}
	return w
}

// Begin appends the part of the Set-Cookie before the value.
func (w Writer) Begin(b []byte) []byte { return append(append(b, w.name...), '=') }

// End appends the part after the value. With age 0 the cookie ends with the browser.
func (w Writer) End(b []byte, age time.Duration) []byte {
	b = append(b, w.attributes...)
	if age > 0 {
		seconds := int64(min(age, MaxAge) / time.Second)
		b = strconv.AppendInt(append(b, "; Max-Age="...), max(seconds, 1), 10)
	}
	return b
}

// Value returns the value in a Set-Cookie that was written.
func (w Writer) Value(written string) string {
	value, _, _ := strings.Cut(written[len(w.name)+1:], ";")
	return value
}

// attributes returns the part of a Set-Cookie after the value, except its age. It is
// the same for setting and for deleting.
func (c Options) attributes() string {
	var b strings.Builder
	b.WriteString("; Path=" + c.Path)
	if c.Domain != "" {
		b.WriteString("; Domain=" + c.Domain)
	}
	b.WriteString("; HttpOnly")
	if !c.InsecureAllowHTTP {
		b.WriteString("; Secure")
	}
	switch c.SameSite {
	case http.SameSiteStrictMode:
		b.WriteString("; SameSite=Strict")
	case http.SameSiteNoneMode:
		b.WriteString("; SameSite=None")
	default:
		b.WriteString("; SameSite=Lax")
	}
	if c.Partitioned {
		b.WriteString("; Partitioned")
	}
	return b.String()
}

// expired is the Set-Cookie that expires the cookie. It has both forms: Max-Age
// wins, and Expires is for clients that do not know it.
func (c Options) expired() string {
	return c.Name + "=" + c.attributes() + "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
}
