package humasesstest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/humasess/sessions/humasess/humasesstest"
)

// echo answers with the parts of the request, and sets the cookies in its query.
func echo(w http.ResponseWriter, r *http.Request) {
	for _, c := range r.URL.Query()["set"] {
		w.Header().Add("Set-Cookie", c)
	}
	body, _ := io.ReadAll(r.Body)
	data, err := json.Marshal(map[string]string{
		"method": r.Method, "url": r.URL.String(), "scheme": r.URL.Scheme, "host": r.Host,
		"cookie": r.Header.Get("Cookie"), "type": r.Header.Get("Content-Type"), "body": string(body),
	})
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(data)
}

func TestClientCookies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		set  []string
		want string
	}{
		{name: "none", want: ""},
		{name: "kept and sent back by name", set: []string{"b=2; Path=/; Secure", "a=1"}, want: "a=1; b=2"},
		{name: "replaced", set: []string{"a=1", "a=2"}, want: "a=2"},
		{name: "deleted by Max-Age", set: []string{"a=1", "b=2", "a=; Max-Age=0"}, want: "b=2"},
		{name: "deleted by Expires", set: []string{"a=1", "b=2", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, want: "b=2"},
		{name: "Max-Age wins over Expires", set: []string{"a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, want: "a=1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := humasesstest.NewClient(http.HandlerFunc(echo))
			for _, cookie := range tt.set {
				c.Do(http.MethodGet, "/?set="+strings.ReplaceAll(strings.ReplaceAll(cookie, ";", "%3B"), " ", "+"), nil)
			}
			if got := sent(t, c)["cookie"]; got != tt.want {
				t.Errorf("got Cookie %q, want %q", got, tt.want)
			}
		})
	}
}

func sent(t *testing.T, c *humasesstest.Client) map[string]string {
	t.Helper()
	var got map[string]string
	if err := json.Unmarshal(c.Do(http.MethodGet, "/", nil).Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestClientClone(t *testing.T) {
	t.Parallel()
	c := humasesstest.NewClient(http.HandlerFunc(echo))
	c.SetCookie(&http.Cookie{Name: "a", Value: "1"})
	clone := c.Clone()
	clone.SetCookie(&http.Cookie{Name: "a", Value: "2"})
	if got, want := c.Cookie("a")+clone.Cookie("a")+c.Cookie("b"), "12"; got != want {
		t.Errorf("cookies of client, clone, and none: got %q, want %q", got, want)
	}
}

func TestClientBodies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		body      any
		edit      func(*http.Request)
		want      string
		wantType  string
		wantPanic bool
	}{
		{name: "none", body: nil},
		{name: "JSON", body: map[string]int{"n": 1}, want: `{"n":1}`, wantType: "application/json"},
		{name: "reader as it is", body: strings.NewReader("{"), want: "{", wantType: "application/json"},
		{
			name: "edited last", body: strings.NewReader("x"),
			edit: func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
			want: "x", wantType: "text/plain",
		},
		{name: "a body that cannot be encoded", body: make(chan int), wantPanic: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if p := recover(); (p != nil) != tt.wantPanic {
					t.Errorf("got panic %v, want one: %v", p, tt.wantPanic)
				}
			}()
			var edits []func(*http.Request)
			if tt.edit != nil {
				edits = append(edits, tt.edit)
			}
			w := humasesstest.NewClient(http.HandlerFunc(echo)).Do(http.MethodPost, "/p?q=1", tt.body, edits...)
			var got map[string]string
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if got["body"] != tt.want || got["type"] != tt.wantType {
				t.Errorf("got body %q of type %q, want %q of %q", got["body"], got["type"], tt.want, tt.wantType)
			}
			if got["method"] != http.MethodPost || !strings.HasSuffix(got["url"], "/p?q=1") || got["host"] != "example.com" {
				t.Errorf("got %s %s of %s, want POST /p?q=1 of example.com", got["method"], got["url"], got["host"])
			}
		})
	}
}
