package tiny

type user interface{ both() int }

var _ user = (*B)(nil)

var d = "local"

func use(u user) int {
	text := u.both() // hides the constant of a.go
	return text
}
