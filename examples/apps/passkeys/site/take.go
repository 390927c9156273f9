package site

import (
	"context"

	"github.com/humasess/sessions/humasess"
)

// takeStandIn stands in until Session.Take is here.
func takeStandIn(ctx context.Context, s *Begun) (Ceremony, error) {
	c, ok := s.Get()
	if !ok {
		return c, humasess.ErrNoSession
	}
	if err := s.Destroy(); err != nil {
		return c, err
	}
	return c, s.Commit(ctx)
}
