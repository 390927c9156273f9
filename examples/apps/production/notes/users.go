package notes

import (
	"context"
	"errors"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
)

// Credentials are a name and a password. NIST SP 800-63B-4 § 3.1.1.2 asks for 15
// characters where the password is the only factor.
type Credentials struct {
	Name     string `json:"name" minLength:"1" maxLength:"64" pattern:"^[a-z0-9._-]+$" example:"ada"`
	Password string `json:"password" minLength:"15" maxLength:"128" example:"analytical engine"`
}

type (
	// CredentialsInput is the input of the public operations that start a session.
	CredentialsInput struct {
		humasess.Login[User]
		Body Credentials
	}

	// PasswordInput is a password of the user that is signed in.
	PasswordInput struct {
		humasess.Required[User]
		Body struct {
			Password string `json:"password" minLength:"15" maxLength:"128" example:"analytical engine"`
		}
	}
)

// signUp adds a user and signs the user in. One transaction writes both, or neither.
func (a *App) signUp(ctx context.Context, in *CredentialsInput) (*struct{}, error) {
	if err := a.limits.attempt(ctx, in.Body.Name); err != nil {
		return nil, err
	}
	hash, err := a.passwords.Hash(ctx, in.Body.Password) // before the transaction, which must be short
	if err != nil {
		return nil, a.failed(ctx, err)
	}
	err = pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		user := User{Name: in.Body.Name}
		row := tx.QueryRow(ctx, `INSERT INTO users (name, password) VALUES ($1, $2) RETURNING id::text`, in.Body.Name, hash)
		if err := row.Scan(&user.ID); err != nil {
			return err
		}
		if err := in.Session.Start(user); err != nil {
			return err
		}
		return in.Session.Commit(postgres.WithTx(ctx, tx))
	})
	if taken(err) {
		return nil, huma.Error409Conflict("this name is taken")
	}
	return nil, a.failed(ctx, err)
}

// login signs in. An unknown name and a wrong password get the same answer after the
// same time.
func (a *App) login(ctx context.Context, in *CredentialsInput) (*struct{}, error) {
	user, err := a.authenticate(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	if err := in.Session.Start(user); err != nil {
		return nil, err
	}
	return nil, in.Session.Reauthenticated("pwd")
}

// confirm proves the identity of the signed-in user again, for the operations that need
// a recent proof.
func (a *App) confirm(ctx context.Context, in *PasswordInput) (*struct{}, error) {
	if _, err := a.authenticate(ctx, Credentials{in.Value().Name, in.Body.Password}); err != nil {
		return nil, err
	}
	return nil, in.Session.Reauthenticated("pwd")
}

// changePassword ends the user's other sessions. It does so after the change, so a login
// with the old password that is under way is refused. If that fails, the answer is 503
// and the client sends the request again.
func (a *App) changePassword(ctx context.Context, in *PasswordInput) (*struct{}, error) {
	hash, err := a.passwords.Hash(ctx, in.Body.Password)
	if err == nil {
		_, err = a.pool.Exec(ctx, `UPDATE users SET password = $2 WHERE id = $1`, in.Value().ID, hash)
	}
	if err != nil {
		return nil, a.failed(ctx, err)
	}
	_, err = in.Session.RevokeOthers(ctx)
	return nil, err
}

// authenticate returns the user with the name and the password, or the answer.
func (a *App) authenticate(ctx context.Context, c Credentials) (User, error) {
	if err := a.limits.attempt(ctx, c.Name); err != nil {
		return User{}, err
	}
	user, stored := User{Name: c.Name}, ""
	err := a.pool.QueryRow(ctx, `SELECT id::text, password FROM users WHERE name = $1`, c.Name).Scan(&user.ID, &stored)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return User{}, a.failed(ctx, err)
	}
	ok, outdated, err := a.passwords.Verify(ctx, c.Password, stored)
	switch {
	case err != nil:
		return User{}, a.failed(ctx, err)
	case !ok:
		return User{}, huma.Error401Unauthorized("wrong name or password")
	case outdated:
		a.rehash(ctx, user, stored, c.Password)
	}
	return user, nil
}

// rehash replaces a hash of a lower cost. If it cannot, the next login tries again.
func (a *App) rehash(ctx context.Context, user User, old, password string) {
	hash, err := a.passwords.Hash(ctx, password)
	if err == nil {
		_, err = a.pool.Exec(ctx, `UPDATE users SET password = $3 WHERE id = $1 AND password = $2`, user.ID, old, hash)
	}
	if err != nil {
		a.log.WarnContext(ctx, "password not hashed anew", "error", err)
	}
}
