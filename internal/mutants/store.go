package main

const conformance = "TestConformance"

// storeMutants break the memory store, below the core and below the
// conformance suite. The suite has its own tests with broken stores.
var storeMutants = []mutant{
	{"T7", "create overwrites", "stores/memory", conformance, []edit{{
		"stores/memory", "Store.create", "	if s.taken(sh, hash, c.ID, now) {", "	if s.taken(sh, hash, c.ID, now) && now < 0 {",
	}}},
	{"L1", "the idle timeout does not count", "humasess", "", []edit{{
		"stores/memory", "Store.create", "	e.expires = min(after(now, c.Idle), e.deadline)", "	e.expires = e.deadline",
	}}},
	{"L2", "use moves the deadline", "humasess", "", []edit{{
		"stores/memory", "shard.expire", "	if at = min(at, e.deadline); at != e.expires {", "	if at != e.expires {",
	}}},
	{"L10", "every touch is written", "stores/memory", conformance, []edit{{
		"stores/memory", "Store.Touch", ">= uint64(idle/20)", ">= 0",
	}}},
	{"R1", "delete does nothing", "humasess", "", []edit{{
		"stores/memory", "Store.Delete", "	s.remove(sh, e)\n	s.hint(id)", "	return nil",
	}}},
	{"R2", "no mark of a revocation", "stores/memory", conformance, []edit{{
		"stores/memory", "Store.revoke", "	revoked.Mark = s.marks.set(hash, identity)\n", "",
	}}},
	{"R4", "a clear leaves no mark", "humasess", "TestStartAfterRevocation", []edit{{
		"stores/memory", "marks.age", "all != nil && all.number > k.number {\n		k = all\n", "all != nil && all.number > k.number {\n		k = nil\n",
	}}},
	{"R4", "a clear takes every session", "stores/memory", conformance, []edit{{
		"stores/memory", "entry.meant", "return e.live(now) && bytes.HasPrefix(e.body.payload, head)", "return e.live(now) && bytes.HasPrefix(e.body.payload, nil)",
	}}},
	{"", "a scan forgets sessions that moved to a new bucket", "stores/memory", "TestScanMeetsOnce", []edit{{
		"stores/memory", "table.span", "hash&(half-1)+half >= n && width > 0 {", "hash&(half-1)+half < n && width > 0 {",
	}}},
	{"R5", "delete ignores the identity of its condition", "humasess", "", []edit{{
		"stores/memory", "Store.Delete", "	case when.Identity != \"\" && when.Identity != e.group.name:", "	case when.Identity == \"nobody\" && when.Identity != e.group.name:",
	}}},
	{"R7", "expired sessions are listed", "stores/memory", conformance, []edit{{
		"stores/memory", "Store.list", "		if e.live(now) {\n			*records", "		if e.live(0) {\n			*records",
	}}},
	{"R12", "update creates", "stores/memory", conformance, []edit{{
		"stores/memory", "Store.Update", "	if e == nil || !e.live(now) {\n		return stores.Updated{}, stores.ErrNotFound\n	}\n	if e.version",
		"	if e == nil || !e.live(now) {\n		sh.mu.Unlock()\n		_, err := s.Create(ctx, stores.Create{ID: u.ID, Payload: u.Payload, Idle: time.Hour, Absolute: time.Hour})\n		sh.mu.Lock()\n		return stores.Updated{Version: u.Version + 1}, err\n	}\n	if e.version",
	}}},
	{"X1", "any version is replaced", "humasess", "", []edit{{
		"stores/memory", "Store.Update", "	if e.version != u.Version {", "	if e.version < u.Version {",
	}}},
	{"", "the expired do not give way first", "stores/memory", "TestExpiredGiveWayFirst", []edit{{
		"stores/memory", "Store.victim", "	if e := s.expired(now); e != nil {", "	if e := s.expired(now); e != nil && s.max == 0 {",
	}}},
	{"", "visitors log users out", "stores/memory", "TestRoom", []edit{{
		"stores/memory", "Store.victim", "e != nil || anonymous {", "e != nil {",
	}}},
	{"", "users give way before visitors", "stores/memory", "TestRoom", []edit{{
		"stores/memory", "Store.victim", "	if e := s.anonymous.first; e != nil || anonymous {\n		return e\n	}\n", "",
	}}},
	{"", "the newest of the largest gives way", "stores/memory", "TestRoom", []edit{{
		"stores/memory", "Store.victim", "	return largest.first\n", "	return largest.first.prev\n",
	}}},
	{"", "the smallest gives way", "stores/memory", "TestRoom|TestLargestAmongMany", []edit{{
		"stores/memory", "sizes.largest", "	return z.top.crowds.group", "	return z.bottom.crowds.group",
	}}},
	{"", "an only session gives way to another user", "stores/memory", "TestRoom", []edit{{
		"stores/memory", "Store.victim", "	if largest == nil {\n		return nil\n	}\n",
		"	for i := range s.shards {\n		if e := s.shards[i].queue.first(); largest == nil && e != nil {\n			return e\n		}\n	}\n",
	}}},
	{"", "MaxSessions is one more", "stores/memory", "TestRoom", []edit{{
		"stores/memory", "Store.create", "	for s.count >= s.max {", "	for s.count > s.max {",
	}}},
	{"", "a sweep holds its locks to the end", "stores/memory", "TestSweepSlices", []edit{{
		"stores/memory", "Store.sweepShard", "return s.reap(sh, s.clock.Load().read(), slice) == slice", "return s.reap(sh, s.clock.Load().read(), 1<<30) == slice",
	}}},
	{"", "a goroutine before the first session", "stores/memory", "TestSweeper", []edit{{
		"stores/memory", "New", "	s.UseClock(o.Now)\n", "	s.UseClock(o.Now)\n	s.wake()\n",
	}}},
	{"", "a goroutine after Close", "stores/memory", "TestSweeper", []edit{{
		"stores/memory", "Store.Close", "		close(w.stop)\n", "		go func() { close(w.done) }()\n",
	}, {
		"stores/memory", "sweeper.run", "	defer close(w.done)\n", "",
	}}},
	{"", "a session after Close starts a goroutine", "stores/memory", "TestSweeper", []edit{{
		"stores/memory", "Store.wake", "	if s.noSweeper || s.sweeper != nil {", "	if s.sweeper != nil && !s.noSweeper {",
	}}},
	{"", "a forgotten store stays", "stores/memory", "TestForgottenStore", []edit{{
		"stores/memory", "Store.wake", "	go w.run(weak.Make(s), s.every)", "	go func() { w.run(weak.Make(s), s.every); runtime.KeepAlive(s) }()",
	}}},
}

const allocations = "TestAllocationsOverBareHuma"

// costMutants keep every promise and cost more: the gates on allocations and bytes must
// notice.
var costMutants = []mutant{
	{"", "a request without a cookie has memory for a record", "humasess", allocations, []edit{{
		inGate, "newRequest", "m.NewRequest(!lines.Empty())", "m.NewRequest(true)",
	}}},
	{"", "each request has memory for what is rare", "humasess", allocations, []edit{{
		"humasess", "rarely.few", "	if s.rare == nil {\n		return &noRare\n	}\n", "	if s.rare == nil {\n		s.rare = new(rare)\n	}\n",
	}}},
	{"", "a commit in memory makes a timer", "humasess", allocations, []edit{{
		inGate, "bounded.Err", "since != nil && c.budgets.Load() == nil", "since == nil && c.budgets.Load() == nil",
	}}},
	{"", "the store copies what it may keep", "humasess", allocations, []edit{{
		"stores/memory", "newBody", "owned != &payload[0] ||", "owned != nil ||",
	}}},
	{"", "the first edit has a piece of memory for itself", "humasess", allocations, []edit{{
		"humasess", "changes.room", "	if s.pending != &s.m.none.pending {\n", "	if s.m != nil {\n",
	}}},
	{"", "every value that is read is decoded", "humasess", allocations, []edit{{
		inRecord, "Reader.Fetch", "if o, ok := memo.Value().(*Opened[T]); ok {", "if o, ok := memo.Value().(*Opened[T]); ok && o == nil {",
	}}},
	{"", "the usual header is one of several", "humasess", allocations, []edit{{
		inResponse, "Headers.Hold", "case header.Name == fieldContentType && !header.Add:", "case header.Name == fieldContentType && header.Add:",
	}}},
	{"", "a payload keeps the one before alive", "humasess/internal/payload", "TestEncodeMovesTheFields", []edit{{
		"humasess/internal/payload", "Fields.Encode", "			*of.field = result[of.end-n : of.end : of.end]\n", "",
	}}},
	{"X1", "a conflict that the program ignores gives it the new version", "humasess", "TestReplayOfUpdate", []edit{{
		"humasess", "writes.startOver", "			*was = base\n", "			_ = base\n",
	}}},
	{"H1", "middleware does not see that an answer is private", inResponse, "TestContextOfMiddlewareSeesHeaders", []edit{{
		inResponse, "ofAdapter", "	if usual := usualContext.Load(); usual != nil && *usual == t {", "	if t != nil {",
	}}},
	{"", "decoded data are taken from a manager with another identity", "humasess", "TestDecodedByAnotherManager", []edit{{
		"humasess", "opening.adopt", "by != nil && by != s.m.users &&", "by != nil && by == nil &&",
	}}},
	{"", "headers of a context that lists none are not read", inCookies, "TestLinesOfSilentContext", []edit{{
		inCookies, "LinesOf", "	if !l.listed {", "	if l.listed && !l.listed {",
	}}},
}
