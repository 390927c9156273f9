// Package tiny has files that need each other.
package tiny

// A is generic: its methods and fields have a copy for each instance.
type A[T any] struct {
	b     *B
	value T
}

/*
	A comment

of two lines.
*/
func (a *A[T]) set(t T) { a.value = t } // at the end of a line

const text = `one
two`

// C makes a circle of three files.
func C() string { return d + text }
