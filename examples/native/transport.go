package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
)

// docs: begin transport

// Transport sends a session's token to one API. When the API requires a log-in or a proof,
// Transport asks the user and repeats the request. Parallel requests ask once.
type Transport struct {
	API          string                      // "https://api.example.com"; no other origin gets the token
	Tokens       TokenFile                   // LogIn and the header Session-Token replace the token in it
	LogIn, Prove func(context.Context) error // their own requests have this context, and ask nothing

	mu      sync.Mutex
	pending *question
}

type question struct {
	answered chan struct{}
	err      error
}

type asking struct{} // the context of LogIn and Prove has this key

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme+"://"+req.URL.Host != t.API {
		return http.DefaultTransport.RoundTrip(req)
	}
	final := req.Body != nil && req.Body != http.NoBody && req.GetBody == nil || req.Context().Value(asking{}) != nil
	questions := map[string]func(context.Context) error{
		"urn:humasess:problem:no-session":                t.LogIn,
		"urn:humasess:problem:reauthentication-required": t.Prove,
	}
	for out := req.Clone(req.Context()); ; {
		token, err := t.Tokens.Load()
		if err == nil && token != "" {
			out.Header.Set("Authorization", "Bearer "+token)
		}
		res, err := http.DefaultTransport.RoundTrip(out)
		if err != nil {
			return nil, err
		}
		if next := res.Header.Get("Session-Token"); next != "" {
			if err := t.Tokens.Save(next); err != nil {
				return nil, errors.Join(err, res.Body.Close())
			}
		}
		problem := problemOf(res)
		ask, ok := questions[problem]
		if !ok || final {
			return res, nil
		}
		questions[problem] = nil // a request asks each question once
		if again, err := t.ask(req.Context(), token, ask); err != nil {
			return nil, err // the body of res is in memory
		} else if !again {
			return res, nil
		}
		out = req.Clone(req.Context())
		if req.GetBody != nil {
			if out.Body, err = req.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

// ask reports whether a request that sent this token should be repeated. It waits for a
// question of another request, and asks only if the token is still the present one.
func (t *Transport) ask(ctx context.Context, sent string, ask func(context.Context) error) (again bool, err error) {
	t.mu.Lock()
	q := t.pending
	if now, err := t.Tokens.Load(); err != nil || now != sent || q == nil && ask == nil {
		t.mu.Unlock()
		return now != sent, err
	}
	if q == nil {
		q = &question{answered: make(chan struct{})}
		t.pending = q
		go func() {
			q.err = ask(context.WithValue(context.WithoutCancel(ctx), asking{}, true))
			t.mu.Lock()
			t.pending = nil
			t.mu.Unlock()
			close(q.answered)
		}()
	}
	t.mu.Unlock()
	select {
	case <-q.answered:
		return true, q.err
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// problemOf returns the type of a problem. The caller can still read the body.
func problemOf(res *http.Response) string {
	var problem struct{ Type string }
	if res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden {
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		res.Body = io.NopCloser(bytes.NewReader(body))
		_ = json.Unmarshal(body, &problem)
	}
	return problem.Type
}

// docs: end
