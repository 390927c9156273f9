package storetest

import (
	"strings"

	"github.com/humasess/sessions/stores"
)

// oddIdentities are different identities that wrong keys, patterns or
// collations confuse.
var oddIdentities = []string{
	"a", "A", "a ", " a", "ab", "a/b", "a/", "/a", "a:b", "a::b", "a*", "*", "a?", "[a]", "a%", "a_", "%",
	"{a}", "'", "''", `"`, `\`, `\\`, "a\nb", "a\tb", "'; DROP TABLE sessions; --", "ä", "a\u0308", "日本語",
	"🔑", "ß", "ss", "null", "0", strings.Repeat("x", 254), strings.Repeat("x", 255), strings.Repeat("é", 127),
}

var indexChecks = []Check{
	newCheck(7, "R7 index shrinks however sessions end",
		"List returned sessions that had ended.",
		func(e *env) {
			e.needIndex()
			id := e.add("deleted", "x")
			if err := e.store.Delete(e.ctx, id, stores.Condition{}); err != nil {
				e.fatalf("Delete: %v", err)
			}
			e.lists("after Delete", "deleted")

			e.add("revoked", "x")
			e.add("revoked", "x")
			e.revoke("revoked", stores.ID{})
			e.lists("after RevokeIdentity", "revoked")

			limited := e.spec("evicted", "x")
			limited.Limit = 1
			e.add("evicted", "x")
			e.create(limited)
			e.lists("after Create with limit 1", "evicted", limited.ID)

			c := e.spec("idle", "x")
			c.Idle = e.unit
			e.create(c)
			c = e.spec("absolute", "x")
			c.Absolute = e.unit
			e.create(c)
			long := e.add("idle", "x")
			e.advance(2 * e.unit)
			e.lists("after the idle timeout of one session", "idle", long)
			e.lists("after the deadline", "absolute")
			e.lists("of an identity that never was", "nobody")
		}),

	newCheck(7, "R9 destroy removes index entry",
		"List or RevokeIdentity still knew a session after Delete.",
		func(e *env) {
			e.needIndex()
			var ids []stores.ID
			for range 5 {
				ids = append(ids, e.add("alice", "x"))
				e.tick()
			}
			for _, i := range []int{2, 0, 4} {
				if err := e.store.Delete(e.ctx, ids[i], stores.Condition{}); err != nil {
					e.fatalf("Delete: %v", err)
				}
			}
			e.lists("after three deletes of five", "alice", ids[1], ids[3])
			if got := e.revoke("alice", stores.ID{}).Count; got != 2 {
				e.errorf("RevokeIdentity after three deletes of five counts %d, want 2", got)
			}
			e.lists("after RevokeIdentity", "alice")
		}),

	newCheck(7, "R8 no index entry for anonymous",
		"Sessions without identity were in the index.",
		func(e *env) {
			index := e.needIndex()
			a, b := e.add("", "x"), e.add("", "x")
			records, err := index.List(e.ctx, "")
			e.fails(`List("")`, err, stores.ErrNoIdentity)
			if len(records) != 0 {
				e.errorf(`List("") returns %d sessions`, len(records))
			}
			_, err = index.RevokeIdentity(e.ctx, "", stores.ID{})
			e.fails(`RevokeIdentity("")`, err, stores.ErrNoIdentity)
			e.alive(`after RevokeIdentity("")`, a, b)
			if got := e.create(e.spec("", "x")).RevokedAgo; got != stores.NotRevoked {
				e.errorf("an anonymous Create reports RevokedAgo %v, want NotRevoked", got)
			}
		}),

	newCheck(7, "list returns whole sessions, oldest first",
		"List returned other data than Load, or extended a session.",
		func(e *env) {
			e.needIndex()
			var ids []stores.ID
			for range 4 {
				c := e.spec("alice", "payload of "+e.id("").String())
				c.Idle = 50 * e.unit
				e.create(c)
				ids = append(ids, c.ID)
				e.tick()
			}
			e.update(stores.Update{ID: ids[1], Version: e.load(ids[1]).Version, Payload: []byte("new"), Idle: 60 * e.unit})
			want := make([]stores.Record, len(ids))
			for i, id := range ids {
				want[i] = e.load(id)
			}
			e.advance(6 * e.unit) // now a touch would be written
			e.lists("after an update of the second", "alice", ids...)
			for i, r := range e.list("alice") {
				e.equal("List", r, want[i])
				if r.Now.Before(want[i].LastSeen) {
					e.errorf("List: Now is %v, before LastSeen %v", r.Now, want[i].LastSeen)
				}
			}
			for i, id := range ids {
				e.equal("Load after List", e.load(id), want[i])
			}
		}),

	newCheck(7, "identities are told apart",
		"The index took one identity for another.",
		func(e *env) {
			e.needIndex()
			ids := make([]stores.ID, len(oddIdentities))
			for i, identity := range oddIdentities {
				ids[i] = e.add(identity, "x")
				if got := e.load(ids[i]).Identity; got != identity {
					e.errorf("Load answers identity %q, want %q", got, identity)
				}
			}
			for i, identity := range oddIdentities {
				e.lists("with one session each", identity, ids[i])
			}
			for i, identity := range oddIdentities {
				if got := e.revoke(identity, stores.ID{}).Count; got != 1 {
					e.errorf("RevokeIdentity(%q) counts %d sessions, want 1", identity, got)
				}
				e.gone("after RevokeIdentity", ids[i])
				e.alive("of identities not revoked yet", ids[i+1:]...)
			}
		}),
}
