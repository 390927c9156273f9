package docs

var (
	id   string
	pool *pgxpool.Pool
)
