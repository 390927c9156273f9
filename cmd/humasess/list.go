package main

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/humasess/sessions/humasess"
)

func list(ctx context.Context, c *call) error {
	c.storeFlags()
	user := c.flags.String("user", "", "only the sessions of the user with this `ID`")
	limit := c.flags.Int("limit", 0, "list at most `N` sessions; 0 means all")
	show := c.flags.Bool("data", false, "show the data of the sessions, which may be personal")
	if err := c.parse(); err != nil {
		return err
	}
	if *limit < 0 {
		return usagef("--limit is %d; it must not be negative", *limit)
	}
	ctx, p := c.patience(ctx)
	defer p.pause()
	defer c.close()
	s, err := c.sessions(ctx, *user)
	if err != nil {
		return err
	}
	out := c.rows(*show)
	n := 0
	for info, err := range s.walk(ctx, *user) {
		if err = errors.Join(err, ctx.Err()); err != nil {
			err = errors.Join(c.at(ctx, err), out.flush())
			if n > 0 {
				err = fmt.Errorf("after %d sessions: %w", n, err)
			}
			return err
		}
		p.pause() // a pager that reads the output may stop reading
		if err := out.add(rowOf(info)); err != nil {
			return err
		}
		if n++; n == *limit {
			break
		}
		p.goOn()
	}
	if s.unknown > 0 {
		defer c.sayf("%d sessions have a format that this version cannot read. A newer version can show them.", s.unknown)
	}
	err = out.flush()
	if err == nil && n+s.unknown == 0 {
		err = c.expected(ctx, p, s, *user == "")
	}
	return err
}

// walk iterates over the sessions of a user, or over all sessions if user is "".
func (s *sessions) walk(ctx context.Context, user string) iter.Seq2[humasess.Info[data], error] {
	if user == "" {
		return s.All(ctx)
	}
	return func(yield func(humasess.Info[data], error) bool) {
		all, err := s.List(ctx, user)
		for _, info := range all {
			if !yield(info, nil) {
				return
			}
		}
		if err != nil {
			yield(humasess.Info[data]{}, err)
		}
	}
}

func rowOf(info humasess.Info[data]) row {
	r := row{
		ID: info.ID, User: info.Identity, CreatedAt: info.CreatedAt.UTC(), LastSeenAt: info.LastSeenAt.UTC(), ExpiresAt: info.ExpiresAt.UTC(),
		Carrier: info.Carrier, Label: info.Client.Label(), raw: info.Data,
	}
	if at := info.Authentication.Time; !at.IsZero() {
		at = at.UTC()
		r.AuthenticatedAt = &at
	}
	for _, m := range info.Authentication.Methods {
		r.Methods = append(r.Methods, m.Name)
	}
	return r
}
