package cookies

import (
	"errors"
	"net/http"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// maxAttribute is the longest value of an attribute, in octets (RFC 6265bis § 5.6).
const maxAttribute = 1024

// IsToken reports whether s is a token of RFC 9110 § 5.6.2, as the names of cookies
// and of header fields are.
func IsToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

func validAttribute(s string) bool {
	return len(s) <= maxAttribute && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f || r == ';' })
}

// checkPath refuses paths that no request has: browsers compare the text with
// the path of a URL as they have normalized it.
func checkPath(path string) error {
	switch {
	case !strings.HasPrefix(path, "/"):
		return errors.New("it must begin with a slash")
	case !validAttribute(path):
		return errors.New("it must be ASCII without semicolons and control characters, and at most 1024 bytes long")
	case strings.ContainsAny(path, " \"#<>?\\^`{}"):
		return errors.New("no path of a URL has such a character: write it as the browser does, with %XX")
	}
	for segment := range strings.SplitSeq(path, "/") {
		if dots := strings.ReplaceAll(strings.ToLower(segment), "%2e", "."); dots == "." || dots == ".." {
			return errors.New("browsers resolve the segments . and .. of a URL, so no path has one")
		}
	}
	return nil
}

// checkDomain refuses domains for which browsers drop the cookie, or keep it to
// the host as they do without a Domain (RFC 6265bis § 5.7). net/http knows the
// rules of host names; the dots at either end that it passes make browsers drop
// the cookie or ignore the dot.
func checkDomain(domain string) error {
	c := http.Cookie{Name: "id", Domain: domain}
	lower := strings.ToLower(domain)
	switch {
	case strings.ContainsFunc(domain, func(r rune) bool { return r >= 0x80 }):
		return errors.New("it must be in ASCII: write the labels with other letters as punycode, xn--")
	case c.Valid() != nil || strings.Trim(domain, ".") != domain:
		return errors.New("it must be the name of a host without scheme, port, wildcard and dots at its ends")
	case endsInNumber(lower):
		return errors.New("an address has no subdomains: leave Domain empty")
	}
	if suffix, _ := publicsuffix.PublicSuffix(lower); suffix == lower {
		return errors.New("it is a public suffix, under which domains of different owners are, or a single label; " +
			"browsers share no cookie there: name your own domain, or leave Domain empty")
	}
	return nil
}

// endsInNumber reports whether browsers take a host for an IPv4 address: its
// last label is a decimal or hexadecimal number (URL Standard, "ends in a
// number").
func endsInNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	digits, set := last, "0123456789"
	if hexadecimal, ok := strings.CutPrefix(last, "0x"); ok {
		digits, set = hexadecimal, "0123456789abcdef"
	}
	return last != "" && strings.Trim(digits, set) == ""
}
