package crossorigin

import (
	"bufio"
	"bytes"
	"math"
	"net/http"
	"net/url"
	"strings"
	"unicode"
)

// punycode returns the ASCII form of a host with other letters. It uses
// net/http, which converts the host as it writes a request.
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

// validPunycode reports whether a browser can produce the text after "xn--" in
// a label of a host (URL Standard, "domain to ASCII"). It refuses text that
// does not decode or has another form. It also refuses characters that browsers
// refuse or map to others in every version of Unicode. It accepts other
// characters.
func validPunycode(text string) bool {
	label, ok := decodePunycode(text)
	if !ok || strings.ContainsFunc(label, neverInHost) {
		return false
	}
	again, ok := punycode(label)
	return ok && again == "xn--"+text
}

// neverInHost reports whether a host never contains the character.
func neverInHost(r rune) bool {
	return unicode.IsControl(r) || unicode.IsSpace(r) || unicode.Is(unicode.Co, r) ||
		unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic) && unicode.ToLower(r) != r
}

// Parameters of Punycode (RFC 3492 § 5).
const (
	punyBase        = 36
	punyMin         = 1
	punyMax         = 26
	punySkew        = 38
	punyDamp        = 700
	punyInitialBias = 72
	punyInitial     = 0x80
)

// decodePunycode implements RFC 3492 § 6.2 for text of lower-case ASCII.
func decodePunycode(text string) (string, bool) {
	var label []rune
	if i := strings.LastIndexByte(text, '-'); i > 0 {
		label, text = []rune(text[:i]), text[i+1:]
	}
	n, at, bias := punyInitial, 0, punyInitialBias
	for text != "" {
		before := at
		for k, weight := punyBase, 1; ; k += punyBase {
			if text == "" {
				return "", false
			}
			digit, ok := punyDigit(text[0])
			if !ok || digit > (math.MaxInt32-at)/weight {
				return "", false
			}
			text = text[1:]
			at += digit * weight
			threshold := min(max(k-bias, punyMin), punyMax)
			if digit < threshold {
				break
			}
			if weight > math.MaxInt32/(punyBase-threshold) {
				return "", false
			}
			weight *= punyBase - threshold
		}
		size := len(label) + 1
		bias = punyBias(at-before, size, before == 0)
		if n += at / size; n > 0x10ffff {
			return "", false
		}
		at %= size
		label = append(label[:at], append([]rune{rune(n)}, label[at:]...)...)
		at++
	}
	return string(label), true
}

func punyDigit(c byte) (int, bool) {
	switch {
	case 'a' <= c && c <= 'z':
		return int(c - 'a'), true
	case '0' <= c && c <= '9':
		return int(c-'0') + 26, true
	}
	return 0, false
}

// punyBias implements RFC 3492 § 6.1.
func punyBias(delta, size int, first bool) int {
	if first {
		delta /= punyDamp
	} else {
		delta /= 2
	}
	delta += delta / size
	k := 0
	for ; delta > (punyBase-punyMin)*punyMax/2; k += punyBase {
		delta /= punyBase - punyMin
	}
	return k + (punyBase-punyMin+1)*delta/(delta+punySkew)
}
