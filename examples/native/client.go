package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// renewAfter is the age at which the client replaces its token. A token that has leaked
// is of use for that long, unless the thief renews it first.
const renewAfter = 24 * time.Hour

// client is the command-line client.
type client struct {
	api  string
	file TokenFile
	http *http.Client
	in   *bufio.Reader
	out  io.Writer
}

func newClient(api string, file TokenFile, in *bufio.Reader, out io.Writer) *client {
	c := &client{api: strings.TrimSuffix(api, "/"), file: file, in: in, out: out}
	c.http = &http.Client{Transport: &Transport{
		API: c.api, Tokens: file, Prove: c.prove,
		LogIn: func(ctx context.Context) error {
			name, err := c.ask("Name")
			if err != nil {
				return err
			}
			return c.logIn(ctx, name)
		},
	}}
	return c
}

// run runs one command.
func (c *client) run(ctx context.Context, args []string) error {
	command, args := args[0], args[1:]
	if command != "login" && command != "logout" {
		if info, err := os.Stat(string(c.file)); err == nil && time.Since(info.ModTime()) > renewAfter {
			if err := c.renew(ctx); err != nil {
				return err
			}
		}
	}
	switch {
	case command == "login" && len(args) == 1:
		return c.logIn(context.WithValue(ctx, asking{}, true), args[0])
	case command == "me" && len(args) == 0:
		var me struct{ ID string }
		if err := c.call(ctx, http.MethodGet, "/me", nil, &me); err != nil {
			return err
		}
		_, err := fmt.Fprintln(c.out, me.ID)
		return err
	case command == "pay" && len(args) == 2:
		amount, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		return c.call(ctx, http.MethodPost, "/pay", map[string]any{"to": args[0], "amount": amount}, nil)
	case command == "renew" && len(args) == 0:
		return c.renew(ctx)
	case command == "logout" && len(args) == 0:
		if err := c.call(ctx, http.MethodPost, "/logout", nil, nil); err != nil {
			return err // the token may be valid, so it stays
		}
		return c.file.Save("")
	}
	return errors.New("want one of: login NAME, me, pay NAME AMOUNT, renew, logout")
}

// bearer is the part of a BearerToken that the client needs.
type bearer struct {
	AccessToken string `json:"access_token"`
}

func (c *client) logIn(ctx context.Context, name string) error {
	password, err := c.ask("Password") // golang.org/x/term reads it without an echo
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(string(c.file)), 0o700); err != nil {
		return err
	}
	var token bearer
	if err := c.call(ctx, http.MethodPost, "/token", map[string]any{"name": name, "password": password}, &token); err != nil {
		return err
	}
	return c.file.Save(token.AccessToken)
}

func (c *client) prove(ctx context.Context) error {
	code, err := c.ask("Code")
	if err != nil {
		return err
	}
	return c.call(ctx, http.MethodPost, "/prove", map[string]any{"code": code}, nil)
}

// renew replaces the token. The old one is valid until the new one is used, so a client
// that ends before Save has lost nothing.
func (c *client) renew(ctx context.Context) error {
	var token bearer
	err := c.call(ctx, http.MethodPost, "/token/renew", nil, &token)
	var problem problemError
	if errors.As(err, &problem) && problem.Status == http.StatusConflict {
		return nil // the answer to another renewal was lost; the next command tries again
	}
	if err != nil {
		return err
	}
	return c.file.Save(token.AccessToken)
}

// problemError is an answer of 400 or more (RFC 9457).
type problemError struct {
	Status int
	Detail string
}

func (p problemError) Error() string { return fmt.Sprintf("%d: %s", p.Status, p.Detail) }

// call sends in as JSON and decodes the answer into out. Each may be nil.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader = http.NoBody
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data) // net/http can send it again
	}
	req, err := http.NewRequestWithContext(ctx, method, c.api+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	decoder := json.NewDecoder(res.Body)
	switch {
	case res.StatusCode >= http.StatusBadRequest:
		problem := problemError{Status: res.StatusCode, Detail: res.Status}
		_ = decoder.Decode(&problem) // an answer of a proxy is no problem document
		return problem
	case out != nil:
		return decoder.Decode(out)
	}
	return nil
}

// ask reads a line from the user.
func (c *client) ask(question string) (string, error) {
	if _, err := fmt.Fprint(c.out, question, ": "); err != nil {
		return "", err
	}
	line, err := c.in.ReadString('\n')
	return strings.TrimSpace(line), err
}
