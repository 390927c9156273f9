package sdk_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// call is one request of a client and its answer.
type call struct {
	request string // method and path
	status  int
	cookies int // how often the session's cookie was sent
	token   int // which bearer token was sent, counted from 1
}

// witness is between a client and an API. It records every call, so a test does
// not rely on the client. It compares each call with the API's document.
type witness struct {
	url    string
	t      *testing.T
	api    string
	judges []judge
	mu     sync.Mutex
	calls  []call
	tokens []string // bearer tokens of all answers
}

// judge compares a request and its response with a document.
type judge interface {
	name() string
	// request is called before the request is forwarded. It tells whether a
	// security requirement of the operation is satisfied.
	request(r *http.Request) (satisfied bool, err error)
	response(r *http.Request, status int, header http.Header, body []byte) error
}

// watch starts a witness for the API at that address.
func watch(t *testing.T, api string, judges ...judge) *witness {
	t.Helper()
	w := &witness{t: t, api: api, judges: judges}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// seen returns the calls since it was last called.
func (w *witness) seen() []call {
	w.mu.Lock()
	defer w.mu.Unlock()
	calls := w.calls
	w.calls, w.tokens = nil, nil
	return calls
}

// token returns which of the answers' bearer tokens a request sends. It is 0 without
// one, and -1 for anything else in the header.
func (w *witness) token(r *http.Request) int {
	lines := r.Header["Authorization"]
	if len(lines) == 0 {
		return 0
	}
	for i, token := range w.tokens {
		if slices.Equal(lines, []string{"Bearer " + token}) {
			return i + 1
		}
	}
	return -1
}

func (w *witness) ServeHTTP(to http.ResponseWriter, r *http.Request) {
	if err := w.pass(to, r); err != nil {
		w.t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
		to.WriteHeader(http.StatusBadGateway)
	}
}

func (w *witness) pass(to http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	again := func() *http.Request {
		c := r.Clone(r.Context())
		c.Body = io.NopCloser(bytes.NewReader(body))
		return c
	}
	satisfied := make([]bool, len(w.judges))
	for i, j := range w.judges {
		if satisfied[i], err = j.request(again()); err != nil {
			w.t.Errorf("%s, request %s %s: %v", j.name(), r.Method, r.URL.Path, err)
		}
	}
	out, err := http.NewRequestWithContext(r.Context(), r.Method, w.api+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	out.Header = r.Header.Clone()
	res, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	refused := res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden
	for i, j := range w.judges {
		if satisfied[i] == refused {
			w.t.Errorf("%s, %s %s: by the document the session suffices: %v; the answer is %d",
				j.name(), r.Method, r.URL.Path, satisfied[i], res.StatusCode)
		}
		if err := j.response(again(), res.StatusCode, res.Header, answer); err != nil {
			w.t.Errorf("%s, response to %s %s: %v", j.name(), r.Method, r.URL.Path, err)
		}
	}
	var issued struct {
		AccessToken string `json:"access_token"`
	}
	_ = json.Unmarshal(answer, &issued) // most answers have no token
	w.mu.Lock()
	w.calls = append(w.calls, call{r.Method + " " + r.URL.Path, res.StatusCode, len(r.CookiesNamed("quickstart")), w.token(r)})
	if issued.AccessToken == "" {
		issued.AccessToken = res.Header.Get("Session-Token")
	}
	if issued.AccessToken != "" {
		w.tokens = append(w.tokens, issued.AccessToken)
	}
	w.mu.Unlock()
	maps.Copy(to.Header(), res.Header)
	to.WriteHeader(res.StatusCode)
	_, err = to.Write(answer)
	return err
}
