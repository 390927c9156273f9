package security_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/humasess/sessions/security"
)

var update = flag.Bool("update", false, "write golden files")

var binding = security.Binding{Cookie: "__Host-id", Manager: "sessionCookie", Purpose: "test"}

type kind struct {
	name string
	make func(...security.Key) (security.Sealer, error)
}

var kinds = []kind{
	{"aead", security.NewAEAD},
	{"securecookie", security.NewSecureCookie},
}

// golden is the path of the file with values that a release has sealed.
func (k kind) golden() string { return filepath.Join("testdata", k.name+".v1.golden") }

func (k kind) new(t testing.TB, keys ...security.Key) security.Sealer {
	t.Helper()
	s, err := k.make(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func generate(t testing.TB) security.Key {
	t.Helper()
	k, err := security.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func seal(t testing.TB, s security.Sealer, value string) string {
	t.Helper()
	text, err := s.Seal([]byte(value), binding)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func refused(t *testing.T, s security.Sealer, text string, b security.Binding) {
	t.Helper()
	value, old, err := s.Open(text, b)
	if value != nil || old || err != security.ErrNotSealed { // one answer for all reasons
		t.Errorf("Open %.40q: got %q, %v, %v, want nothing and exactly ErrNotSealed", text, value, old, err)
	}
}

func TestSealers(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			first, second := generate(t), generate(t)
			s := k.new(t, first)
			t.Run("round trip", func(t *testing.T) {
				for _, value := range []string{"", "x", strings.Repeat("\x00", 48), strings.Repeat("data", 500)} {
					got, old, err := s.Open(seal(t, s, value), binding)
					if err != nil || old || string(got) != value {
						t.Errorf("got %q, %v, %v, want %q", got, old, err, value)
					}
				}
			})
			t.Run("T5 ciphertext, different each time", func(t *testing.T) {
				a, b := seal(t, s, "user-4711-user-4711"), seal(t, s, "user-4711-user-4711")
				if a == b {
					t.Error("got the same text twice")
				}
				raw, _ := base64.RawURLEncoding.DecodeString(a)
				if strings.Contains(a, "4711") || bytes.Contains(raw, []byte("4711")) {
					t.Error("the value shows through")
				}
				if strings.ContainsAny(a, " ,;\"\\") {
					t.Errorf("%q is no cookie value", a)
				}
			})
			t.Run("K1 every changed character is refused", func(t *testing.T) {
				text := seal(t, s, "a value")
				for i := range text {
					for _, c := range []byte{'A', 'B', '_', '=', '\n', ' ', 0, 0x80} {
						if text[i] != c {
							refused(t, s, text[:i]+string(rune(c))+text[i+1:], binding)
						}
					}
				}
			})
			t.Run("K1 every truncation and extension is refused", func(t *testing.T) {
				text := seal(t, s, "a value")
				for i := range text {
					refused(t, s, text[:i], binding)
				}
				for _, more := range []string{"A", "AA", "AAA", "AAAA", "=", "\n"} {
					refused(t, s, text+more, binding)
					refused(t, s, more+text, binding)
				}
			})
			t.Run("K2 opens for no other use", func(t *testing.T) {
				text := seal(t, s, "a value")
				for _, b := range []security.Binding{
					{},
					{Cookie: "__Host-i", Manager: "dsessionCookie", Purpose: "test"},
					{Cookie: "other", Manager: binding.Manager, Purpose: binding.Purpose},
					{Cookie: binding.Cookie, Manager: "other", Purpose: binding.Purpose},
					{Cookie: binding.Cookie, Manager: binding.Manager, Purpose: "other"},
					{Cookie: binding.Manager, Manager: binding.Cookie, Purpose: binding.Purpose},
				} {
					refused(t, s, text, b)
				}
			})
			t.Run("K3 every key opens, a removed one does not", func(t *testing.T) {
				text := seal(t, s, "a value")
				got, old, err := k.new(t, second, first).Open(text, binding)
				if err != nil || !old || string(got) != "a value" {
					t.Errorf("second key: got %q, %v, %v, want the value and old", got, old, err)
				}
				refused(t, k.new(t, second), text, binding)
			})
			t.Run("oversized text is refused before it is decoded", func(t *testing.T) {
				huge := strings.Repeat("A", 1<<20)
				if n := testing.AllocsPerRun(10, func() { _, _, _ = s.Open(huge, binding) }); n > 0 {
					t.Errorf("got %v allocations, want none", n)
				}
			})
			t.Run("keys are checked", func(t *testing.T) {
				for name, keys := range map[string][]security.Key{
					"none": {}, "zero": {{}}, "twice": {first, second, first},
				} {
					if _, err := k.make(keys...); !errors.Is(err, security.ErrInvalidKey) {
						t.Errorf("%s: got %v, want ErrInvalidKey", name, err)
					}
				}
			})
			t.Run("golden", func(t *testing.T) { golden(t, k) })
		})
	}
	t.Run("the two do not open each other's", func(t *testing.T) {
		key := generate(t)
		a, b := kinds[0].new(t, key), kinds[1].new(t, key)
		refused(t, a, seal(t, b, "a value"), binding)
		refused(t, b, seal(t, a, "a value"), binding)
	})
}

// golden pins the format, because values of a released version must open.
func golden(t *testing.T, k kind) {
	s := k.new(t, parse(t, keyText))
	file := k.golden()
	if *update {
		if err := os.WriteFile(file, []byte(seal(t, s, "golden value")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := s.Open(strings.TrimSpace(string(text)), binding)
	if err != nil || string(got) != "golden value" {
		t.Errorf("got %q, %v, want golden value", got, err)
	}
}

func FuzzOpen(f *testing.F) {
	key, err := security.ParseKey(keyText)
	if err != nil {
		f.Fatal(err)
	}
	a, b := kinds[0].new(f, key), kinds[1].new(f, key)
	sent := map[string]bool{} // the same in each process that fuzzes
	for _, k := range kinds {
		text, err := os.ReadFile(k.golden())
		if err != nil {
			f.Fatal(err)
		}
		sent[strings.TrimSpace(string(text))] = true
	}
	for text := range sent {
		f.Add(text)
	}
	f.Add("")
	f.Add(strings.Repeat("A", 5000))
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range []security.Sealer{a, b} {
			// Only sealed text opens, and no variation of it.
			if value, _, err := s.Open(text, binding); err == nil && !sent[text] {
				t.Errorf("got %q out of %q", value, text)
			}
		}
	})
}
