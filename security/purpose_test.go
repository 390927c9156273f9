package security

import (
	"bytes"
	"testing"
)

// No two uses of a key share key material, and none is the key itself.
func TestPurposes(t *testing.T) {
	k, err := GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("K6 a key for each purpose", func(t *testing.T) {
		seen := [][]byte{k.bytes[:keyIDSize]}
		for _, purpose := range []string{"key id", "aead", "securecookie hmac", "securecookie aes", "another", ""} {
			derived := k.derive(purpose, KeySize)[:keyIDSize]
			for _, other := range seen {
				if bytes.Equal(derived, other) {
					t.Errorf("%q: got the key of another purpose", purpose)
				}
			}
			seen = append(seen, derived)
			if !bytes.Equal(derived, k.derive(purpose, KeySize)[:keyIDSize]) {
				t.Errorf("%q: got another key the second time", purpose)
			}
		}
	})
	t.Run("K6 another key gives others", func(t *testing.T) {
		other, err := GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(k.derive("aead", KeySize), other.derive("aead", KeySize)) {
			t.Error("got the same key for one purpose of two")
		}
	})
}
