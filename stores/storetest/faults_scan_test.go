package storetest_test

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/humasess/sessions/stores"
)

// scanFaults break the promises to administrators.
var scanFaults = []fault{
	{"a page loses its last session", 8, []string{"a scan returns every session, whole"}, func(b *broken) {
		b.scan = func(ctx context.Context, head []byte, cursor string, limit int) (stores.Page, error) {
			page, err := b.honest.Scan(ctx, head, cursor, limit)
			if n := len(page.Records); n > 1 && page.Next != "" {
				page.Records = page.Records[:n-1]
			}
			return page, err
		}
	}},
	{"a scan knows no heads", 8, []string{"a scan returns every session, whole"}, func(b *broken) {
		b.scan = func(ctx context.Context, _ []byte, cursor string, limit int) (stores.Page, error) {
			return b.honest.Scan(ctx, nil, cursor, limit)
		}
	}},
	{"a count knows no heads", 8, []string{"a scan returns every session, whole"}, func(b *broken) {
		b.count = func(ctx context.Context, _ []byte) (int, error) { return b.honest.Count(ctx, nil) }
	}},
	{"a scan is without the anonymous", 8, []string{"a scan returns every session, whole"}, func(b *broken) {
		b.scan = func(ctx context.Context, head []byte, cursor string, limit int) (stores.Page, error) {
			page, err := b.honest.Scan(ctx, head, cursor, limit)
			page.Records = slices.DeleteFunc(page.Records, func(r stores.Record) bool { return r.Identity == "" })
			return page, err
		}
	}},
	{"a scan shows the expired", 4, []string{"a scan leaves out ended sessions"}, func(b *broken) {
		b.scan = func(context.Context, []byte, string, int) (stores.Page, error) {
			defer b.lock()()
			var page stores.Page
			for _, r := range b.rows {
				page.Records = append(page.Records, b.out(r))
			}
			return page, nil
		}
	}},
	{"a count counts the expired", 4, []string{"a scan leaves out ended sessions"}, func(b *broken) {
		b.count = func(context.Context, []byte) (int, error) {
			defer b.lock()()
			return len(b.rows), nil
		}
	}},
	{"a scan extends", 4, []string{"a scan leaves out ended sessions"}, func(b *broken) {
		b.scan = func(ctx context.Context, head []byte, cursor string, limit int) (stores.Page, error) {
			b.mu.Lock()
			for _, r := range b.meant(head) {
				b.extend(r, r.idle)
			}
			b.mu.Unlock()
			return b.honest.Scan(ctx, head, cursor, limit)
		}
	}},
	{"a scan goes by place", 8, []string{"a scan returns sessions that stay while others come and go"}, func(b *broken) {
		b.scan = func(_ context.Context, head []byte, cursor string, limit int) (stores.Page, error) {
			defer b.lock()()
			from, _ := strconv.Atoi("0" + cursor)
			rows := b.meant(head)
			slices.SortFunc(rows, func(x, y *row) int { return cmp.Compare(x.seq, y.seq) })
			var page stores.Page
			for _, r := range rows[min(from, len(rows)):min(from+limit, len(rows))] {
				page.Records = append(page.Records, b.out(r))
			}
			if from+limit < len(rows) {
				page.Next = strconv.Itoa(from + limit)
			}
			return page, nil
		}
	}},
	{"any cursor will do", 9, []string{"a scan refuses invalid arguments"}, func(b *broken) {
		b.scan = func(ctx context.Context, head []byte, cursor string, limit int) (stores.Page, error) {
			if _, err := stores.ParseID(cursor); err != nil {
				cursor = ""
			}
			return b.honest.Scan(ctx, head, cursor, limit)
		}
	}},
	{"clear does not look at its context", 9, []string{"a scan refuses invalid arguments"}, func(b *broken) {
		b.clear = func(ctx context.Context, head []byte) (stores.Cleared, error) {
			return b.honest.Clear(context.WithoutCancel(ctx), head)
		}
	}},
	{"clear knows no heads", 5, []string{"R4 clear ends those with the head and no others"}, func(b *broken) {
		b.clear = func(ctx context.Context, _ []byte) (stores.Cleared, error) { return b.honest.Clear(ctx, nil) }
	}},
	{"clear counts the expired", 5, []string{"R4 clear ends those with the head and no others"}, func(b *broken) {
		b.clear = func(_ context.Context, head []byte) (stores.Cleared, error) {
			defer b.lock()()
			var rows []*row
			for _, r := range b.rows {
				if bytes.HasPrefix(r.Payload, head) {
					rows = append(rows, r)
				}
			}
			return b.wipe(rows), nil
		}
	}},
	{"clear spares the anonymous", 5, []string{"R4 clear ends those with the head and no others"}, func(b *broken) {
		b.clear = func(_ context.Context, head []byte) (stores.Cleared, error) {
			defer b.lock()()
			return b.wipe(slices.DeleteFunc(b.meant(head), func(r *row) bool { return r.Identity == "" })), nil
		}
	}},
	{"clear leaves no mark", 5, []string{"R4 clear leaves a mark for all identities", "R4 no create slips through a clear"}, func(b *broken) {
		b.clear = func(ctx context.Context, head []byte) (stores.Cleared, error) {
			listed, _ := b.honest.Scan(ctx, head, "", 1_000_000)
			window()
			defer b.lock()()
			rows := make([]*row, 0, len(listed.Records))
			for _, r := range listed.Records {
				rows = append(rows, b.rows[r.ID])
			}
			cleared := b.wipe(slices.DeleteFunc(rows, func(r *row) bool { return r == nil }))
			delete(b.marks, "")
			return cleared, nil
		}
	}},
	{"clear marks those that it found", 5, []string{"R4 clear leaves a mark for all identities"}, func(b *broken) {
		b.create = func(ctx context.Context, c stores.Create) (stores.Created, error) {
			created, err := b.honest.Create(ctx, c)
			if c.Identity == "" {
				created.RevokedAgo, created.Mark = stores.NotRevoked, 0
			}
			return created, err
		}
	}},
	{"clear marks after the fact", 5, []string{"R4 no create slips through a clear"}, func(b *broken) {
		b.clear = func(ctx context.Context, head []byte) (stores.Cleared, error) {
			b.mu.Lock()
			mark, marked := b.marks[""]
			cleared := b.wipe(b.meant(head))
			if delete(b.marks, ""); marked {
				b.marks[""] = mark
			}
			b.mu.Unlock()
			window()
			defer b.lock()()
			cleared.Mark = b.wipe(nil).Mark
			return cleared, ctx.Err()
		}
	}},
}
