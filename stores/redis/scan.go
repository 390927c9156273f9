package redis

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"

	"github.com/humasess/sessions/stores"
	"github.com/redis/rueidis"
)

const (
	// stride is how many sessions of a group one script visits. scanned is the
	// COUNT of a SCAN. Each takes a server well below a millisecond.
	stride  = 100
	scanned = 250

	// pipeline is how many commands are sent at once.
	pipeline = 512
)

// walking is the action of a walk on the sessions that it includes.
type walking string

const (
	walkScan  walking = "scan"
	walkCount walking = "count"
	walkClear walking = "clear"
)

var errCursor = errors.New("redis: the cursor is not from Scan, or its server has left")

// position is the progress of a walk: a server, and its cursor.
type position struct {
	addr string
	at   uint64 // of SCAN
}

func (p position) String() string {
	if p.addr == "" {
		return ""
	}
	return strconv.FormatUint(p.at, 10) + "@" + p.addr
}

// primaries returns the servers that hold sessions, in order.
func (s *Store) primaries(ctx context.Context) ([]string, map[string]rueidis.Client, error) {
	nodes := s.client.Nodes()
	addrs := make([]string, 0, len(nodes))
	for addr, node := range nodes {
		role, err := do(ctx, node, node.B().Role().Build()).ToArray()
		if err != nil {
			return nil, nil, fmt.Errorf("ROLE of %s: %w", addr, explain(err))
		}
		if len(role) == 0 {
			return nil, nil, errFormat
		}
		if name, err := role[0].ToString(); err == nil && name == "master" {
			addrs = append(addrs, addr)
		}
	}
	slices.Sort(addrs)
	return addrs, nodes, nil
}

// Scan returns the live sessions whose payload begins with head, from the next
// keys that a server visits. It does not keep the limit, because a page has
// some hundred keys and all sessions of each identity. A session may be on two
// pages. The client's user needs the rights to SCAN and ROLE. While slots of a
// Cluster move from one server to another, sessions may be missed.
func (s *Store) Scan(ctx context.Context, head []byte, cursor string, limit int) (stores.Page, error) {
	if limit <= 0 {
		return stores.Page{}, fmt.Errorf("redis: scan with limit %d", limit)
	}
	var p position
	if cursor != "" {
		at, addr, ok := strings.Cut(cursor, "@")
		n, err := strconv.ParseUint(at, 10, 64)
		if !ok || err != nil {
			return stores.Page{}, errCursor
		}
		p = position{addr, n}
	}
	k, err := s.key(ctx)
	if err != nil {
		return stores.Page{}, err
	}
	var page stores.Page
	err = s.walk(ctx, &p, scanned, func(groups [][]byte) error {
		return s.each(ctx, walkScan, head, groups, func(a answer) error {
			for v := a.rest; len(v) > 0; v = v[3:] {
				name, err := v[0].ToString()
				if err != nil {
					return err
				}
				var id plainID
				copy(id[:], name)
				r, err := parse(k.public(id), a.now, &v[1], &v[2])
				if err != nil {
					return err
				}
				page.Records = append(page.Records, r)
			}
			return nil
		})
	})
	page.Next = p.String()
	return page, err
}

// Count returns the number of live sessions whose payload begins with head. It
// visits the keys of all servers, as Scan does.
func (s *Store) Count(ctx context.Context, head []byte) (int, error) {
	n := 0
	seed, met := maphash.MakeSeed(), map[uint64]struct{}{} // SCAN may return a key twice
	for p, more := (position{}), true; more; more = p.addr != "" {
		err := s.walk(ctx, &p, scanned, func(groups [][]byte) error {
			groups = slices.DeleteFunc(groups, func(group []byte) bool {
				hash := maphash.Bytes(seed, group)
				_, again := met[hash]
				met[hash] = struct{}{}
				return again
			})
			return s.each(ctx, walkCount, head, groups, func(a answer) error { n += a.count; return nil })
		})
		if err != nil {
			return 0, err
		}
	}
	return n, nil
}

// Clear deletes every session whose payload begins with head, a few at a time.
// For about an hour it leaves a mark in each slot, which each Create reports.
// It does not touch keys without the prefix.
func (s *Store) Clear(ctx context.Context, head []byte) (stores.Cleared, error) {
	if err := ctx.Err(); err != nil {
		return stores.Cleared{}, err
	}
	mark := newMark()
	if err := s.markAll(ctx, mark); err != nil {
		return stores.Cleared{}, err
	}
	cleared := stores.Cleared{Mark: mark}
	for p, more := (position{}), true; more; more = p.addr != "" {
		err := s.walk(ctx, &p, scanned, func(groups [][]byte) error {
			return s.each(ctx, walkClear, head, groups, func(a answer) error { cleared.Count += a.count; return nil })
		})
		if err != nil {
			return cleared, err
		}
	}
	return cleared, nil
}

// markAll sets the mark in every slot, because a script of Create can read only
// keys of its own slot.
func (s *Store) markAll(ctx context.Context, mark int64) error {
	args := []string{strconv.FormatInt(mark, 10), retentionText}
	calls := make([]scriptCall, 0, pipeline)
	for slot := range slots {
		calls = append(calls, scriptCall{[]string{s.everybodyKey(uint16(slot))}, args})
		if len(calls) == pipeline {
			if err := s.execMany(ctx, s.scripts.everybody, s.scripts.everybodySHA, calls, nil); err != nil {
				return err
			}
			calls = calls[:0]
		}
	}
	return nil
}

// walk passes the groups of the next keys to f, and moves p. After the last one
// the address of p is empty.
func (s *Store) walk(ctx context.Context, p *position, count int, f func(groups [][]byte) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	addrs, nodes, err := s.primaries(ctx)
	if err != nil {
		return err
	}
	if len(addrs) == 0 {
		return errors.New("redis: no primary to scan")
	}
	if p.addr == "" {
		p.addr = addrs[0]
	}
	at := slices.Index(addrs, p.addr)
	if at < 0 {
		return errCursor
	}
	node := nodes[p.addr]
	entry, err := do(ctx, node, node.B().Scan().Cursor(p.at).Match(s.pattern()).Count(int64(count)).Type("hash").Build()).AsScanEntry()
	if err != nil {
		return explain(err)
	}
	groups := make([][]byte, 0, len(entry.Elements))
	for _, key := range entry.Elements {
		if group, ok := s.groupOf(key); ok {
			groups = append(groups, group)
		}
	}
	if err := f(groups); err != nil {
		return err
	}
	switch p.at = entry.Cursor; {
	case p.at != 0:
	case at+1 < len(addrs):
		p.addr = addrs[at+1]
	default:
		p.addr = ""
	}
	return nil
}

// pattern matches the names of the hashes that hold sessions.
func (s *Store) pattern() string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(s.prefix) + "{*}s"
}

// groupOf returns the hash tag of such a name, which decides the slot.
func (s *Store) groupOf(key string) ([]byte, bool) {
	text, ok := strings.CutPrefix(key, s.prefix+"{")
	if !ok {
		return nil, false
	}
	text, ok = strings.CutSuffix(text, "}s")
	group, err := hex.DecodeString(text)
	return group, ok && err == nil && (len(group) == tagSize || len(group) == len(stores.ID{}))
}

// answer is the reply to the script of a walk.
type answer struct {
	now   int64
	next  string // where to continue in the group, "" at its end
	count int
	rest  []rueidis.RedisMessage
}

// each walks through all groups, with one command per group in each round.
func (s *Store) each(ctx context.Context, mode walking, head []byte, groups [][]byte, f func(answer) error) error {
	after := make([]string, len(groups))
	for len(groups) > 0 {
		calls := make([]scriptCall, len(groups))
		for i, group := range groups {
			id := ""
			if len(group) > tagSize {
				id = string(group)
			}
			calls[i] = scriptCall{s.names(group, nil), []string{string(mode), string(head), after[i], strconv.Itoa(stride), id, s.channel}}
		}
		var again [][]byte
		var from []string
		err := s.execMany(ctx, s.scripts.walk, s.scripts.walkSHA, calls, func(i int, m rueidis.RedisMessage) error {
			a, err := parseAnswer(&m)
			if err != nil {
				return err
			}
			if a.next != "" {
				again, from = append(again, groups[i]), append(from, a.next)
			}
			return f(a)
		})
		if err != nil {
			return err
		}
		groups, after = again, from
	}
	return nil
}

func parseAnswer(m *rueidis.RedisMessage) (answer, error) {
	values, err := m.ToArray()
	if err != nil {
		return answer{}, err
	}
	if len(values)%3 != 0 || len(values) == 0 {
		return answer{}, errFormat
	}
	a := answer{rest: values[3:]}
	if a.now, err = values[0].AsInt64(); err != nil {
		return answer{}, err
	}
	if a.next, err = values[1].ToString(); err != nil {
		return answer{}, err
	}
	n, err := values[2].AsInt64()
	a.count = int(n)
	return a, err
}

// scriptCall holds the arguments of one execution of a script.
type scriptCall struct{ keys, args []string }

// execMany executes a script for each call. The client pipelines the commands
// of one server.
func (s *Store) execMany(ctx context.Context, script *rueidis.Lua, sha string, calls []scriptCall, f func(i int, m rueidis.RedisMessage) error) error {
	for from := 0; from < len(calls); from += pipeline {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := calls[from:min(from+pipeline, len(calls))]
		commands := make(rueidis.Commands, len(part))
		for i, c := range part {
			commands[i] = s.client.B().Evalsha().Sha1(sha).Numkeys(int64(len(c.keys))).Key(c.keys...).Arg(c.args...).Build()
		}
		results, err := s.doMulti(ctx, commands)
		if err != nil {
			return err
		}
		for i, result := range results {
			m, err := result.ToMessage()
			if again(err) {
				m, err = s.exec(ctx, script, part[i].keys, part[i].args)
			} else {
				err = explain(err)
			}
			if err != nil {
				return err
			}
			if f == nil {
				continue
			}
			if err := f(from+i, m); err != nil {
				return err
			}
		}
	}
	return nil
}
