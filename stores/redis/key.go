package redis

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/redis/rueidis"
)

// A public ID is one AES block. Decrypted, it is the plain ID, which says where
// the session lies; see id.go. Scripts, keys of Redis and hints hold plain IDs.
//
// The plain ID shows a hash of the identity under no secret, because List and
// RevokeIdentity have to find the sessions of an identity even after a secret was
// lost. IDs are public, however, and an identity is easy to guess if it is an
// e-mail address. Encryption is a permutation of all IDs. Without the key, the IDs
// of an identity look like those of any other, and like those of visitors.
//
// So the key decides only whether an ID leads to its session. It never decides
// which sessions a revocation finds. If processes have different keys, then each
// refuses the IDs of the other, as unknown, and each revokes the sessions of
// both. That is why the key needs no agreement beyond the following:
//
//   - Without Options.Key, the first process stores a random key in Redis, and
//     all others take that. Two that start at once get the same one, because a
//     script reads and writes it.
//   - The stored key may get lost: by a flush, by an eviction (it has no time to
//     live, so only the policies allkeys-* evict it), or by a fail-over in the
//     moment after its creation. A process that has the key stores it again when it
//     asks the next time, so no user is signed out.
//   - If another process comes first, with a new key, then that one is in force. A
//     process with the old key learns it from an ID that it does not know, and
//     from the next sign-in after a minute. All users sign in again.
//   - IDs of an older key decrypt to IDs without a session. They open nothing, and
//     their sessions go by revocation or by time.
type idKey struct {
	raw   [keySize]byte
	block cipher.Block
}

const (
	keySize    = 16
	minKeySize = 16 // of Options.Key

	// A process asks for the stored key again at an unknown ID, but this seldom,
	// because attackers send unknown IDs; and at a sign-in.
	askAfterUnknown = time.Second
	askAfterCreate  = time.Minute

	// askWithin bounds NewID, which has no context.
	askWithin = 5 * time.Second
)

//go:embed lua/key.lua
var keyLua string

func newIDKey(raw []byte) (*idKey, error) {
	if len(raw) != keySize {
		return nil, errFormat
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, err
	}
	return &idKey{[keySize]byte(raw), block}, nil
}

// fixedIDKey is for Options.Key, which may be longer than a key of AES.
func fixedIDKey(secret []byte) *idKey {
	hash := sha256.New()
	hash.Write([]byte("humasess redis session IDs\x00"))
	hash.Write(secret)
	k, err := newIDKey(hash.Sum(nil)[:keySize])
	if err != nil {
		panic("redis: New called without AES: " + err.Error())
	}
	return k
}

// plainID is the form of an ID that scripts know.
type plainID [len(stores.ID{})]byte

func (k *idKey) plain(id stores.ID) plainID {
	k.block.Decrypt(id[:], id[:])
	return plainID(id)
}

func (k *idKey) public(id plainID) stores.ID {
	k.block.Encrypt(id[:], id[:])
	return stores.ID(id)
}

// keyring has the key of a process.
type keyring struct {
	fixed   bool
	current atomic.Pointer[idKey]
	since   func() time.Duration // on a monotonic clock
	asked   atomic.Int64         // when, by since
}

func newKeyring(secret []byte) *keyring {
	start := time.Now()
	r := &keyring{since: func() time.Duration { return time.Since(start) }}
	if len(secret) > 0 {
		r.fixed = true
		r.current.Store(fixedIDKey(secret))
	}
	return r
}

// due reports whether the stored key is to be asked for again. It is true for
// one caller.
func (r *keyring) due(after time.Duration) bool {
	if r.fixed {
		return false
	}
	last, now := r.asked.Load(), int64(r.since())
	return now-last >= int64(after) && r.asked.CompareAndSwap(last, now)
}

// key returns the key of this process. The first call asks Redis.
func (s *Store) key(ctx context.Context) (*idKey, error) {
	if k := s.keys.current.Load(); k != nil {
		return k, nil
	}
	return s.askKey(ctx)
}

// askKey returns the key that is in force. It stores the key of this process if
// Redis has none.
func (s *Store) askKey(ctx context.Context) (*idKey, error) {
	mine := s.keys.current.Load()
	raw := make([]byte, keySize)
	if mine != nil {
		copy(raw, mine.raw[:])
	} else if _, err := rand.Read(raw); err != nil {
		return nil, err
	}
	s.keys.asked.Store(int64(s.keys.since()))
	m, err := s.exec(ctx, s.scripts.key, []string{s.prefix + "{key}k"}, []string{rueidis.BinaryString(raw)})
	if err != nil {
		return nil, err
	}
	kept, err := m.AsBytes()
	if err != nil {
		return nil, err
	}
	if mine != nil && string(kept) == string(mine.raw[:]) {
		return mine, nil
	}
	k, err := newIDKey(kept)
	if err != nil {
		return nil, fmt.Errorf("redis: the key of session IDs: %w", err)
	}
	if mine != nil {
		s.logger.WarnContext(ctx, "humasess: redis has lost the key of session IDs, and another process has made a new one: all users sign in again")
	}
	s.keys.current.Store(k)
	return k, nil
}

// newerKey returns the key to try again with after err, or nil. An unknown ID
// may be one of another key than k.
func (s *Store) newerKey(ctx context.Context, k *idKey, err error) *idKey {
	if !errors.Is(err, stores.ErrNotFound) {
		return nil
	}
	now := s.keys.current.Load()
	if now == k && s.keys.due(askAfterUnknown) {
		if asked, err := s.askKey(ctx); err == nil {
			now = asked
		}
	}
	if now == k {
		return nil
	}
	return now
}
