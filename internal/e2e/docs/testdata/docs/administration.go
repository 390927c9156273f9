package docs

type User struct {
	ID    string
	Roles []string
	SID   string
}

var (
	roles []string
	sid   string
)
