-- +goose Up
CREATE TABLE users (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	name text NOT NULL UNIQUE,
	password text NOT NULL, -- of argon2id, with its cost and its salt
	created_at timestamptz NOT NULL DEFAULT now()
);
