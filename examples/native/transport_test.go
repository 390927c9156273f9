package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

const secret = "native_a-token-that-opens-nothing"

// transport returns one whose log-in and proof are counted. The token is dead at first.
func (w *world) transport(asked *[]string, answer error) *Transport {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(string(w.file)), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := w.file.Save(secret); err != nil {
		w.t.Fatal(err)
	}
	c, _ := w.device("")
	tr := &Transport{API: w.url, Tokens: w.file}
	c.http = &http.Client{Transport: tr}
	var mu sync.Mutex
	note := func(question string) error {
		mu.Lock()
		defer mu.Unlock()
		*asked = append(*asked, question)
		return answer
	}
	tr.LogIn = func(ctx context.Context) error {
		if err := note("log in"); err != nil {
			return err
		}
		var token bearer
		err := c.call(ctx, http.MethodPost, "/token", map[string]any{"name": "ada", "password": "engine"}, &token)
		return errors.Join(err, w.file.Save(token.AccessToken))
	}
	tr.Prove = func(ctx context.Context) error {
		if err := note("prove"); err != nil {
			return err
		}
		return c.call(ctx, http.MethodPost, "/prove", map[string]any{"code": "123456"}, nil)
	}
	return tr
}

// do sends a request of the method POST if there is a body, and returns the status.
func do(ctx context.Context, tr *Transport, url string, body io.Reader) (int, error) {
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := (&http.Client{Transport: tr}).Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

const payment = `{"to": "grace", "amount": 5}`

// TestParallelRequestsAskOnce begins with a dead token, in ten requests at once. Half of
// them need a proof as well.
func TestParallelRequestsAskOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var asked []string
	tr := w.transport(&asked, nil)
	const requests = 10
	var sent atomic.Int32
	arrived := make(chan struct{})
	w.first = func(http.ResponseWriter, *http.Request) bool {
		if sent.Add(1) == requests {
			close(arrived)
		}
		return false
	}
	logIn := tr.LogIn
	tr.LogIn = func(ctx context.Context) error {
		<-arrived
		return logIn(ctx)
	}
	var all sync.WaitGroup
	for i := range requests {
		all.Go(func() {
			url, body, want := w.url+"/me", io.Reader(nil), http.StatusOK
			if i%2 == 1 {
				url, body, want = w.url+"/pay", strings.NewReader(payment), http.StatusNoContent
			}
			if got, err := do(t.Context(), tr, url, body); err != nil || got != want {
				t.Errorf("%s: got %d and error %v, want %d", url, got, err, want)
			}
		})
	}
	all.Wait()
	if got := strings.Join(asked, ", "); got != "log in, prove" {
		t.Errorf("got questions %q, want one of each", got)
	}
}

// TestBodyIsSentOnce uses a body that net/http cannot rewind.
func TestBodyIsSentOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var asked []string
	tr := w.transport(&asked, nil)
	if got, err := do(t.Context(), tr, w.url+"/pay", io.MultiReader(strings.NewReader(payment))); err != nil || got != http.StatusUnauthorized {
		t.Errorf("got %d and error %v, want 401", got, err)
	}
	w.called("/pay", 1)
	if len(asked) != 0 {
		t.Errorf("got questions %q, want none", asked)
	}
}

// TestUserDeclines asks once for all requests that wait, and again for a later one.
func TestUserDeclines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	declined := errors.New("not now")
	var asked []string
	tr := w.transport(&asked, declined)
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			if _, err := do(t.Context(), tr, w.url+"/me", nil); !errors.Is(err, declined) {
				t.Errorf("got error %v, want that of the user", err)
			}
		})
	}
	all.Wait()
	w.called("/token", 0)
	first := len(asked)
	if _, err := do(t.Context(), tr, w.url+"/me", nil); !errors.Is(err, declined) || len(asked) != first+1 {
		t.Errorf("later: got error %v and %d questions, want one more than %d", err, len(asked), first)
	}
}

// TestRequestEndsWhileTheUserIsAsked cancels the request that asked.
func TestRequestEndsWhileTheUserIsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var asked []string
	tr := w.transport(&asked, nil)
	logIn, entered, release := tr.LogIn, make(chan struct{}), make(chan struct{})
	tr.LogIn = func(ctx context.Context) error {
		close(entered)
		<-release
		return logIn(ctx)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := do(ctx, tr, w.url+"/me", nil)
		ended <- err
	}()
	<-entered
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want that of the context", err)
	}
	go close(release)
	if got, err := do(t.Context(), tr, w.url+"/me", nil); err != nil || got != http.StatusOK || len(asked) != 1 {
		t.Errorf("another request: got %d, error %v and questions %q, want 200 after one", got, err, asked)
	}
}

// TestStillRefused logs in once, although the API refuses the repeated request too.
func TestStillRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var asked []string
	tr := w.transport(&asked, nil)
	tr.LogIn = func(context.Context) error {
		asked = append(asked, "log in")
		return w.file.Save(secret + "too")
	}
	if got, err := do(t.Context(), tr, w.url+"/me", nil); err != nil || got != http.StatusUnauthorized || len(asked) != 1 {
		t.Errorf("got %d, error %v and questions %q, want 401 after one", got, err, asked)
	}
	w.called("/me", 2)
}

// TestOtherProcess finds the token of another process in the file.
func TestOtherProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var asked []string
	tr := w.transport(&asked, nil)
	other := w.transport(&[]string{}, nil)
	w.first = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/me" && r.Header.Get("Authorization") == "Bearer "+secret && other != nil {
			process := other
			other = nil
			if got, err := do(t.Context(), process, w.url+"/me", nil); err != nil || got != http.StatusOK {
				t.Errorf("the other process: got %d and error %v, want 200", got, err)
			}
		}
		return false
	}
	if got, err := do(t.Context(), tr, w.url+"/me", nil); err != nil || got != http.StatusOK || len(asked) != 0 {
		t.Errorf("got %d, error %v and questions %q, want 200 without", got, err, asked)
	}
}

// TestTokenStaysAtItsAPI follows a redirect to another origin, and asks one directly.
func TestTokenStaysAtItsAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var seen []string
	other := httptest.NewServer(http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("Authorization"))
		to.Header().Set("Session-Token", "native_evil")
		to.Header().Set("Content-Type", "application/problem+json")
		to.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(to, `{"type": "urn:humasess:problem:no-session"}`)
	}))
	t.Cleanup(other.Close)
	var asked []string
	tr := w.transport(&asked, nil)
	w.first = func(to http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/redirect" {
			return false
		}
		http.Redirect(to, r, other.URL, http.StatusTemporaryRedirect)
		return true
	}
	for _, url := range []string{other.URL, w.url + "/redirect"} {
		if got, err := do(t.Context(), tr, url, nil); err != nil || got != http.StatusUnauthorized {
			t.Errorf("%s: got %d and error %v, want 401", url, got, err)
		}
	}
	if len(seen) != 2 || strings.Join(seen, "") != "" || len(asked) != 0 || w.token() != secret {
		t.Errorf("got headers %q, questions %q; want two requests without a token, and the token as it was", seen, asked)
	}
}
