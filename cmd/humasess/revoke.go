package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/humasess/sessions/humasess"
)

func revoke(ctx context.Context, c *call) error {
	c.storeFlags()
	user := c.flags.String("user", "", "end all sessions of the user with this `ID`, and refuse logins in progress")
	id := c.flags.String("id", "", "end the session with this `ID`, as list shows it")
	all := c.flags.Bool("all", false, "end all sessions of the program, and refuse logins in progress")
	yes := c.flags.Bool("yes", false, "with --all, do not ask for confirmation")
	if err := c.parse(); err != nil {
		return err
	}
	chosen := 0
	for _, set := range []bool{c.given("user"), c.given("id"), *all} {
		if set {
			chosen++
		}
	}
	if chosen != 1 {
		return usagef("give exactly one of --user ID, --id ID and --all")
	}
	within, p := c.patience(ctx)
	defer p.pause()
	defer c.close()
	s, err := c.sessions(within, *user)
	if err != nil {
		return err
	}
	switch {
	case *all:
		return c.revokeAll(ctx, s, p, *yes)
	case c.given("id"):
		err = s.Revoke(within, *id)
		if errors.Is(err, humasess.ErrNotFound) {
			return c.missing(within, p, s, "no session of scheme %s has the ID %s", c.scheme, cell(*id))
		}
		if err != nil {
			return c.at(within, err)
		}
		return c.revoked(1)
	}
	n, err := s.RevokeIdentity(within, *user)
	if err != nil {
		return c.at(within, err)
	}
	err = c.revoked(n)
	if err == nil && n == 0 {
		err = c.missing(within, p, s, "user %s has no session of scheme %s; logins in progress are refused nevertheless", cell(*user), c.scheme)
	}
	return err
}

// missing returns the error for a session that was not found, which is perhaps due to a
// wrong scheme.
func (c *call) missing(ctx context.Context, p *patience, s *sessions, format string, args ...any) error {
	text := fmt.Sprintf("%v: "+format, append([]any{c.target}, args...)...)
	if others := c.others(ctx, p, s, false); others != "" {
		text += "; " + others
	}
	return missingError(text)
}

func (c *call) revoked(n int) error {
	return c.print(struct {
		Revoked int `json:"revoked"`
	}{n}, "%d revoked", n)
}

// revokeAll ends all sessions of the program. It has no timeout, because it is
// of little use if it stops halfway.
func (c *call) revokeAll(ctx context.Context, s *sessions, p *patience, yes bool) error {
	p.pause()
	if !yes {
		if err := c.confirm(ctx, s); err != nil {
			return err
		}
	}
	n, err := s.RevokeEverything(ctx)
	if err != nil {
		return fmt.Errorf("%d revoked, but some sessions may remain; repeat the command: %w", n, c.at(ctx, err))
	}
	if err := c.revoked(n); err != nil || n > 0 {
		return err
	}
	return c.expected(ctx, p, s, true)
}

var errDeclined = errors.New("nothing was revoked")

func (c *call) confirm(ctx context.Context, s *sessions) error {
	if !c.interactive {
		return usagef("--all signs out all users of the program; without a terminal it requires --yes")
	}
	n, err := s.Count(ctx)
	if err != nil {
		return c.at(ctx, err)
	}
	_, _ = fmt.Fprintf(c.err, "This ends all %d sessions of scheme %s in %v at once.\nType yes to continue: ", n, c.scheme, c.place())
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(c.in).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		if strings.TrimSpace(line) != "yes" {
			return errDeclined
		}
		return nil
	case <-ctx.Done():
		return errDeclined
	}
}
