package docs

func isMember(ctx context.Context, user, team string) (bool, error)

func timeLeft(context.Context, *MeInput) (*struct{}, error)
