package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// docs: begin transport

// Transport sends a session's token to one API. When the API requires a log-in or a proof,
// Transport asks the user and repeats the request. Parallel requests ask once.
type Transport struct {
	API          string                      // "https://api.example.com"; no other origin gets the token
	Tokens       TokenFile                   // LogIn and the header Session-Token replace the token in it
	LogIn, Prove func(context.Context) error // their own requests have this context, and ask nothing

	mu      sync.Mutex   // held while the user is asked
	answers atomic.Int64 // of the user
	last    error        // the last answer
}

type asking struct{} // the context of LogIn and Prove has this key

var errAsked = errors.New("the API refuses after the answer, too")

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
		answers := t.answers.Load()
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
		var problem struct{ Type string }
		if res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden {
			body, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			res.Body = io.NopCloser(bytes.NewReader(body))
			_ = json.Unmarshal(body, &problem)
		}
		question, ok := questions[problem.Type]
		if !ok || final {
			return res, nil
		}
		questions[problem.Type] = nil // a request asks each question once
		answered := make(chan error, 1)
		go func() { answered <- t.answer(req.Context(), token, answers, question) }()
		select {
		case err = <-answered:
		case <-req.Context().Done(): // the question stays, for other requests
			err = req.Context().Err()
		}
		if errors.Is(err, errAsked) {
			return res, nil
		}
		if out = req.Clone(req.Context()); err == nil && req.GetBody != nil {
			out.Body, err = req.GetBody()
		}
		if err != nil {
			return nil, err // the body of res is in memory
		}
	}
}

// answer returns nil if a request that sent this token should be repeated. It asks unless
// the token was replaced, or another request has asked since the request was sent.
func (t *Transport) answer(ctx context.Context, sent string, answers int64, ask func(context.Context) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, err := t.Tokens.Load()
	switch {
	case err != nil || now != sent:
		return err
	case t.answers.Load() != answers:
	case ask == nil:
		return errAsked
	default:
		t.last = ask(context.WithValue(context.WithoutCancel(ctx), asking{}, true))
		t.answers.Add(1)
	}
	return t.last
}

// docs: end
