package humasesstest_test

import (
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess/humasesstest"
)

func TestClock(t *testing.T) {
	t.Parallel()
	c := humasesstest.NewClock()
	begin := c.Now()
	if got := c.Now(); !got.Equal(begin) {
		t.Errorf("clock that does not move: got %v, want %v", got, begin)
	}
	c.Advance(90 * time.Minute)
	c.Advance(-30 * time.Minute)
	if got, want := c.Now(), begin.Add(time.Hour); !got.Equal(want) {
		t.Errorf("moved on and back: got %v, want %v", got, want)
	}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			c.Advance(time.Second)
			_ = c.Now()
		})
	}
	wg.Wait()
	if got, want := c.Now(), begin.Add(time.Hour+50*time.Second); !got.Equal(want) {
		t.Errorf("moved by 50 goroutines: got %v, want %v", got, want)
	}
}
