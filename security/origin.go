package security

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// checkOrigin returns an error for text that no browser sends as an Origin.
// The text must be the serialization of RFC 6454 § 6.2: an origin is compared as
// a whole, so any other spelling would never match.
func checkOrigin(origin string) error {
	u, err := url.Parse(origin)
	switch {
	case err != nil:
		return errors.New("it is not a URL")
	case origin == "null":
		return errors.New("every sandboxed page and every file sends it, those of an attacker too")
	case u.Scheme == "" || u.Hostname() == "":
		return errors.New("scheme and host are required")
	case slices.Contains([]string{"file", "data", "blob", "about", "javascript"}, u.Scheme):
		return fmt.Errorf("pages of %s: send the origin null", u.Scheme)
	case slices.Contains(originless, u.Scheme):
		return fmt.Errorf("no page has an origin of the scheme %s: pages are at http or https, or at the scheme of an app or an extension", u.Scheme)
	case u.Scheme == "ws" || u.Scheme == "wss":
		return errors.New("a websocket has the origin of its page, which is http or https")
	case strings.ContainsAny(u.Host, "*?"):
		return errors.New("it is compared as a whole, so a wildcard matches nothing: list each origin, or trust by a function")
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
		return fmt.Errorf("there is no port %s", port)
	}
	switch {
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	case strings.HasSuffix(u.Hostname(), ".") && !endsInNumber(host):
		host += "." // the browser keeps it, except after an address
	}
	if port != defaultPort(u.Scheme) {
		host += ":" + port
	}
	if want := u.Scheme + "://" + host; want != origin {
		return fmt.Errorf("browsers send %q", want)
	}
	return nil
}

// checkHost returns an error for a host in lower case that no page can be at.
func checkHost(host string) error {
	if a, err := netip.ParseAddr(host); err == nil {
		if a.Zone() != "" {
			return errors.New("browsers have no zones of addresses")
		}
		return nil
	}
	labels := strings.Split(host, ".")
	if endsInNumber(host) {
		return errors.New("an address has four numbers")
	}
	valid := len(host) <= 253 && !slices.ContainsFunc(labels, func(label string) bool {
		return label == "" || len(label) > 63 || strings.ContainsFunc(label, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
		})
	})
	if !valid {
		return fmt.Errorf("%q is not the name of a host", host)
	}
	for _, label := range labels {
		if text, ok := strings.CutPrefix(label, "xn--"); ok && !validPunycode(text) {
			return fmt.Errorf("%q is not valid punycode, so no browser opens a page there", label)
		}
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

// originless are schemes of documents and protocols whose URLs have an opaque
// origin, or the origin of another URL in them (URL Standard, "origin").
var originless = []string{
	"cid", "dict", "filesystem", "ftp", "ftps", "geo", "git", "gopher", "imap", "imaps", "intent", "irc", "ircs", "jar", "ldap", "ldaps", "magnet", "mailto",
	"mid", "news", "nntp", "pop", "rtsp", "sftp", "sip", "sips", "sms", "smtp", "ssh", "tel", "telnet", "urn", "vbscript", "view-source", "xmpp",
}

// ownOrigin reports whether an origin is that of the host to which the request
// was sent, in whatever spelling the two have. It is not where the host is not
// known: the origin null would be that of no host at all.
func ownOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || host == "" {
		return false
	}
	name, port := splitHost(u.Host, u.Scheme)
	ownName, ownPort := splitHost(host, u.Scheme)
	return name == ownName && port == ownPort && name != ""
}

// splitHost returns the host in lower case, without brackets and without the
// dot of a name that is complete, and the port, which is that of the scheme
// when there is none. Proxies write the host in their own way; it is the same.
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
		if a.Is4In6() { // the URL Standard has no dots in there
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

// punycode returns the name that browsers look up for a host with letters
// outside ASCII, as net/http writes it into a request.
func punycode(host string) (string, bool) {
	if !strings.ContainsFunc(host, func(r rune) bool { return r >= 0x80 }) {
		return "", false
	}
	var b bytes.Buffer
	asked := http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "https", Host: host}}
	if asked.Write(&b) != nil {
		return "", false
	}
	sent, err := http.ReadRequest(bufio.NewReader(&b))
	if err != nil {
		return "", false
	}
	return strings.ToLower(sent.Host), true
}
