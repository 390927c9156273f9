package coretest

import (
	"io"
	"maps"
	"net/http"
)

// Remote sends requests to a server in another process, as an https proxy does. It
// answers 502 when it cannot reach the server.
type Remote struct{ URL string }

// ServeHTTP implements [http.Handler].
func (r Remote) ServeHTTP(w http.ResponseWriter, in *http.Request) {
	out, err := http.NewRequestWithContext(in.Context(), in.Method, r.URL+in.URL.RequestURI(), in.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	out.Header = in.Header
	answer, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer func() { _ = answer.Body.Close() }()
	maps.Copy(w.Header(), answer.Header)
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, answer.Body)
}
