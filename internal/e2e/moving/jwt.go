package moving

import (
	"context"

	"github.com/golang-jwt/jwt/v5"
)

// docs: begin jwt

// JWT finds the users of signed tokens in a cookie.
type JWT struct {
	Key    []byte // at least 32 bytes
	Issuer string // the old program
	Ended  Ended
}

// Find returns the user of a token.
func (o JWT) Find(ctx context.Context, cookie string) (Found, error) {
	var claims jwt.RegisteredClaims
	_, err := jwt.ParseWithClaims(cookie, &claims, func(*jwt.Token) (any, error) { return o.Key, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithIssuer(o.Issuer), jwt.WithExpirationRequired())
	if err != nil || claims.Subject == "" || claims.IssuedAt == nil {
		return Found{}, ErrDead
	}
	found := Found{ID: claims.Subject, SignedIn: claims.IssuedAt.Time, Ends: claims.ExpiresAt.Time, Persistent: true}
	return found, notEnded(ctx, o.Ended, found)
}

// End notes that a token does not count any more.
func (o JWT) End(ctx context.Context, cookie string) error {
	found, err := o.Find(ctx, cookie)
	if err != nil {
		return ignoreDead(err)
	}
	return o.Ended.Add(ctx, found)
}

// docs: end
