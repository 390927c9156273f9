package cookies

import (
	"strings"

	"github.com/humasess/sessions/internal/credential"
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

// Opener reads the value of a cookie that came under a name. Old is true when
// the response must write the cookie again.
type Opener interface {
	OpenToken(name, text string) (t credential.Token, old bool, err error)
}

// Candidate is one token of a request.
type Candidate struct {
	name, value string // as the client sent them

	Token credential.Token
	Old   bool // sealed with another key than the first, or maybe of a former scope
}

// Presented are the tokens of one request.
type Presented struct {
	First   Candidate
	Count   int
	Present bool // the request has a cookie under one of the names
	Excess  bool // the request has more different tokens than are looked up

	more   []Candidate
	values int // under the names, well-formed or not
}

// All returns the tokens in the order of the request.
func (c *Presented) All() []Candidate {
	if c.Count == 0 {
		return nil
	}
	return append([]Candidate{c.First}, c.more...)
}

// Find reads the tokens under the names from all Cookie lines. It
// skips a value that is not a token, because such a value cannot open a session.
func (c *Presented) Find(lines *Lines, names []string, open Opener) {
	for _, line := range lines.all {
		c.scan(line, names, open)
	}
}

func (c *Presented) scan(header string, names []string, open Opener) {
	for header != "" && !c.Excess {
		pair, rest, _ := strings.Cut(header, ";")
		header = rest
		pair = trim(pair)
		for _, name := range names {
			if len(pair) > len(name) && pair[len(name)] == '=' && pair[:len(name)] == name {
				c.add(name, pair[len(name)+1:], open)
				break
			}
		}
	}
}

func (c *Presented) add(name, value string, open Opener) {
	c.Present = true
	if c.known(func(o *Candidate) bool { return o.value == value && o.name == name }) != nil {
		return
	}
	if c.values++; c.values > maxValues {
		c.Excess = true
		return
	}
	token, old, err := open.OpenToken(name, value)
	if err != nil {
		return
	}
	known := c.known(func(o *Candidate) bool { return o.Token == token })
	switch {
	case known != nil:
		known.Old = known.Old && old // the client has a present copy as well
	case c.Count == maxCandidates:
		c.Excess = true
	case c.Count == 0:
		c.First, c.Count = Candidate{name, value, token, old}, 1
	default:
		c.more = append(c.more, Candidate{name, value, token, old})
		c.Count++
	}
}

// known returns the token that was found and matches, or nil.
func (c *Presented) known(match func(*Candidate) bool) *Candidate {
	if c.Count > 0 && match(&c.First) {
		return &c.First
	}
	for i := range c.more {
		if match(&c.more[i]) {
			return &c.more[i]
		}
	}
	return nil
}
