package redis

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"github.com/humasess/sessions/stores"
)

// An ID says which group of keys its session lives in, so that every script
// knows all of its keys beforehand, and a group lies in one slot.
//
// The ID of an identity's session begins with a set bit and 31 bits of a keyed
// hash of the identity; 96 random bits follow. Different identities may share a
// group: members of the index carry a longer part of the hash. The ID of an
// anonymous session begins with a bit that is not set and is random otherwise;
// its group is its own.
const (
	tagSize    = 4
	digestSize = 16
	identified = 0x80
)

// defaultTagKey is public: it spreads, and hides nothing.
const defaultTagKey = "humasess redis tag"

// hasher turns identities into what IDs and keys show of them.
type hasher struct{ key []byte }

func newHasher(key []byte) hasher {
	if len(key) == 0 {
		key = []byte(defaultTagKey)
	}
	return hasher{append([]byte(nil), key...)}
}

type digest struct {
	tag  [tagSize]byte
	rest [digestSize]byte
}

// hash is not for the empty identity.
func (h hasher) hash(identity string) digest {
	mac := hmac.New(sha256.New, h.key)
	mac.Write([]byte(identity))
	var sum [sha256.Size]byte
	mac.Sum(sum[:0])
	sum[0] |= identified
	return digest{[tagSize]byte(sum[:tagSize]), [digestSize]byte(sum[tagSize:])}
}

func isAnonymous(id stores.ID) bool { return id[0]&identified == 0 }

// belongs reports whether sessions of the identity have such IDs.
func (d *digest) owns(id stores.ID) bool { return [tagSize]byte(id[:tagSize]) == d.tag }

// NewID returns an ID that puts the session beside the others of its
// identity, or anywhere when anonymous.
func (s *Store) NewID(identity string) (stores.ID, error) {
	id, err := stores.RandomID()
	if err != nil {
		return stores.ID{}, err
	}
	if identity == "" {
		id[0] &^= identified
		return id, nil
	}
	d := s.hasher.hash(identity)
	copy(id[:], d.tag[:])
	return id, nil
}

// group is the part of key names that decides about the slot.
func group(id stores.ID) []byte {
	if isAnonymous(id) {
		return id[:]
	}
	return id[:tagSize]
}

// keys returns the names of a group's keys: its sessions, their expiry, and
// their order. For an identity the name of its revocation mark follows.
func (s *Store) keys(group []byte, of *digest) []string {
	const kinds = "seom" // sessions, expiry, order, mark
	size := len(s.prefix) + hex.EncodedLen(len(group)) + len("{}") + 1
	n := 3
	var room [256]byte
	b := room[:0] // of names of usual length; one string holds all of them
	if of != nil {
		n = 4
	}
	for _, kind := range []byte(kinds[:n]) {
		b = append(b, s.prefix...)
		b = append(b, '{')
		b = hex.AppendEncode(b, group)
		b = append(b, '}', kind)
	}
	if of != nil {
		b = hex.AppendEncode(b, of.rest[:])
	}
	all := string(b)
	keys := make([]string, n)
	for i := range keys {
		keys[i], all = all[:size], all[size:]
	}
	keys[n-1] += all
	return keys
}

// markedKeys are keys and, at the end, the mark of everybody.
func (s *Store) markedKeys(group []byte, of *digest) []string {
	var room [2 * len(stores.ID{})]byte
	slot := slotOf(hex.AppendEncode(room[:0], group))
	return append(s.keys(group, of), s.everybodyKey(slot))
}
