package docs

var store *sqlite.Store

func private(path string) error
