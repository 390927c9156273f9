package memory

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"runtime"

	"github.com/humasess/sessions/stores"
)

// stretch is the number of sessions visited while a shard is locked once.
const stretch = 256

// position is the progress of a scan: a reversed hash in a shard. See
// table.span.
type position struct {
	shard int
	at    uint64
}

var errCursor = errors.New("memory: not a cursor of Scan")

// String returns the cursor.
func (p *position) String() string {
	if p.shard == shardCount {
		return ""
	}
	b := binary.BigEndian.AppendUint64([]byte{byte(p.shard)}, p.at)
	return hex.EncodeToString(b)
}

func parsePosition(cursor string) (position, error) {
	if cursor == "" {
		return position{}, nil
	}
	b, err := hex.DecodeString(cursor)
	if err != nil || len(b) != 9 {
		return position{}, errCursor
	}
	return position{int(b[0]), binary.BigEndian.Uint64(b[1:])}, nil
}

// visit calls f for about n more sessions of p's shard, and moves p. The shard
// is locked.
func (p *position) visit(sh *shard, n int, f func(*entry)) {
	for ; n > 0 && len(sh.table.buckets) > 0; n-- {
		e, next := sh.table.span(p.at)
		for ; e != nil; e = e.chain {
			if bits.Reverse64(e.hash()) >= p.at { // otherwise the previous bucket had it
				f(e)
				n--
			}
		}
		if p.at = next; next == 0 {
			break
		}
	}
	if p.at == 0 || len(sh.table.buckets) == 0 {
		*p = position{shard: p.shard + 1}
	}
}

// meant reports whether the scan includes e: it is live and its payload begins
// with head.
func (e *entry) meant(now int64, head []byte) bool {
	return e.live(now) && bytes.HasPrefix(e.body.payload, head)
}

// Scan returns about limit live sessions whose payload begins with head, each
// on at most one page. The cursor is valid in this process only.
func (s *Store) Scan(ctx context.Context, head []byte, cursor string, limit int) (stores.Page, error) {
	if limit <= 0 {
		return stores.Page{}, fmt.Errorf("memory: scan with limit %d", limit)
	}
	p, err := parsePosition(cursor)
	if err != nil {
		return stores.Page{}, err
	}
	var page stores.Page
	for p.shard < shardCount && len(page.Records) < limit {
		if err := ctx.Err(); err != nil {
			return stores.Page{}, err
		}
		s.look(&p, min(stretch, limit-len(page.Records)), head, func(c *clock, e *entry, now int64) {
			page.Records = append(page.Records, c.record(e, now))
		})
	}
	for i := range page.Records {
		page.Records[i].Payload = clone(page.Records[i].Payload)
	}
	page.Next = p.String()
	return page, nil
}

// Count returns the number of live sessions whose payload begins with head.
func (s *Store) Count(ctx context.Context, head []byte) (int, error) {
	n := 0
	for p := (position{}); p.shard < shardCount; {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		s.look(&p, stretch, head, func(*clock, *entry, int64) { n++ })
	}
	return n, nil
}

// look visits the next n sessions and calls f for those that the scan includes.
func (s *Store) look(p *position, n int, head []byte, f func(c *clock, e *entry, now int64)) {
	sh := &s.shards[p.shard]
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	c := s.clock.Load()
	now := c.read()
	p.visit(sh, n, func(e *entry) {
		if e.meant(now, head) {
			f(c, e, now)
		}
	})
}

// Clear deletes every session whose payload begins with head, and leaves a mark
// that each Create reports.
func (s *Store) Clear(ctx context.Context, head []byte) (stores.Cleared, error) {
	if err := ctx.Err(); err != nil {
		return stores.Cleared{}, err
	}
	cleared := stores.Cleared{Mark: s.markAll()}
	for p := (position{}); p.shard < shardCount; {
		if err := ctx.Err(); err != nil {
			return cleared, err
		}
		cleared.Count += s.clearSlice(&p, head)
		runtime.Gosched()
	}
	return cleared, nil
}

func (s *Store) markAll() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake()
	return s.marks.set(hashName(anyIdentity), anyIdentity)
}

// clearSlice visits some sessions, removes those that the scan includes, and
// returns their number.
func (s *Store) clearSlice(p *position, head []byte) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh := &s.shards[p.shard]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	now := s.clock.Load().read()
	gone := make([]*entry, 0, 2*slice)
	p.visit(sh, slice, func(e *entry) { // removing changes the buckets
		if e.meant(now, head) {
			gone = append(gone, e)
		}
	})
	for _, e := range gone {
		s.remove(sh, e)
		s.hint(e.id)
	}
	return len(gone)
}
