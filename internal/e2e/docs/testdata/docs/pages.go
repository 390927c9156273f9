package docs

var (
	router                       chi.Router
	loginTemplate, errorTemplate *template.Template
)

func accountPage(http.ResponseWriter, *http.Request)
func loginForm(http.ResponseWriter, *http.Request)
func login(http.ResponseWriter, *http.Request)
func errorPage(w http.ResponseWriter, r *http.Request, status int, err error)
