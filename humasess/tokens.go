package humasess

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/security"
)

// maxCandidates bounds the different tokens that are looked up, all in one round
// trip. Those under former names count too. A browser sends several when the cookie's Domain or
// Path has changed, or when a sibling host has set one. Their order does not
// tell which is real (RFC 6265bis § 5.8.3).
const maxCandidates = 16

// maxValues bounds the values of the name that are opened at all: a sealed value
// costs the server more than it costs the client to send. No browser sends as
// many cookies for one host.
const maxValues = 256

// tokenOpener reads the value of a cookie that came under a name. Old is true when
// the cookie is to be written again.
type tokenOpener interface {
	openToken(name, text string) (t security.Token, old bool, err error)
}

// candidate is one token of a request.
type candidate struct {
	name, value string // as the client sent them
	token       security.Token
	old         bool // sealed with another key than the first, or maybe of a former scope
}

// candidates are the tokens of one request.
type candidates struct {
	first   candidate
	more    []candidate
	n       int
	values  int  // under the names, well-formed or not
	present bool // one of the names was there
	excess  bool // more different tokens than are looked up
}

// all returns the tokens in the order of the request.
func (c *candidates) all() []candidate {
	if c.n == 0 {
		return nil
	}
	return append([]candidate{c.first}, c.more...)
}

// find reads the tokens under the names from all Cookie lines. A value that is not
// a token is passed over: it cannot open anything.
func (c *candidates) find(ctx huma.Context, names []string, open tokenOpener) {
	lines := gate.CookieLinesOf(ctx)
	defer lines.Release()
	if len(lines.All()) == 0 { // no cookie, or a context that does not list its headers
		c.scan(ctx.Header("Cookie"), names, open)
		return
	}
	// Not from Header: fasthttp joins the lines only when it lists them, and the
	// first one may be empty.
	for _, line := range lines.All() {
		c.scan(line, names, open)
	}
}

func (c *candidates) scan(header string, names []string, open tokenOpener) {
	for header != "" && !c.excess {
		pair, rest, _ := strings.Cut(header, ";")
		header = rest
		// Optional whitespace of RFC 9110 § 5.6.3, and no more than that.
		pair = strings.Trim(pair, " \t")
		for _, name := range names {
			if len(pair) > len(name) && pair[len(name)] == '=' && pair[:len(name)] == name {
				c.add(name, pair[len(name)+1:], open)
				break
			}
		}
	}
}

func (c *candidates) add(name, value string, open tokenOpener) {
	c.present = true
	if c.known(func(o *candidate) bool { return o.value == value && o.name == name }) != nil {
		return
	}
	if c.values++; c.values > maxValues {
		c.excess = true
		return
	}
	token, old, err := open.openToken(name, value)
	if err != nil {
		return
	}
	known := c.known(func(o *candidate) bool { return o.token == token })
	switch {
	case known != nil:
		known.old = known.old && old // the client has a present copy as well
	case c.n == maxCandidates:
		c.excess = true
	case c.n == 0:
		c.first, c.n = candidate{name, value, token, old}, 1
	default:
		c.more = append(c.more, candidate{name, value, token, old})
		c.n++
	}
}

// known returns the token that was found and matches, or nil.
func (c *candidates) known(match func(*candidate) bool) *candidate {
	if c.n > 0 && match(&c.first) {
		return &c.first
	}
	for i := range c.more {
		if match(&c.more[i]) {
			return &c.more[i]
		}
	}
	return nil
}
