package crossorigin

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// checkOrigin returns an error for text that browsers never send as an Origin.
// The text must be the serialization of RFC 6454 § 6.2. An origin is compared
// as a whole, so any other spelling would never match.
func checkOrigin(origin string) error {
	u, err := url.Parse(origin)
	switch {
	case err != nil:
		return errors.New("it is not a URL")
	case origin == "null":
		return errors.New("sandboxed pages and files send this origin, and an attacker can make such a page")
	case u.Scheme == "" || u.Hostname() == "":
		return errors.New("scheme and host are required")
	case slices.Contains([]string{"file", "data", "blob", "about", "javascript"}, u.Scheme):
		return fmt.Errorf("pages with the scheme %s send the origin null", u.Scheme)
	case slices.Contains(originless, u.Scheme):
		return fmt.Errorf("pages never have an origin with the scheme %s; use http, https, or the scheme of an app or an extension", u.Scheme)
	case u.Scheme == "ws" || u.Scheme == "wss":
		return errors.New("a websocket sends the origin of its page, so use http or https")
	case strings.ContainsAny(u.Host, "*?"):
		return errors.New("origins are compared as a whole, so a wildcard never matches; list each origin, or trust by a function")
	case u.User != nil || len(origin) != len(u.Scheme+"://"+u.Host):
		return errors.New("only scheme, host and port are allowed")
	}
	host, port := splitHost(u.Host, u.Scheme)
	if ascii, ok := punycode(host); ok {
		host = ascii
	}
	if err := checkHost(host); err != nil {
		return err
	}
	if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) {
		return fmt.Errorf("the port %s is not between 1 and 65535", port)
	}
	switch {
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	case strings.HasSuffix(u.Hostname(), ".") && !endsInNumber(host):
		host += "." // browsers keep the dot, except after an address
	}
	if port != defaultPort(u.Scheme) {
		host += ":" + port
	}
	if want := u.Scheme + "://" + host; want != origin {
		return fmt.Errorf("browsers send %q", want)
	}
	return nil
}

// checkHost returns an error for a lower-case host that cannot be in an origin.
func checkHost(host string) error {
	if a, err := netip.ParseAddr(host); err == nil {
		if a.Zone() != "" {
			return errors.New("browsers do not support zones in addresses")
		}
		return nil
	}
	labels := strings.Split(host, ".")
	if endsInNumber(host) {
		return errors.New("an IPv4 address must have four decimal numbers")
	}
	valid := len(host) <= 253 && !slices.ContainsFunc(labels, func(label string) bool {
		return label == "" || len(label) > 63 || strings.ContainsFunc(label, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
		})
	})
	if !valid {
		return fmt.Errorf("%q is not a valid host name", host)
	}
	for _, label := range labels {
		if text, ok := strings.CutPrefix(label, "xn--"); ok && !validPunycode(text) {
			return fmt.Errorf("%q is not valid punycode, so browsers do not open pages there", label)
		}
	}
	return nil
}

// endsInNumber reports whether browsers read a host as an IPv4 address (URL
// Standard, "ends in a number"). Then its last label is a decimal or
// hexadecimal number.
func endsInNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	digits, set := last, "0123456789"
	if hexadecimal, ok := strings.CutPrefix(last, "0x"); ok {
		digits, set = hexadecimal, "0123456789abcdef"
	}
	return last != "" && strings.Trim(digits, set) == ""
}

// originless lists schemes whose URLs have an opaque origin, or the origin of
// another URL inside them (URL Standard, "origin").
var originless = []string{
	"cid", "dict", "filesystem", "ftp", "ftps", "geo", "git", "gopher", "imap", "imaps", "intent", "irc", "ircs", "jar", "ldap", "ldaps", "magnet", "mailto",
	"mid", "news", "nntp", "pop", "rtsp", "sftp", "sip", "sips", "sms", "smtp", "ssh", "tel", "telnet", "urn", "vbscript", "view-source", "xmpp",
}

// ownOrigin reports whether an origin is that of the host to which the request
// was sent, in any spelling. It returns false for an unknown host. Otherwise
// the origin null, which has no host, would match it.
func ownOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || host == "" {
		return false
	}
	name, port := splitHost(u.Host, u.Scheme)
	ownName, ownPort := splitHost(host, u.Scheme)
	return name == ownName && port == ownPort && name != ""
}

// splitHost returns the host in lower case, without brackets and without a dot
// at the end, and the port. A missing port becomes the default of the scheme.
// Proxies spell hosts differently, so this makes them comparable.
func splitHost(hostport, scheme string) (host, port string) {
	u := url.URL{Host: hostport}
	host = strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, strings.TrimSuffix(u.Hostname(), "."))
	if a, err := netip.ParseAddr(host); err == nil {
		host = a.String()
		if a.Is4In6() { // the URL Standard writes the last 32 bits in hexadecimal
			b := a.As4()
			host = fmt.Sprintf("::ffff:%x:%x", int(b[0])<<8|int(b[1]), int(b[2])<<8|int(b[3]))
		}
	}
	if port = u.Port(); port == "" {
		return host, defaultPort(scheme)
	}
	if trimmed := strings.TrimLeft(port, "0"); trimmed != "" {
		port = trimmed
	}
	return host, port
}

func defaultPort(scheme string) string {
	switch scheme {
	case "http":
		return "80"
	case "https":
		return "443"
	}
	return ""
}
