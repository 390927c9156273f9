package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/humasess/sessions/stores"
)

// sentinels are returned by explain unchanged.
var sentinels = []error{stores.ErrNotFound, stores.ErrConflict, stores.ErrExists, stores.ErrLimit, errPool}

// explain adds advice to an error of SQLite.
func explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	for _, sentinel := range sentinels {
		if errors.Is(err, sentinel) {
			return sentinel
		}
	}
	if ended := ctx.Err(); ended != nil {
		// Drivers return different errors for an interrupted statement.
		return ended
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "no such table"), strings.Contains(text, "no such column"), strings.Contains(text, "has no column named"):
		return fmt.Errorf("sqlite: tables are missing or from another version, call Migrate: %w", err)
	case strings.Contains(text, "database or disk is full"):
		return fmt.Errorf("sqlite: the disk or the database is full: %w: %w", stores.ErrFull, err)
	case strings.Contains(text, "malformed"), strings.Contains(text, "file is not a database"):
		return fmt.Errorf("sqlite: the file is damaged, restore it or start with a new one: %w", err)
	case strings.Contains(text, "readonly database"):
		return fmt.Errorf("sqlite: sessions need a writable file: %w", err)
	}
	return fmt.Errorf("sqlite: %w", err)
}
