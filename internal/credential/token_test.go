package credential_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/bits"
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/credential"
)

// id is a public ID that shows in text as the letters "AQID…".
var id = [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}

// zeros replaces crypto/rand.Reader and counts the bytes read from it.
type zeros struct{ read int }

func (z *zeros) Read(p []byte) (int, error) {
	z.read += len(p)
	clear(p)
	return len(p), nil
}

// withReader runs f while crypto/rand.Reader is r. No test of this package
// may be parallel.
func withReader(t *testing.T, r io.Reader, f func()) {
	t.Helper()
	kept := rand.Reader
	rand.Reader = r
	defer func() { rand.Reader = kept }()
	f()
}

func newToken(t testing.TB) credential.Token {
	t.Helper()
	token, err := credential.NewToken(id)
	if err != nil {
		t.Fatalf("NewToken: %v", err)
	}
	return token
}

func TestNewToken(t *testing.T) {
	t.Run("T1 secret comes from crypto/rand.Reader", func(t *testing.T) {
		z := &zeros{}
		var token credential.Token
		withReader(t, z, func() { token = newToken(t) })
		if z.read != 32 {
			t.Errorf("bytes read: got %d, want 32", z.read)
		}
		want := base64.RawURLEncoding.EncodeToString(append(id[:], make([]byte, 32)...))
		if got := token.Reveal(); got != want {
			t.Errorf("token: got %q, want %q", got, want)
		}
	})
	t.Run("T1 secret has 32 bytes", func(t *testing.T) {
		raw, err := base64.RawURLEncoding.DecodeString(newToken(t).Reveal())
		if err != nil || len(raw) != 48 {
			t.Fatalf("token: got %d bytes and error %v, want 48", len(raw), err)
		}
		if !bytes.Equal(raw[:16], id[:]) {
			t.Errorf("ID in the token: got %x, want %x", raw[:16], id)
		}
	})
	t.Run("ID", func(t *testing.T) {
		if got := newToken(t).ID(); got != id {
			t.Errorf("got %x, want %x", got, id)
		}
	})
}

func TestTokenRandomness(t *testing.T) {
	n := 1_000_000
	if raceEnabled {
		n = 50_000
	}
	seen := make(map[[32]byte]struct{}, n)
	var ones uint64
	var count [256]float64
	for range n {
		raw, err := base64.RawURLEncoding.DecodeString(newToken(t).Reveal())
		if err != nil {
			t.Fatal(err)
		}
		secret := raw[16:]
		seen[[32]byte(secret)] = struct{}{}
		for _, b := range secret {
			ones += uint64(bits.OnesCount8(b))
			count[b]++
		}
	}
	t.Run("T1 no token twice", func(t *testing.T) {
		if len(seen) != n {
			t.Errorf("different secrets: got %d, want %d", len(seen), n)
		}
	})
	// Either test fails by chance once in more than 10^9 runs.
	t.Run("T1 monobit", func(t *testing.T) {
		total := float64(n) * 256
		deviation := math.Abs(float64(ones)-total/2) / math.Sqrt(total/4)
		if deviation > 6.5 {
			t.Errorf("ones among %.0f bits: got %d, %.1f standard deviations from half, want 6.5 at most", total, ones, deviation)
		}
	})
	t.Run("T1 chi-square of bytes", func(t *testing.T) {
		want := float64(n) * 32 / 256
		var chi float64
		for _, got := range count {
			chi += (got - want) * (got - want) / want
		}
		// 255 degrees of freedom: mean 255, standard deviation 22.6.
		if chi < 130 || chi > 420 {
			t.Errorf("chi-square: got %.1f, want 130 to 420", chi)
		}
	})
}

func TestParseToken(t *testing.T) {
	valid := newToken(t).Reveal()
	t.Run("T4 well-formed", func(t *testing.T) {
		token, err := credential.ParseToken(valid)
		if err != nil {
			t.Fatalf("error: got %v, want nil", err)
		}
		if got := token.Reveal(); got != valid {
			t.Errorf("got %q, want %q", got, valid)
		}
		if got := token.ID(); got != id {
			t.Errorf("ID: got %x, want %x", got, id)
		}
	})
	tests := []struct{ name, text string }{
		{"empty", ""},
		{"one character", "A"},
		{"too short", valid[:63]},
		{"too long", valid + "A"},
		{"padded", valid[:60] + "===="},
		{"padding at the end", valid[:63] + "="},
		{"quoted", `"` + valid[1:63] + `"`},
		{"quotes around", `"` + valid + `"`},
		{"space before", " " + valid[1:]},
		{"space after", valid[:63] + " "},
		{"standard alphabet, plus", "+" + valid[1:]},
		{"standard alphabet, slash", "/" + valid[1:]},
		{"NUL", valid[:32] + "\x00" + valid[33:]},
		{"newline", valid[:32] + "\n" + valid[33:]},
		{"newlines at the end", valid[:60] + "\r\n\r\n"},
		{"newline more", valid + "\n"},
		{"four newlines more", valid[:32] + "\n\n\n\n" + valid[32:]},
		{"not ASCII", valid[:62] + "é"},
		{"invalid UTF-8", valid[:63] + "\xff"},
		{"percent", valid[:61] + "%41"},
		{"SQL", "' OR 1=1 --" + valid[11:]},
		{"only the ID", valid[:22]},
		{"64 KB", strings.Repeat("A", 64<<10)},
	}
	for _, tt := range tests {
		t.Run("T4 "+tt.name, func(t *testing.T) {
			token, err := credential.ParseToken(tt.text)
			if !errors.Is(err, credential.ErrMalformedToken) {
				t.Errorf("error: got %v, want %v", err, credential.ErrMalformedToken)
			}
			if token != (credential.Token{}) {
				t.Error("token: got one, want the zero Token")
			}
			if err != nil && tt.text != "" && strings.Contains(err.Error(), tt.text) && len(tt.text) > 1 {
				t.Errorf("error text shows the client's input: %q", err)
			}
		})
	}
}

func FuzzParseToken(f *testing.F) {
	valid := newToken(f).Reveal()
	for _, seed := range []string{"", valid, valid[:63], valid + "=", strings.Repeat("_", 64), strings.Repeat("\n", 64), `"` + valid + `"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		token, err := credential.ParseToken(text)
		if err != nil {
			if !errors.Is(err, credential.ErrMalformedToken) || token != (credential.Token{}) {
				t.Fatalf("got %v and error %v, want the zero Token and %v", token, err, credential.ErrMalformedToken)
			}
			return
		}
		// Canonical: one text for each token.
		if got := token.Reveal(); got != text {
			t.Fatalf("round trip: got %q, want %q", got, text)
		}
		raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
		if err != nil || len(raw) != 48 {
			t.Fatalf("accepted %q: %d bytes, error %v", text, len(raw), err)
		}
		if want := sha256.Sum256(raw[16:]); token.Hash() != want || !token.Matches(want) {
			t.Fatalf("hash: got %x, want %x", token.Hash(), want)
		}
	})
}

func TestTokenMatches(t *testing.T) {
	token := newToken(t)
	t.Run("T6 hash is the SHA-256 of the secret", func(t *testing.T) {
		raw, _ := base64.RawURLEncoding.DecodeString(token.Reveal())
		if got, want := token.Hash(), sha256.Sum256(raw[16:]); got != want {
			t.Errorf("got %x, want %x", got, want)
		}
		if !token.Matches(token.Hash()) {
			t.Error("Matches: got false, want true")
		}
	})
	t.Run("T14 every bit counts", func(t *testing.T) {
		for bit := range 256 {
			hash := token.Hash()
			hash[bit/8] ^= 1 << (bit % 8)
			if token.Matches(hash) {
				t.Errorf("hash with bit %d flipped: got true, want false", bit)
			}
		}
	})
	t.Run("T2 zero hash and other secrets", func(t *testing.T) {
		if token.Matches([32]byte{}) {
			t.Error("zero hash: got true, want false")
		}
		if other := newToken(t); other.Matches(token.Hash()) {
			t.Error("another secret of the same session: got true, want false")
		}
	})
}

func TestTokenText(t *testing.T) {
	var token credential.Token
	withReader(t, constant('S'), func() { token = newToken(t) })
	wrapped := struct {
		Token   credential.Token
		Pointer *credential.Token
	}{token, &token}
	var text, lines bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("x", "token", token, "pointer", &token, "wrapped", wrapped)
	slog.New(slog.NewJSONHandler(&lines, nil)).Info("x", "token", token, "pointer", &token, "wrapped", wrapped)
	encoded, err := json.Marshal(wrapped)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, got string }{
		{"String", token.String()},
		{"GoString", token.GoString()},
		{"slog text", text.String()},
		{"slog JSON", lines.String()},
		{"JSON", string(encoded)},
		{"error", fmt.Errorf("token %v", token).Error()},
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%b", "%o", "%c", "%U", "%t"} {
		tests = append(tests,
			struct{ name, got string }{verb, fmt.Sprintf(verb, token)},
			struct{ name, got string }{verb + " pointer", fmt.Sprintf(verb, &token)},
			struct{ name, got string }{verb + " in a struct", fmt.Sprintf(verb, wrapped)},
		)
	}
	secret := strings.Repeat("S", 32)
	// The secret as text, base64, hexadecimal, decimal, octal, binary, Unicode.
	forms := []string{
		secret[:4], token.Reveal()[24:40], "53535353", "53 53 53", "0x53", "83 83 83", "83, 83",
		"123 123 123", "1010011 1010011", "U+0053 U+0053", "S S S",
	}
	for _, tt := range tests {
		t.Run("E2 "+tt.name, func(t *testing.T) {
			for _, form := range forms {
				if strings.Contains(tt.got, form) {
					t.Errorf("text shows the secret as %q: %s", form, tt.got)
				}
			}
		})
	}
	t.Run("public ID", func(t *testing.T) {
		want := base64.RawURLEncoding.EncodeToString(id[:])
		if got := token.String(); got != want {
			t.Errorf("String: got %q, want %q", got, want)
		}
		if got := fmt.Sprintf("%v %s", token, token); got != want+" "+want {
			t.Errorf("formatted: got %q, want the ID %q twice", got, want)
		}
		if got := fmt.Sprintf("%#v", token); !strings.Contains(got, want) {
			t.Errorf("%%#v: got %q, want the ID %q in it", got, want)
		}
	})
}

// constant is an endless reader of one byte.
type constant byte

func (c constant) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c)
	}
	return len(p), nil
}
