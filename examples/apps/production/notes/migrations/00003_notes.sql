-- +goose Up
CREATE TABLE notes (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	owner uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	text text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX notes_owner ON notes (owner, created_at);
