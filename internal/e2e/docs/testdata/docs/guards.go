package docs

func isMember(ctx context.Context, user, team string) (bool, error)
