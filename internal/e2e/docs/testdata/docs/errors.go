package docs

var id string
