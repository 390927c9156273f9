package humasess

import (
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/security"
)

// maxCandidates bounds the different values of one cookie name that are
// looked up, all in one round trip. Order says nothing about which is real
// (RFC 6265bis § 5.8.3).
const maxCandidates = 3

// maxValues bounds how many values of the name are opened at all: sealed ones
// cost more than they do to send.
const maxValues = 16

// tokenOpener reads the value of a cookie.
type tokenOpener interface {
	openToken(text string) (t security.Token, old bool, err error)
}

// candidates are the tokens of one request.
type candidates struct {
	tokens  [maxCandidates]security.Token
	old     [maxCandidates]bool // sealed with another key than the first
	n       int
	values  int  // under the name, whatever they are
	present bool // the name was there, with whatever value
	excess  bool // more different tokens than we look up
}

// find reads the tokens under name from the Cookie headers. Values that are
// no token are passed over: they cannot open anything.
func (c *candidates) find(ctx huma.Context, name string, open tokenOpener) {
	header := ctx.Header("Cookie")
	if header == "" {
		return
	}
	c.scan(header, name, open)
	if c.n == 0 {
		*c = findInLines(ctx, name, open)
	}
}

// findInLines looks through all Cookie lines: Header returns the first only,
// and HTTP/2 clients may send several.
func findInLines(ctx huma.Context, name string, open tokenOpener) candidates {
	var c candidates
	ctx.EachHeader(func(n, v string) {
		if len(n) == len("Cookie") && strings.EqualFold(n, "Cookie") {
			c.scan(v, name, open)
		}
	})
	return c
}

func (c *candidates) scan(header, name string, open tokenOpener) {
	for header != "" && !c.excess {
		pair, rest, _ := strings.Cut(header, ";")
		header = rest
		// Optional whitespace of RFC 9110 § 5.6.3, and no more than that.
		pair = strings.Trim(pair, " \t")
		if len(pair) <= len(name) || pair[len(name)] != '=' || pair[:len(name)] != name {
			continue
		}
		c.add(pair[len(name)+1:], open)
	}
}

func (c *candidates) add(value string, open tokenOpener) {
	c.present = true
	if c.values++; c.values > maxValues {
		c.excess = true
		return
	}
	token, old, err := open.openToken(value)
	if err != nil {
		return
	}
	if slices.Contains(c.tokens[:c.n], token) {
		return
	}
	if c.n == maxCandidates {
		c.excess = true
		return
	}
	c.tokens[c.n], c.old[c.n] = token, old
	c.n++
}
