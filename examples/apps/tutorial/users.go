package main

import (
	"context"
	"errors"
	"log"

	"github.com/danielgtaylor/huma/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/crypto/bcrypt"
)

const usersTable = `CREATE TABLE IF NOT EXISTS users (
	id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name     text NOT NULL UNIQUE,
	password bytea NOT NULL -- a bcrypt hash
)`

// addUser returns the new user, or a 409 if the name is taken.
func addUser(ctx context.Context, pool *pgxpool.Pool, c Credentials) (User, error) {
	hash, err := hashPassword(c.Password)
	if err != nil {
		return User{}, err
	}
	user := User{Name: c.Name}
	const insert = `INSERT INTO users (name, password) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id`
	err = pool.QueryRow(ctx, insert, c.Name, hash).Scan(&user.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		return User{}, huma.Error409Conflict("this name is taken")
	}
	return user, failed(err)
}

// decoy makes the check of an unknown name as slow as that of a wrong password.
var decoy, _ = hashPassword("the password of unknown users")

// checkPassword returns the user, or a 401.
func checkPassword(ctx context.Context, pool *pgxpool.Pool, c Credentials) (User, error) {
	user, hash := User{Name: c.Name}, decoy
	err := pool.QueryRow(ctx, `SELECT id, password FROM users WHERE name = $1`, c.Name).Scan(&user.ID, &hash)
	unknown := errors.Is(err, pgx.ErrNoRows)
	if err != nil && !unknown {
		return User{}, failed(err)
	}
	if bcrypt.CompareHashAndPassword(hash, []byte(c.Password)) != nil || unknown {
		return User{}, huma.Error401Unauthorized("wrong name or password")
	}
	return user, nil
}

func setPassword(ctx context.Context, pool *pgxpool.Pool, id int64, password string) error {
	hash, err := hashPassword(password)
	if err != nil {
		return err
	}
	_, err = pool.Exec(ctx, `UPDATE users SET password = $2 WHERE id = $1`, id, hash)
	return failed(err)
}

// failed keeps the text of a database from the client: it logs the error and returns a 503.
// An answer that is chosen already stays.
func failed(err error) error {
	if chosen := huma.StatusError(nil); err == nil || errors.As(err, &chosen) {
		return err
	}
	log.Print(err)
	return huma.Error503ServiceUnavailable("try again later")
}

func hashPassword(password string) ([]byte, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	if errors.Is(err, bcrypt.ErrPasswordTooLong) {
		return nil, huma.Error422UnprocessableEntity("the password has more than 72 bytes")
	}
	return hash, err
}
