package security

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
)

// KeySize is the size of a key in bytes.
const KeySize = 32

// Key is a master key: exactly 32 random bytes. It is never used directly. HKDF
// (RFC 5869) derives a key for each purpose, so no two uses share key material.
// A formatted Key does not show its bytes.
type Key struct{ bytes [KeySize]byte }

// ErrInvalidKey is matched by every error about an invalid key. The errors say
// why the key is invalid and never repeat it.
var ErrInvalidKey = errors.New("security: invalid key")

// GenerateKey returns a new key from [crypto/rand.Reader].
func GenerateKey() (Key, error) {
	var k Key
	_, err := rand.Read(k.bytes[:])
	return k, err
}

// ParseKey reads a key from 64 characters of hex, or from base64 in either
// alphabet with or without padding. It refuses any other length. It also
// refuses keys that are clearly not random: all zeros, or one pattern repeated.
func ParseKey(text string) (Key, error) {
	var k Key
	raw, err := decodeKey(strings.TrimSpace(text))
	switch {
	case err != nil:
		return k, err
	case len(raw) != KeySize:
		return k, fmt.Errorf("%w: %d bytes, want %d", ErrInvalidKey, len(raw), KeySize)
	}
	copy(k.bytes[:], raw)
	return k, k.check()
}

func decodeKey(text string) ([]byte, error) {
	if text == "" {
		return nil, fmt.Errorf("%w: empty", ErrInvalidKey)
	}
	if len(text) == hex.EncodedLen(KeySize) {
		if raw, err := hex.DecodeString(text); err == nil {
			return raw, nil
		}
	}
	text = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(text, "="))
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: neither hex nor base64", ErrInvalidKey)
	}
	return raw, nil
}

// check refuses keys that no generator makes: a repeated pattern of up to half
// the key. All zeros are one of them.
func (k Key) check() error {
	if k == (Key{}) {
		return fmt.Errorf("%w: all zeros", ErrInvalidKey)
	}
	for period := 1; period <= KeySize/2; period++ {
		if repeats(k.bytes[:], period) {
			return fmt.Errorf("%w: a pattern of %d bytes repeated", ErrInvalidKey, period)
		}
	}
	return nil
}

func repeats(b []byte, period int) bool {
	for i := period; i < len(b); i++ {
		if b[i] != b[i-period] {
			return false
		}
	}
	return true
}

// KeysFromEnv reads keys from an environment variable, separated by commas or
// white space. The first key seals, and every key opens. To rotate, put a new
// key in front. Remove the oldest after all values that it sealed have expired.
func KeysFromEnv(name string) ([]Key, error) {
	fields := strings.FieldsFunc(os.Getenv(name), func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })
	if len(fields) == 0 {
		return nil, fmt.Errorf("%w: environment variable %s is not set", ErrInvalidKey, name)
	}
	keys := make([]Key, len(fields))
	for i, field := range fields {
		k, err := ParseKey(field)
		if err != nil {
			return nil, fmt.Errorf("environment variable %s, key %d of %d: %w", name, i+1, len(fields), err)
		}
		keys[i] = k
	}
	if err := checkKeys(keys); err != nil {
		return nil, fmt.Errorf("environment variable %s: %w", name, err)
	}
	return keys, nil
}

// Reveal returns the key as base64, for a secret store.
func (k Key) Reveal() string { return base64.RawURLEncoding.EncodeToString(k.bytes[:]) }

// String names the key by its public ID.
func (k Key) String() string { return "security.Key(" + hex.EncodeToString(k.id()) + ")" }

// GoString is String, for %#v.
func (k Key) GoString() string { return k.String() }

// derive expands the key for one purpose.
func (k Key) derive(purpose string, size int) []byte {
	b, err := hkdf.Expand(sha256.New, k.bytes[:], "humasess/v1/"+purpose, size)
	if err != nil {
		panic("security: HKDF: " + err.Error()) // only for sizes that this package does not use
	}
	return b
}

const keyIDSize = 4

// id returns a public name of the key.
func (k Key) id() []byte { return k.derive("key id", keyIDSize) }

// checkKeys returns an error unless the keys are valid, distinct and at least
// one.
func checkKeys(keys []Key) error {
	if len(keys) == 0 {
		return fmt.Errorf("%w: at least one key is required", ErrInvalidKey)
	}
	seen := map[string]int{}
	for i, k := range keys {
		if err := k.check(); err != nil {
			return fmt.Errorf("key %d of %d: %w", i+1, len(keys), err)
		}
		id := string(k.id())
		if first, twice := seen[id]; twice {
			return fmt.Errorf("%w: key %d repeats key %d", ErrInvalidKey, i+1, first+1)
		}
		seen[id] = i
	}
	return nil
}
