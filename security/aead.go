package security

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"slices"
)

// aeadVersion is the first byte of a value sealed by aeadSealer. The key's ID,
// the nonce and the ciphertext with its tag follow. All are encoded as
// base64url.
const aeadVersion = 1

const aeadHeader = 1 + keyIDSize

// textEncoding refuses spare bits that are not zero, so each value has one text.
var textEncoding = base64.RawURLEncoding.Strict()

// aeadSealer is XAES-256-GCM with random nonces.
type aeadSealer struct {
	keys []xaes
	ids  [][]byte
}

var _ AppendSealer = (*aeadSealer)(nil)

// NewAEAD returns a sealer that uses XAES-256-GCM (C2SP): AES-256-GCM with a
// new key derived for each nonce. The nonces have 192 bits, so random ones are
// safe for far more than a billion seals per key. The first key seals, and
// every key opens.
func NewAEAD(keys ...Key) (Sealer, error) {
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	s := &aeadSealer{}
	for _, k := range keys {
		x, err := newXAES(k.derive("aead", KeySize))
		if err != nil {
			return nil, err
		}
		s.keys, s.ids = append(s.keys, x), append(s.ids, k.id())
	}
	return s, nil
}

// Seal implements [Sealer].
func (s *aeadSealer) Seal(value []byte, b Binding) (string, error) {
	text, err := s.AppendSeal(nil, value, b)
	return string(text), err
}

// AppendSeal implements [AppendSealer].
func (s *aeadSealer) AppendSeal(dst, value []byte, b Binding) ([]byte, error) {
	own := scratches.Get().(*scratch)
	defer own.done()
	sealed := slices.Grow(own.sealed[:0], aeadHeader+xaesNonceSize+len(value)+xaesOverhead)[:aeadHeader+xaesNonceSize]
	sealed[0] = aeadVersion
	copy(sealed[1:], s.ids[0])
	nonce := sealed[aeadHeader:]
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	aead, err := s.keys[0].derive(nonce, &own.key)
	if err != nil {
		return nil, err
	}
	own.sealed = aead.Seal(sealed, nonce[12:], value, s.additional(own, sealed[:aeadHeader], b))
	return textEncoding.AppendEncode(dst, own.sealed), nil
}

// additional returns the additional data: the binding, then the header, which
// tells how to read the rest.
func (s *aeadSealer) additional(own *scratch, header []byte, b Binding) []byte {
	own.binding = append(b.appendTo(own.binding[:0]), header...)
	return own.binding
}

// Open implements [Sealer].
func (s *aeadSealer) Open(text string, b Binding) ([]byte, bool, error) {
	return s.AppendOpen(nil, text, b)
}

// AppendOpen implements [AppendSealer].
func (s *aeadSealer) AppendOpen(dst []byte, text string, b Binding) ([]byte, bool, error) {
	if len(text) > maxSealed {
		return nil, false, ErrNotSealed
	}
	own := scratches.Get().(*scratch)
	defer own.done()
	sealed, ok := own.decode(textEncoding, text)
	if !ok || len(sealed) < aeadHeader+xaesNonceSize+xaesOverhead || sealed[0] != aeadVersion {
		return nil, false, ErrNotSealed
	}
	header, nonce, ciphertext := sealed[:aeadHeader], sealed[aeadHeader:aeadHeader+xaesNonceSize], sealed[aeadHeader+xaesNonceSize:]
	for i, id := range s.ids {
		if !bytes.Equal(id, header[1:]) { // IDs of keys are public, so the time may leak them
			continue
		}
		aead, err := s.keys[i].derive(nonce, &own.key)
		if err != nil {
			return nil, false, ErrNotSealed
		}
		value, err := aead.Open(dst, nonce[12:], ciphertext, s.additional(own, header, b))
		if err != nil {
			return nil, false, ErrNotSealed
		}
		return value, i > 0, nil
	}
	return nil, false, ErrNotSealed
}

const (
	xaesNonceSize = 24
	xaesOverhead  = 16
)

// xaes is a key of XAES-256-GCM (c2sp.org/XAES-256-GCM). It derives an
// AES-256-GCM key from the first half of each nonce by AES-CMAC in counter mode
// (NIST SP 800-108r1).
type xaes struct {
	block  cipher.Block
	subkey [aes.BlockSize]byte // K1 of CMAC (NIST SP 800-38B § 6.1)
}

func newXAES(key []byte) (xaes, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return xaes{}, err
	}
	x := xaes{block: block}
	block.Encrypt(x.subkey[:], x.subkey[:])
	// Doubling in GF(2^128), without a branch on the key.
	carry := x.subkey[0] >> 7
	for i := range aes.BlockSize - 1 {
		x.subkey[i] = x.subkey[i]<<1 | x.subkey[i+1]>>7
	}
	x.subkey[aes.BlockSize-1] = x.subkey[aes.BlockSize-1]<<1 ^ carry*0x87
	return x, nil
}

// derive returns the AEAD for a nonce, which itself takes nonce[12:]. It writes
// the derived key to key, and the caller must clear that memory.
func (x *xaes) derive(nonce []byte, key *[2 * aes.BlockSize]byte) (cipher.AEAD, error) {
	for i := range 2 {
		half := key[i*aes.BlockSize : (i+1)*aes.BlockSize]
		copy(half, []byte{0, byte(i + 1), 'X', 0})
		copy(half[4:], nonce[:12])
		subtle.XORBytes(half, half, x.subkey[:])
		x.block.Encrypt(half, half)
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
