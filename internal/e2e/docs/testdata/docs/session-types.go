package docs

type Cart struct{ Items []string }
