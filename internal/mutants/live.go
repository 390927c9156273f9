package main

// liveMutants break what Session.Done promises to those who wait.
var liveMutants = []mutant{
	{"R13", "nobody looks again for those who wait", "humasess", "TestDone", []edit{{
		"humasess", "live.idle", "	if len(l.targets) > 0 {\n		l.doubtAll()\n", "	if len(l.targets) > 0 {\n",
	}}},
	{"R13", "hints of the store are not heard", "humasess", "TestDone", []edit{{
		"humasess", "live.hint", "	if !id.IsZero() {\n		l.missed(id)\n		return\n	}\n", "	if !id.IsZero() {\n		return\n	}\n",
	}}},
	{"", "who waits is told of an end that a failing store made up", "humasess", "TestDoneWhile", []edit{{
		"humasess", "live.settle", "		case err != nil:\n			l.doubt(t)\n", "",
	}}},
	{"", "who waits is not told of a Destroy in the same process", "humasess", "TestDone", []edit{{
		"humasess", "state.destroyed", "	s.m.live.ended(id)\n	s.emit(Event{Kind: EventDestroyed", "	s.emit(Event{Kind: EventDestroyed",
	}}},
	{"", "who waits is not told of an eviction in the same process", "humasess", "TestDone", []edit{{
		"humasess", "state.created", "		s.m.live.endedOf(s.rec.Identity)\n", "",
	}}},
	{"", "what ends between the load and Done is not noticed", "humasess", "TestDoneThat", []edit{{
		"humasess", "live.add", "	// It may have ended since it was loaded, before anybody was told.\n	l.doubt(known)\n", "",
	}}},
	{"", "a session ends for those who wait when it would have expired unused", "humasess", "TestDoneExpires", []edit{{
		"humasess", "live.add", "func() { l.missed(t.id) }", "func() { l.mu.Lock(); l.end(known); l.mu.Unlock() }",
	}}},
	{"", "who waits does so for ever after the request", "humasess", "TestDoneAfterTheRequest", []edit{{
		"humasess", "request.unwatch", "	for i := range r.entry.sessions {\n		r.session(i).release()\n	}\n", "",
	}}},
	{"", "a hijacked connection is told of an end with its handler", "humasess", "TestDoneEnds", []edit{{
		"humasess", "plainWriter.Hijack", "	p.r.taken = true\n", "",
	}}},
	{"", "who waits for a session that is not written waits on", "humasess", "TestDoneOf", []edit{{
		"humasess", "state.settleWatches", "		default:\n			s.m.live.release(w)\n", "",
	}}},
}
