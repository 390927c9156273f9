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

// A public ID is one AES block. Decrypted, it is the plain ID, which determines
// the group of the session; see id.go. Scripts, keys of Redis and hints hold
// plain IDs.
//
// The plain ID shows an unkeyed hash of the identity. So List and
// RevokeIdentity find the sessions of an identity even after a secret was lost.
// But IDs are public, and an identity such as an e-mail address is easy to
// guess. So IDs are encrypted. Without the key, the IDs of an identity look
// like those of any other, and like those of anonymous sessions.
//
// So the key decides only whether an ID leads to its session. It never decides
// which sessions a revocation finds. If processes have different keys, each
// refuses the IDs of the other as unknown, and each revokes the sessions of
// both. That is why the key needs no agreement beyond these rules:
//
//   - Without Options.Key, the first process stores a random key in Redis,
//     and all others take that. Two that start at once get the same one,
//     because one script reads and writes it.
//   - The stored key may get lost by a flush, by an eviction, or by a
//     fail-over in the moment after its creation. It has no time to live, so
//     only the policies allkeys-* evict it. A process that has the key
//     stores it again when it next asks, so no user is signed out.
//   - If another process stores a new key first, that key is valid from then
//     on. A process with the old key learns it from an ID that it does not
//     know, and from the next sign-in after a minute. All users sign in
//     again.
//   - IDs of an older key decrypt to IDs without a session. They open
//     nothing, and their sessions end by revocation or by expiry.
type idKey struct {
	raw   [keySize]byte
	block cipher.Block
}

const (
	keySize    = 16
	minKeySize = 16 // of Options.Key

	// A process asks for the stored key again after an unknown ID and at a
	// sign-in. Both are limited, because attackers can send many unknown IDs.
	askAfterUnknown = time.Second
	askAfterCreate  = time.Minute
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

// fixedIDKey returns the key for Options.Key, which may be longer than an AES
// key.
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

// plainID is a decrypted ID, the form that scripts use.
type plainID [len(stores.ID{})]byte

func (k *idKey) plain(id stores.ID) plainID {
	k.block.Decrypt(id[:], id[:])
	return plainID(id)
}

func (k *idKey) public(id plainID) stores.ID {
	k.block.Encrypt(id[:], id[:])
	return stores.ID(id)
}

// keyring holds the key of a process.
type keyring struct {
	fixed   bool
	current atomic.Pointer[idKey]
	since   func() time.Duration // on a monotonic clock
	asked   atomic.Int64         // time of the last question, by since
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

// due reports whether to ask for the stored key again. It is true for only one
// of several callers.
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

// askKey returns the key in Redis. If Redis has none, it stores the key of this
// process.
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
		s.logger.WarnContext(ctx, "humasess: redis has lost the key of session IDs, and another process has made a new one, so all users must sign in again")
	}
	s.keys.current.Store(k)
	return k, nil
}

// newerKey returns the key to try next after err, or nil. An unknown ID may
// have been made with a key other than k.
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
