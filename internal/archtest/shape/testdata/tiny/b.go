package tiny

// B uses a field and a method of an instance of A.
type B struct{ a A[int] }

func (b *B) both() int {
	b.a.set(1)
	return b.a.value
}

// A method in a file that is not that of its type.
func (a *A[T]) get() T { return a.value }
