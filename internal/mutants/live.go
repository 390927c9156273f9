package main

// liveMutants break the promise of Session.Done.
var liveMutants = []mutant{
	{"R13", "the periodic look at the store is left out", "humasess", "TestDone", []edit{{
		inWatch, "Sessions.idle", "	if len(s.targets) > 0 {\n		s.checkAll()\n", "	if len(s.targets) > 0 {\n",
	}}},
	{"R13", "hints of the store are not heard", "humasess", "TestDone", []edit{{
		inWatch, "Sessions.hinted", "	s.Check(id)\n", "",
	}}},
	{"", "a failing store closes Done", "humasess", "TestDoneWhile", []edit{{
		inWatch, "Sessions.settle", "		case err != nil:\n			s.check(t)\n", "",
	}}},
	{"", "a Destroy in the same process does not close Done", "humasess", "TestDone", []edit{{
		"humasess", "writes.destroyed", "	s.m.watch.Ended(id)\n", "",
	}}},
	{"", "an eviction in the same process does not close Done", "humasess", "TestDone", []edit{{
		"humasess", "creation.created", "		s.m.watch.CheckOwner(s.rec.Identity)\n", "",
	}}},
	{"", "an end between the load and Done is not noticed", "humasess", "TestDoneThat", []edit{{
		inWatch, "Sessions.Add", "	s.check(t)\n", "",
	}}},
	{"", "Done closes at the idle timeout of the load, although the session was used", "humasess", "TestDoneExpires", []edit{{
		inWatch, "Sessions.Add", "func() { s.Check(session.ID) }", "func() { s.mu.Lock(); s.end(t); s.mu.Unlock() }",
	}}},
	{"", "Done stays open after the request", "humasess", "TestDoneAfterTheRequest", []edit{{
		inGate, "Request.unwatch", "			r.sessions()[i].Release()\n", "",
	}}},
	{"", "a hijacked connection is told of an end with its handler", "humasess", "TestDoneEnds", []edit{{
		inGate, "plainWriter.Hijack", "	p.r.taken = true\n", "",
	}}},
	{"", "Done of a session that is not written stays open", "humasess", "TestDoneOf", []edit{{
		"humasess", "state.settleWaits", "		default:\n			s.m.watch.Release(&w.Wait)\n", "",
	}}},
}
