package storetest_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/humasess/sessions/stores"
)

var _ stores.Scanner = (*honest)(nil)

// meant returns the live sessions with the head, by ID.
func (h *honest) meant(head []byte) []*row {
	var rows []*row
	for id, r := range h.rows {
		if _, ok := h.live(id); ok && bytes.HasPrefix(r.Payload, head) {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b *row) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return rows
}

// Scan visits sessions in the order of their ID; the cursor is the last
// returned ID.
func (h *honest) Scan(ctx context.Context, head []byte, cursor string, limit int) (stores.Page, error) {
	defer h.lock()()
	if err := ctx.Err(); err != nil {
		return stores.Page{}, err
	}
	if limit <= 0 {
		return stores.Page{}, fmt.Errorf("honest: limit %d", limit)
	}
	var after stores.ID
	if cursor != "" {
		var err error
		if after, err = stores.ParseID(cursor); err != nil {
			return stores.Page{}, err
		}
	}
	var page stores.Page
	for _, r := range h.meant(head) {
		if bytes.Compare(r.ID[:], after[:]) <= 0 {
			continue
		}
		if page.Records = append(page.Records, h.out(r)); len(page.Records) == limit {
			page.Next = r.ID.String()
			break
		}
	}
	return page, nil
}

func (h *honest) Count(ctx context.Context, head []byte) (int, error) {
	defer h.lock()()
	return len(h.meant(head)), ctx.Err()
}

func (h *honest) Clear(ctx context.Context, head []byte) (stores.Cleared, error) {
	defer h.lock()()
	if err := ctx.Err(); err != nil {
		return stores.Cleared{}, err
	}
	return h.wipe(h.meant(head)), nil
}

func (h *honest) wipe(rows []*row) stores.Cleared {
	h.marks[""] = time.Now()
	cleared := stores.Cleared{Mark: h.mark("")}
	for _, r := range rows {
		if h.rows[r.ID] == r {
			delete(h.rows, r.ID)
			cleared.Count++
		}
	}
	return cleared
}
