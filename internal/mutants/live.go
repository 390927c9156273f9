package main

// liveMutants break the promise of Session.Done.
var liveMutants = []mutant{
	{"R13", "the periodic look at the store is left out", "humasess", "TestDone", []edit{{
		"humasess", "live.idle", "	if len(l.targets) > 0 {\n		l.doubtAll()\n", "	if len(l.targets) > 0 {\n",
	}}},
	{"R13", "hints of the store are not heard", "humasess", "TestDone", []edit{{
		"humasess", "live.hint", "	if !id.IsZero() {\n		l.missed(id)\n		return\n	}\n", "	if !id.IsZero() {\n		return\n	}\n",
	}}},
	{"", "a failing store closes Done", "humasess", "TestDoneWhile", []edit{{
		"humasess", "live.settle", "		case err != nil:\n			l.doubt(t)\n", "",
	}}},
	{"", "a Destroy in the same process does not close Done", "humasess", "TestDone", []edit{{
		"humasess", "state.destroyed", "	s.m.live.ended(id)\n	s.emit(Event{Kind: EventDestroyed", "	s.emit(Event{Kind: EventDestroyed",
	}}},
	{"", "an eviction in the same process does not close Done", "humasess", "TestDone", []edit{{
		"humasess", "state.created", "		s.m.live.endedOf(s.rec.Identity)\n", "",
	}}},
	{"", "an end between the load and Done is not noticed", "humasess", "TestDoneThat", []edit{{
		"humasess", "live.add", "	l.doubt(known)\n", "",
	}}},
	{"", "Done closes at the idle timeout of the load, although the session was used", "humasess", "TestDoneExpires", []edit{{
		"humasess", "live.add", "func() { l.missed(t.id) }", "func() { l.mu.Lock(); l.end(known); l.mu.Unlock() }",
	}}},
	{"", "Done stays open after the request", "humasess", "TestDoneAfterTheRequest", []edit{{
		"humasess", "request.unwatch", "	for i := range r.entry.sessions {\n		r.session(i).release()\n	}\n", "",
	}}},
	{"", "a hijacked connection is told of an end with its handler", "humasess", "TestDoneEnds", []edit{{
		"humasess", "plainWriter.Hijack", "	p.r.taken = true\n", "",
	}}},
	{"", "Done of a session that is not written stays open", "humasess", "TestDoneOf", []edit{{
		"humasess", "state.settleWatches", "		default:\n			s.m.live.release(w)\n", "",
	}}},
}
