package security

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// These are the vectors of the specification, c2sp.org/XAES-256-GCM. There is
// one for each value of the bit that the doubling of the subkey depends on.
func TestXAES(t *testing.T) {
	for _, tt := range []struct {
		name, key, additional, want string
	}{
		{"MSB of L is 0", "01", "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
		{"MSB of L is 1", "03", "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, _ := hex.DecodeString(tt.key)
			x, err := newXAES(bytes.Repeat(b, KeySize))
			if err != nil {
				t.Fatal(err)
			}
			nonce := []byte("ABCDEFGHIJKLMNOPQRSTUVWX")
			aead, err := x.derive(nonce, new([32]byte))
			if err != nil {
				t.Fatal(err)
			}
			got := hex.EncodeToString(aead.Seal(nil, nonce[12:], []byte("XAES-256-GCM"), []byte(tt.additional)))
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
