package docs

type MeOutput struct{ Body User }
