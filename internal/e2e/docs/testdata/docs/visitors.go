package docs

type (
	User struct {
		ID, Theme, Flash string
	}
	ThemeInput struct {
		humasess.Session[User]
		Body struct{ Theme string }
	}
)
