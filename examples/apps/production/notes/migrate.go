package notes

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// migrations hold the tables of the application and those of the sessions. The file
// that ends with _sessions.sql is the text of postgres.Schema. A release of the library
// with another text gets another such file; TestSessionsMigration tells when.
//
//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the database up to date. Processes that call it at the same time take
// turns, by a lock of the server. So it needs a connection to the server itself, and not
// to a PgBouncer in transaction mode.
func Migrate(ctx context.Context, pool *pgxpool.Pool, logger *slog.Logger) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }() // the pool stays open
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	applied, err := provider.Up(ctx)
	for _, m := range applied {
		logger.InfoContext(ctx, "migrated", "file", m.Source.Path, "duration", m.Duration)
	}
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
