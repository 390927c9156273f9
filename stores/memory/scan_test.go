package memory_test

import (
	"testing"

	"github.com/humasess/sessions/stores"
)

// TestScanMeetsOnce changes the size of every table several times over, up and
// down, during a scan.
func TestScanMeetsOnce(t *testing.T) {
	const stay = 20_000
	for _, tt := range []struct {
		name        string
		before, end int // other sessions, when the scan begins and when it ends
	}{
		{"while the store grows", 0, 3 * stay},
		{"while the store shrinks", 3 * stay, 0},
		{"while nothing happens", stay, stay},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, nil)
			met := make(map[stores.ID]int, stay)
			for i := range stay {
				c := spec(i+1, "")
				create(t, s, c)
				met[c.ID] = 0
			}
			others := 0
			reach := func(n int) {
				for ; others < n; others++ {
					create(t, s, spec(stay+1+others, "crowd"))
				}
				for ; others > n; others-- {
					if err := s.Delete(t.Context(), spec(stay+others, "crowd").ID, stores.Condition{}); err != nil {
						t.Fatal(err)
					}
				}
			}
			reach(tt.before)
			pages, most := 0, 0
			for cursor := ""; ; {
				page, err := s.Scan(t.Context(), nil, cursor, 50)
				if err != nil {
					t.Fatal(err)
				}
				pages++
				most = max(most, len(page.Records))
				for _, r := range page.Records {
					if _, ok := met[r.ID]; ok {
						met[r.ID]++
					}
				}
				if cursor = page.Next; cursor == "" {
					break
				}
				reach(tt.before + (tt.end-tt.before)*min(pages, 400)/400)
			}
			if pages < 400 || most > 80 {
				t.Errorf("got %d pages of %d sessions at most, want 400 and 80", pages, most)
			}
			for id, n := range met {
				if n != 1 {
					t.Fatalf("session %v came %d times, want once", id, n)
				}
			}
		})
	}
}
