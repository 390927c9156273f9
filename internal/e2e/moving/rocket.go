package moving

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// docs: begin rocket

// Rocket finds sessions of the Rust crate rocket_flex_session 0.2 in its table of PostgreSQL.
type Rocket struct {
	Pool *pgxpool.Pool
	Name string // of the cookie
	Key  []byte // ROCKET_SECRET_KEY, decoded from base64
}

// Find returns the session of a cookie. The table does not have the time of the sign-in.
func (o Rocket) Find(ctx context.Context, cookie string) (Found, error) {
	id, err := o.open(cookie)
	if err != nil {
		return Found{}, ErrDead
	}
	found := Found{SignedIn: time.Unix(0, 0), Persistent: true}
	err = o.Pool.QueryRow(ctx, `SELECT coalesce(user_id::text, ''), expires FROM sessions WHERE id = $1 AND expires > now()`, id).Scan(&found.ID, &found.Ends)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrDead
	}
	return found, err
}

// End deletes the session of a cookie.
func (o Rocket) End(ctx context.Context, cookie string) error {
	id, err := o.open(cookie)
	if err != nil {
		return nil
	}
	_, err = o.Pool.Exec(ctx, `DELETE FROM sessions WHERE id = $1`, id)
	return err
}

// open decrypts a private cookie of Rocket 0.5.
func (o Rocket) open(cookie string) (string, error) {
	keys := o.Key // of 64 bytes, or the material for them
	if len(keys) < 64 {
		var err error
		if keys, err = hkdf.Expand(sha256.New, keys, "COOKIE;SIGNED:HMAC-SHA256;PRIVATE:AEAD-AES-256-GCM", 64); err != nil {
			return "", err
		}
	}
	value, err := url.PathUnescape(cookie)
	if err != nil {
		return "", err
	}
	sealed, err := base64.StdEncoding.DecodeString(value)
	if err != nil || len(sealed) < 12 {
		return "", ErrDead
	}
	block, err := aes.NewCipher(keys[32:64])
	if err != nil {
		return "", err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return "", err
	}
	id, err := aead.Open(nil, sealed[:12], sealed[12:], []byte(o.Name))
	return string(id), err
}

// docs: end
