package docs

type ProveInput struct {
	humasess.Required[User]
	Body struct{ Password string }
}

func passwordIs(ctx context.Context, id, password string) bool
