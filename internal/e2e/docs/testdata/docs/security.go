package docs

// idToken has the claims of an ID token that the program has verified.
type idToken struct {
	AuthTime int64
	ACR      string
	AMR      []string
}

type tenantTable struct{}

func (tenantTable) Has(ctx context.Context, host string) bool

var (
	tenants tenantTable
	token   idToken
	user    User
)
