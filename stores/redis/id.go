package redis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/humasess/sessions/stores"
)

// A plain ID determines the group of keys that holds its session. So every
// script knows all of its keys beforehand, and a group is in one slot.
//
// The plain ID of an identity's session begins with a set bit and 31 bits of a
// hash of the identity; 96 random bits follow. Different identities may share a
// group, so members of the index carry a longer part of the hash. The plain ID
// of an anonymous session begins with a clear bit, and the rest is random. Each
// anonymous session has its own group.
const (
	tagSize    = 4
	digestSize = 16
	identified = 0x80
)

type digest struct {
	tag  [tagSize]byte
	rest [digestSize]byte
}

// digestOf must not be called with the empty identity.
func digestOf(identity string) digest {
	hash := sha256.New()
	hash.Write([]byte("humasess redis tag\x00"))
	hash.Write([]byte(identity))
	var sum [sha256.Size]byte
	hash.Sum(sum[:0])
	sum[0] |= identified
	return digest{[tagSize]byte(sum[:tagSize]), [digestSize]byte(sum[tagSize:])}
}

func (id *plainID) anonymous() bool { return id[0]&identified == 0 }

// owns reports whether the ID can be one of the identity's sessions.
func (d *digest) owns(id *plainID) bool { return [tagSize]byte(id[:tagSize]) == d.tag }

// NewID returns an ID in the group of its identity, or a random one for
// an anonymous session. The first call of a process may ask Redis for the key
// of IDs.
func (s *Store) NewID(ctx context.Context, identity string) (stores.ID, error) {
	k, err := s.key(ctx)
	if err != nil {
		return stores.ID{}, err
	}
	random, err := stores.RandomID()
	if err != nil {
		return stores.ID{}, err
	}
	id := plainID(random)
	if identity == "" {
		id[0] &^= identified
	} else {
		d := digestOf(identity)
		copy(id[:], d.tag[:])
	}
	return k.public(id), nil
}

// group returns the hash tag of the key names, which decides the slot.
func (id *plainID) group() []byte {
	if id.anonymous() {
		return id[:]
	}
	return id[:tagSize]
}

// names returns the names of a group's keys: its sessions, their expiry and
// their order. For an identity the name of its marks follows. An anonymous
// session has only one key, so that a Cluster can serve it while its slot
// migrates.
func (s *Store) names(group []byte, of *digest) []string {
	names, _ := s.namesAnd(group, of, nil, 1)
	return names
}

// command returns the names of the keys of a session's group, and the arguments
// of a script, which begin with its plain ID. They share their memory, because
// every request makes some.
func (s *Store) command(id *plainID, args ...string) (keys, all []string) {
	names, plain := s.namesAnd(id.group(), nil, id[:], 1+len(args))
	n := len(names)
	all = append(append(names, plain), args...)
	return all[:n:n], all[n:]
}

// namesAnd returns names, with spare room in the slice, and last as a string.
func (s *Store) namesAnd(group []byte, of *digest, last []byte, spare int) (names []string, lastText string) {
	const kinds = "seom" // sessions, expiry, order, marks
	size := len(s.prefix) + hex.EncodedLen(len(group)) + len("{}") + 1
	n := 3
	var room [256]byte
	b := room[:0] // enough for names of usual length; one string holds all of them
	switch {
	case of != nil:
		n = 4
	case len(group) > tagSize:
		n = 1
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
	end := len(b)
	b = append(b, last...)
	all := string(b)
	names = make([]string, n, n+spare)
	for i := range names {
		names[i] = all[i*size : (i+1)*size]
	}
	names[n-1] = all[(n-1)*size : end]
	return names, all[end:]
}

// markedNames returns names and, at the end, the mark of all identities.
func (s *Store) markedNames(group []byte, of *digest) []string {
	var room [2 * len(stores.ID{})]byte
	slot := slotOf(hex.AppendEncode(room[:0], group))
	return append(s.names(group, of), s.everybodyKey(slot))
}
