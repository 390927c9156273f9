package declaretest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/humasess/sessions/humasess"
)

// account is the usual session data of these tests.
type account struct {
	ID    string   `json:"id"`
	Roles []string `json:"roles,omitempty"`
	N     int      `json:"n,omitempty"`
	Note  string   `json:"note,omitempty"`
}

func accountOptions() humasess.Options[account] {
	return humasess.Options[account]{
		Identity: func(a account) string { return a.ID },
		Roles:    func(a account) []string { return a.Roles },
	}
}

// output is a response with headers that the test chooses.
type output struct {
	Status       int
	CacheControl string   `header:"Cache-Control"`
	Vary         []string `header:"Vary"`
}

// withHeaders sets pairs of a header's name and value in a request.
func withHeaders(pairs ...string) func(*http.Request) {
	return func(r *http.Request) {
		for i := 0; i < len(pairs); i += 2 {
			r.Header.Set(pairs[i], pairs[i+1])
		}
	}
}

// forgedMarkers sets the headers that an attacker with our source might send.
func forgedMarkers(req *http.Request) {
	for _, name := range []string{"Humasess-Session", "Humasess-Required", "Humasess-Guarded", "Humasess-Login"} {
		req.Header.Set(name, "AAAAAAAAAAAAAAAAAAAAAAAAAA")
	}
}

func wantStatus(t *testing.T, w *httptest.ResponseRecorder, want int) {
	t.Helper()
	if w.Code != want {
		t.Errorf("status: got %d, want %d; body %s", w.Code, want, w.Body)
	}
}

// wantHeader compares all values of a header.
func wantHeader(t *testing.T, w *httptest.ResponseRecorder, name string, want ...string) {
	t.Helper()
	if got := w.Result().Header.Values(name); !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", name, got, want)
	}
}

// problem is the body of an error response.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Errors []any  `json:"errors"`
}

func problemOf(t *testing.T, w *httptest.ResponseRecorder) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Errorf("body is not a problem: %v: %q", err, w.Body)
	}
	if got := w.Result().Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type: got %q, want %q", got, "application/problem+json")
	}
	return p
}
