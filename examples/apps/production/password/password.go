// Package password hashes passwords with argon2id.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// params are the cost of a hash. A hash contains its own, so a later release may raise
// them: logins then replace the hashes, see [Hasher.Verify].
type params struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
}

// current is the cost that OWASP's cheat sheet on password storage names for argon2id
// with one thread: 19 MiB and two passes.
var current = params{memory: 19 << 10, passes: 2, threads: 1}

const (
	saltSize = 16
	hashSize = 32
)

// Hasher hashes a bounded number of passwords at once, because each one takes memory and
// a processor. Otherwise a burst of logins is an outage. It is safe for concurrent use.
type Hasher struct {
	turns chan struct{}
	decoy string
}

// New returns a hasher for so many passwords at once. It needs 19 MiB for each.
func New(parallel int) *Hasher {
	h := &Hasher{turns: make(chan struct{}, parallel)}
	h.decoy = encode(current, newSalt(), make([]byte, hashSize)) // no password has this hash
	return h
}

// Hash returns a hash to store. It waits for its turn until the context ends.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := newSalt()
	key, err := h.key(ctx, current, salt, password, hashSize)
	if err != nil {
		return "", err
	}
	return encode(current, salt, key), nil
}

// Verify reports whether a stored hash is that of the password, and whether the hash
// should be replaced because its cost is not the current one. For an unknown user,
// stored is "". Then the call takes as long, so that its time does not tell which users
// exist.
func (h *Hasher) Verify(ctx context.Context, password, stored string) (ok, outdated bool, err error) {
	known := stored != ""
	if !known {
		stored = h.decoy
	}
	p, salt, want, err := decode(stored)
	if err != nil {
		return false, false, err
	}
	got, err := h.key(ctx, p, salt, password, uint32(len(want)))
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(got, want) == 1 && known
	return ok, ok && p != current, nil
}

func (h *Hasher) key(ctx context.Context, p params, salt []byte, password string, size uint32) ([]byte, error) {
	select {
	case h.turns <- struct{}{}:
		defer func() { <-h.turns }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a password: %w", ctx.Err())
	}
	return argon2.IDKey([]byte(password), salt, p.passes, p.memory, p.threads, size), nil
}

func newSalt() []byte {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails
	return salt
}

// encode writes the usual form, which other languages read as well:
// $argon2id$v=19$m=19456,t=2,p=1$salt$hash.
func encode(p params, salt, key []byte) string {
	text := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.passes, p.threads, text(salt), text(key))
}

// errFormat does not quote the hash, because the log gets it.
var errFormat = errors.New("a stored password hash is not of argon2id")

func decode(stored string) (p params, salt, key []byte, err error) {
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, nil, nil, errFormat
	}
	_, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.passes, &p.threads)
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	key, keyErr := base64.RawStdEncoding.DecodeString(parts[5])
	if errors.Join(err, saltErr, keyErr) != nil || p.passes == 0 || p.threads == 0 || len(key) == 0 {
		return p, nil, nil, errFormat
	}
	return p, salt, key, nil
}
