package site

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/humasess/sessions/humasess"
	"golang.org/x/oauth2"
)

// Provider is an OpenID provider that users can sign in with.
type Provider struct {
	Key          string // in paths: /callback/KEY and /logout/KEY
	Label        string // for users
	Issuer       string
	ClientID     string
	ClientSecret string
	FormPost     bool // the response comes as a form that the browser posts
}

// provider asks for the metadata of a Provider at the first sign-in, so that the
// application starts while the provider is down. It asks again once a day: endpoints
// move, and go-oidc keeps a key that the provider has withdrawn until it sees a new one.
type provider struct {
	Provider

	redirect string
	client   *http.Client
	now      func() time.Time

	known atomic.Pointer[metadata]
}

const metadataTime = 24 * time.Hour

type metadata struct {
	until       time.Time
	oauth       oauth2.Config
	verifier    *oidc.IDTokenVerifier
	endSession  *url.URL // nil if the provider has no such endpoint
	sendsIssuer bool     // RFC 9207
}

func (p *provider) metadata(ctx context.Context) (*metadata, error) {
	known := p.known.Load()
	if known != nil && p.now().Before(known.until) {
		return known, nil
	}
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.Issuer)
	switch {
	case err != nil && known != nil:
		return known, nil // the sign-in itself shows whether the provider is down
	case err != nil:
		return nil, err
	}
	var claims struct {
		EndSession  string `json:"end_session_endpoint"`
		SendsIssuer bool   `json:"authorization_response_iss_parameter_supported"`
	}
	if err := found.Claims(&claims); err != nil {
		return nil, err
	}
	m := &metadata{
		until: p.now().Add(metadataTime),
		oauth: oauth2.Config{
			ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: found.Endpoint(),
			RedirectURL: p.redirect, Scopes: []string{oidc.ScopeOpenID, "profile"},
		},
		verifier:    found.Verifier(&oidc.Config{ClientID: p.ClientID, Now: p.now}),
		sendsIssuer: claims.SendsIssuer,
	}
	if claims.EndSession != "" {
		if m.endSession, err = url.Parse(claims.EndSession); err != nil {
			return nil, err
		}
	}
	p.known.Store(m)
	return m, nil
}

// Result is the user that the provider has named, and the proof.
type Result struct {
	User  User            `json:"user"`
	Proof humasess.Claims `json:"proof"`
}

var errIDToken = errors.New("ID token refused")

// redeem exchanges the code and checks the ID token (OpenID Connect Core § 3.1.3).
func (p *provider) redeem(ctx context.Context, code string, in SignIn) (*Result, error) {
	m, err := p.metadata(ctx)
	if err != nil {
		return nil, err
	}
	tokens, err := m.oauth.Exchange(oidc.ClientContext(ctx, p.client), code, oauth2.VerifierOption(in.Verifier))
	if err != nil {
		return nil, err
	}
	raw, _ := tokens.Extra("id_token").(string)
	token, err := m.verifier.Verify(ctx, raw) // signature, iss, aud, exp
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errIDToken, err)
	}
	var claims struct {
		humasess.Claims // auth_time, acr, amr

		Name string `json:"name"`
		SID  string `json:"sid"`
		AZP  string `json:"azp"`
	}
	if err := token.Claims(&claims); err != nil {
		return nil, fmt.Errorf("%w: %w", errIDToken, err)
	}
	switch {
	case token.Nonce != in.Nonce:
		return nil, fmt.Errorf("%w: it is of another sign-in (nonce)", errIDToken)
	case claims.AZP != p.ClientID && (claims.AZP != "" || len(token.Audience) > 1):
		return nil, fmt.Errorf("%w: it is for the client %q (azp)", errIDToken, claims.AZP)
	}
	if claims.Name == "" {
		claims.Name = token.Subject
	}
	user := User{Issuer: token.Issuer, Subject: token.Subject, Name: claims.Name, SID: claims.SID, IDToken: raw}
	return &Result{User: user, Proof: claims.Claims}, nil
}
