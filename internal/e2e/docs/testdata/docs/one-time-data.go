package docs

type (
	Ceremony struct{ Challenge []byte }
	Answer   struct{ Signature []byte }
	purpose  string
)

const signIn purpose = "sign-in"

var store stores.Store

func take(ctx context.Context, session *humasess.Session[Ceremony], want purpose) (Ceremony, error)
func verify(context.Context, Ceremony, Answer) (User, error)
