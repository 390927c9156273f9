package docs

func newAPI() huma.API
