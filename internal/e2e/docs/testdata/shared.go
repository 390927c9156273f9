// Package docs declares names that blocks of several pages use.
package docs

type User struct {
	ID    string
	Roles []string
}

type (
	MeInput struct{ humasess.Required[User] }
)

var (
	api      huma.API
	ctx      context.Context
	in       *MeInput
	mux      *http.ServeMux
	opts     *humasess.Options[User]
	sessions *humasess.Manager[User]
)
