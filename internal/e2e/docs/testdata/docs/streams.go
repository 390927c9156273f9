package docs

type Tick struct{ Time time.Time }

var (
	db     *sql.DB
	server *http.Server
)

func serve(net.Conn, *bufio.ReadWriter)
