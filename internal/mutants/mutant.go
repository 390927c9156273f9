package main

// mutant is a change that breaks a promise.
type mutant struct {
	promise string // id in the names of the tests that must fail; "" is any
	name    string // the broken behaviour
	pkg     string // folder of the package whose tests must fail, in any module
	tests   string // for go test -run; "" finds the tests that mention the promise
	edits   []edit
}

// edit replaces text that occurs exactly once at its place.
type edit struct {
	// in is the folder of a package, or a file that is not Go.
	in string
	// function is Function or Type.Method, without pointers and type parameters.
	// It is "" for declarations outside functions, and for a file.
	function string

	old, replacement string
}

// String is the place of the edit, as the page shows it.
func (e edit) String() string {
	if e.function == "" {
		return e.in
	}
	return e.in + " " + e.function
}
