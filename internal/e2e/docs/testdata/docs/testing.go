package docs

var (
	api humatest.TestAPI
	key string
	t   *testing.T
)

func newAPI(t *testing.T) (huma.API, *humasess.Manager[User])
