package storetest

import (
	"bytes"
	"math/rand/v2"

	"github.com/humasess/sessions/stores"
)

// payloads returns bytes that a wrong encoding changes.
func payloads() map[string][]byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	big := make([]byte, 64<<10)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range big {
		big[i] = byte(rng.Uint32())
	}
	return map[string][]byte{
		"nil":            nil,
		"empty":          {},
		"a NUL byte":     {0},
		"every byte":     all,
		"64 KiB":         big,
		"zeros":          make([]byte, 1000),
		"JSON":           []byte(`{"name":"J\u00f6rg","n":12345678901234567890,"seen":1.0}`),
		"invalid UTF-8":  {0xff, 0xfe, 0xc3, 0x28},
		"line ends":      []byte("a\r\nb\rc\n"),
		"trailing space": []byte("a  \x00\x00"),
	}
}

var byteChecks = []Check{
	newCheck(8, "payloads come back unchanged",
		"A payload came back changed.",
		func(e *env) {
			for name, payload := range payloads() {
				c := e.spec("alice", "")
				c.Payload = payload
				e.create(c)
				e.reads("created with "+name, c.ID, payload)

				id := e.add("alice", "before")
				e.update(stores.Update{ID: id, Version: e.load(id).Version, Payload: payload})
				e.reads("updated with "+name, id, payload)
			}
		}),

	newCheck(8, "buffers are not shared with the store",
		"Changing a buffer that was passed in or returned changed the session.",
		func(e *env) {
			spoil := func(p []byte) {
				for i := range p {
					p[i] = '!'
				}
				if p = p[len(p):cap(p)]; len(p) > 0 {
					p[0] = '!' // where an append would write
				}
			}
			c := e.spec("alice", "created")
			e.create(c)
			spoil(c.Payload)
			e.reads("Create's buffer was changed", c.ID, []byte("created"))

			buffer := []byte("updated")
			e.update(stores.Update{ID: c.ID, Version: e.load(c.ID).Version, Payload: buffer})
			spoil(buffer)
			e.reads("Update's buffer was changed", c.ID, []byte("updated"))

			spoil(e.load(c.ID).Payload)
			e.reads("the result of Load was changed", c.ID, []byte("updated"))

			records, err := stores.LoadMany(e.ctx, e.store, []stores.ID{c.ID})
			if err != nil {
				e.fatalf("LoadMany: %v", err)
			}
			for _, r := range records {
				spoil(r.Payload)
			}
			e.reads("the result of LoadMany was changed", c.ID, []byte("updated"))

			if e.index != nil {
				for _, r := range e.list("alice") {
					spoil(r.Payload)
				}
				e.reads("the result of List was changed", c.ID, []byte("updated"))
			}
		}),
}

var sizeChecks = []Check{
	newOptional(11, "a payload has a limit",
		"The store did not keep a payload at its limit, or accepted a larger one.",
		func(e *env) {
			most := e.opts.MaxPayload
			if most < 0 {
				e.fatalf("%w", lacksError{"limit on payloads"})
			}
			fits, large := make([]byte, most), make([]byte, most+1)
			fits[most-1], large[most] = 'x', 'x'
			c := e.spec("alice", "")
			c.Payload = fits
			version := e.create(c).Version
			e.reads("created at the limit", c.ID, fits)
			version = e.update(stores.Update{ID: c.ID, Version: version, Payload: fits}).Version
			e.reads("updated at the limit", c.ID, fits)

			_, err := e.store.Update(e.ctx, stores.Update{ID: c.ID, Version: version, Payload: large, Idle: 2 * hour})
			e.fails("Update over the limit", err, stores.ErrTooLarge)
			e.reads("after Update over the limit", c.ID, fits)
			if got := e.load(c.ID).Version; got != version {
				e.errorf("after Update over the limit the version is %d, want %d", got, version)
			}
			over := e.spec("alice", "")
			over.Payload, over.Limit = large, 1
			_, err = e.store.Create(e.ctx, over)
			e.fails("Create over the limit", err, stores.ErrTooLarge)
			e.gone("after Create over the limit", over.ID)
			e.alive("after Create over the limit", c.ID)
		}),
}

// reads requires each method that reads the session to return the payload.
func (e *env) reads(when string, id stores.ID, payload []byte) {
	same := func(label string, got []byte) {
		if !bytes.Equal(got, payload) {
			e.errorf("%s: %s returns %d bytes %.40q, want %d bytes %.40q",
				when, label, len(got), got, len(payload), payload)
		}
	}
	same("Load", e.load(id).Payload)
	records, err := stores.LoadMany(e.ctx, e.store, []stores.ID{id})
	if err != nil || len(records) != 1 {
		e.fatalf("%s: LoadMany of one session returns %d sessions and %v", when, len(records), err)
	}
	same("LoadMany", records[0].Payload)
	if m, ok := stores.As[stores.Memoizer](e.store); ok {
		r, _, err := m.LoadMemo(e.ctx, id)
		if err != nil {
			e.fatalf("%s: LoadMemo: %v", when, err)
		}
		same("LoadMemo", r.Payload)
	}
	if e.index == nil {
		return
	}
	for _, r := range e.list("alice") {
		if r.ID == id {
			same("List", r.Payload)
		}
	}
}
