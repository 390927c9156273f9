package notes

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/jackc/pgx/v5"
)

// Note is a note of a user.
type Note struct {
	ID      string    `json:"id" format:"uuid"`
	Text    string    `json:"text"`
	Created time.Time `json:"created"`
}

type (
	// ListInput requires a session, as all operations with notes do.
	ListInput struct{ humasess.Required[User] }

	// AddInput is a new note.
	AddInput struct {
		humasess.Required[User]
		Body struct {
			Text string `json:"text" minLength:"1" maxLength:"10000" example:"Buy brass gears."`
		}
	}

	// DeleteInput names a note.
	DeleteInput struct {
		humasess.Required[User]
		ID string `path:"id" format:"uuid" doc:"ID of the note."`
	}

	// ListOutput are notes, the latest first.
	ListOutput struct{ Body []Note }

	// AddOutput is the note as it was stored.
	AddOutput struct{ Body Note }
)

// maxNotes bounds the answer. A real application has pages.
const maxNotes = 100

// listNotes returns the latest notes. Each statement names the owner, so no user sees the
// notes of another.
func (a *App) listNotes(ctx context.Context, in *ListInput) (*ListOutput, error) {
	rows, err := a.pool.Query(ctx, `SELECT id::text, text, created_at FROM notes WHERE owner = $1
		ORDER BY created_at DESC LIMIT $2`, in.Value().ID, maxNotes)
	if err != nil {
		return nil, a.failed(ctx, err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Note])
	if err != nil {
		return nil, a.failed(ctx, err)
	}
	return &ListOutput{all}, nil
}

func (a *App) addNote(ctx context.Context, in *AddInput) (*AddOutput, error) {
	n := Note{Text: in.Body.Text}
	row := a.pool.QueryRow(ctx, `INSERT INTO notes (owner, text) VALUES ($1, $2) RETURNING id::text, created_at`, in.Value().ID, n.Text)
	if err := row.Scan(&n.ID, &n.Created); err != nil {
		return nil, a.failed(ctx, err)
	}
	return &AddOutput{n}, nil
}

func (a *App) deleteNote(ctx context.Context, in *DeleteInput) (*struct{}, error) {
	tag, err := a.pool.Exec(ctx, `DELETE FROM notes WHERE id = $1 AND owner = $2`, in.ID, in.Value().ID)
	if err == nil && tag.RowsAffected() == 0 {
		err = huma.Error404NotFound("no such note")
	}
	return nil, a.failed(ctx, err)
}
