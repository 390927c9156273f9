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
	id, ok := o.open(cookie)
	if !ok {
		return Found{}, ErrDead
	}
	found := Found{SignedIn: time.Unix(0, 0), Persistent: true}
	err := o.Pool.QueryRow(ctx, `SELECT coalesce(user_id::text, ''), expires FROM sessions WHERE id = $1 AND expires > now()`, id).Scan(&found.ID, &found.Ends)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrDead
	}
	return found, err
}

// End deletes the session of a cookie.
func (o Rocket) End(ctx context.Context, cookie string) error {
	id, ok := o.open(cookie)
	if !ok {
		return nil
	}
	_, err := o.Pool.Exec(ctx, `DELETE FROM sessions WHERE id = $1`, id)
	return err
}

// open decrypts a private cookie of Rocket 0.5.
func (o Rocket) open(cookie string) (id string, ok bool) {
	keys, err := o.Key, error(nil)
	if len(keys) < 64 { // it is the material for keys
		keys, err = hkdf.Expand(sha256.New, keys, "COOKIE;SIGNED:HMAC-SHA256;PRIVATE:AEAD-AES-256-GCM", 64)
	}
	if err != nil {
		return "", false
	}
	block, err := aes.NewCipher(keys[32:64])
	if err != nil {
		return "", false
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return "", false
	}
	value, _ := url.PathUnescape(cookie)
	sealed, _ := base64.StdEncoding.DecodeString(value)
	if len(sealed) < aead.NonceSize() {
		return "", false
	}
	text, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], []byte(o.Name))
	return string(text), err == nil
}

// docs: end
