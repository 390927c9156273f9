package humasessotel

import (
	"path"
	"reflect"

	"github.com/humasess/sessions/stores"
)

// systemNames maps packages to db.system.name.
var systemNames = map[string]string{"postgres": "postgresql", "pgx": "postgresql", "rueidis": "redis"}

// inProcess are the systems whose calls are functions of this process. A
// [stores.Memoizer] is one, too.
var inProcess = map[string]bool{"memory": true, "sqlite": true, "cookie": true}

// systemOf returns the value of db.system.name for a store: the name of its package,
// unless the conventions have another name.
func systemOf(store any) string {
	t := reflect.TypeOf(store)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := path.Base(t.PkgPath())
	if known, ok := systemNames[name]; ok {
		return known
	}
	return name
}

// innermost returns the store that all wrappers lead to.
func innermost(store stores.Store) stores.Store {
	for {
		w, ok := store.(interface{ Unwrap() stores.Store })
		if !ok {
			return store
		}
		inner := w.Unwrap()
		if inner == nil {
			return store
		}
		store = inner
	}
}
