package main

import "context"

func count(ctx context.Context, c *call) error {
	c.storeFlags()
	user := c.flags.String("user", "", "only the sessions of the user with this `ID`")
	if err := c.parse(); err != nil {
		return err
	}
	ctx, p := c.patience(ctx)
	defer p.pause()
	defer c.close()
	s, err := c.sessions(ctx, *user)
	if err != nil {
		return err
	}
	var n int
	if *user == "" {
		n, err = s.Count(ctx)
	} else {
		all, listed := s.List(ctx, *user)
		n, err = len(all)+s.unknown, listed
	}
	if err != nil {
		return c.at(ctx, err)
	}
	err = c.print(struct {
		Count int `json:"count"`
	}{n}, "%d", n)
	if err == nil && n == 0 {
		err = c.expected(ctx, p, s, *user == "")
	}
	return err
}
