package docs

var (
	api   humatest.TestAPI
	key   string
	store *humasesstest.Store
	t     *testing.T
)
