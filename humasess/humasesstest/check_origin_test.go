package humasesstest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// TestCheckDocumentAllowsCrossSite exempts an operation from the cross-origin check.
func TestCheckDocumentAllowsCrossSite(t *testing.T) {
	t.Parallel()
	f := newFixture(t, quietOptions())
	huma.Post(f.api, "/hook", func(context.Context, *writeInput) (*output, error) { return &output{}, nil }, humasess.AllowCrossSite)
	r := &recorder{TB: t}
	humasesstest.CheckDocument(r, f.api, &humasesstest.CheckOptions{Sessions: []humasesstest.CheckSession{f.plain(t)}})
	if len(r.errors) > 0 {
		t.Errorf("got errors for an API that agrees with its document:\n%s", strings.Join(r.errors, "\n"))
	}
}
