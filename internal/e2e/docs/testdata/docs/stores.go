package docs

type (
	Condition = stores.Condition
	Create    = stores.Create
	Created   = stores.Created
	ID        = stores.ID
	Record    = stores.Record
	Update    = stores.Update
	Updated   = stores.Updated
	Store     = stores.Store
)

// Store of the page has the methods of the real one, and no more.
func _(s Store) stores.Store { return s }
func _(s stores.Store) Store { return s }

func newStore(t *testing.T) stores.Store
