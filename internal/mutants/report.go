package main

// reportMutants break the events and the log.
var reportMutants = []mutant{
	{"E1", "events have no identity", "humasess", "TestIdentityOfEvents", []edit{{
		"humasess", "state.emit", "	e.Identity = s.m.users.Unqualify(e.Identity)", "	e.Identity = \"\"",
	}}},
	{"E1", "the event of a sign-out has no identity", "humasess", "TestIdentityOfEvents", []edit{{
		inReport, "Destroyed", "Identity: owner, ", "",
	}}},
	{"E1", "the other session of a sign-out has no owner", "humasess", "TestIdentityOfEvents", []edit{{
		"humasess", "state.ownerOf", "	return s.few().owners[id]", "	return \"\"",
	}}},
	{"E1", "an administrator's revocation has no identity", "humasess", "TestIdentityOfEvents", []edit{{
		"humasess", "Manager.ownerOf", "	return raw.Identity, nil", "	return \"\", nil",
	}}},
	{"E1", "a public ID without its secret names a user", "humasess", "TestIdentityOfEvents", []edit{{
		"humasess", "opening.rejectedAs", "Reason: events.ReasonMismatch}", "Identity: rec.Identity, Reason: events.ReasonMismatch}",
	}}},
	{"E1", "a visitor's session is a sign-in", "humasess", "TestIdentityOfEvents", []edit{{
		inReport, "Created", "		e.Reason = events.ReasonAnonymous", "		e.Reason = events.ReasonSignIn",
	}}},
	{"", "the log names users without the option", "humasess", "TestLogIdentity", []edit{{
		inReport, "Reporter.attrs", "	if r.LogIdentity {", "	if r.Scheme != \"\" {",
	}}},
	{"", "each failure of the store has a line", "humasess", "TestOutageInTheLog", []edit{{
		inReport, "limiter.add", "	c := all.open[k]", "	c := all.open[kind{}]",
	}}},
	{"", "a second line comes within the second", inReport, "TestStoreFailuresOnceASecond", []edit{{
		inReport, "limiter.flush", "	if c.n > 0 {", "	if c.n < 0 {",
	}}},
	{"", "counted failures are not logged", inReport, "TestStoreFailuresOnceASecond", []edit{{
		inReport, "limiter.begin", "	time.AfterFunc(window, func() { all.flush(to, k, c) })", "",
	}}},
	{"", "Close forgets counted failures", "humasess", "TestOutageInTheLog", []edit{{
		"humasess", "Manager.Close", "	m.report.Close()\n", "",
	}}},
	{"", "a client's data that are too large hide an outage", inReport, "TestKindsOfLines", []edit{{
		inReport, "Reporter.Emit", "			k.reason = \"too_large\"", "			k.reason = \"\"",
	}}},
	{"", "a missing role leaves no event", "humasess", "TestRefusalEvents", []edit{{
		inGate, "admit", "			denied(r, &r.entry.demands[i], lacking)", "			_ = lacking",
	}}},
	{"", "a page's missing role leaves no event", "humasess", "TestPagesReportRefusals", []edit{{
		inGate, "denied", "len(who.Lacks) > 0 {", "len(who.Lacks) > 0 && r.entry.page == nil {",
	}}},
	{"", "the answer of a guard leaves no event", "humasess", "TestRefusalEvents", []edit{{
		inGate, "passes", "		guarded(r, g.session, model, err)\n", "",
	}}},
	{"", "an old sign-in leaves no event", "humasess", "TestRefusalEvents", []edit{{
		inGate, "refuseProof", "	stale(r, g.session, g.Methods, g.Fresh)\n", "",
	}}},
	{"", "a visitor is challenged as a client without a cookie", "humasess", "TestRefusalEvents", []edit{{
		inGate, "challenged", "			reason = events.ReasonAnonymous", "			reason = events.ReasonAbsent",
	}}},
	{"", "a role refusal is a warning", "humasess", "TestRefusalEvents", []edit{{
		inReport, "level", "		case events.ReasonRole, ", "		case ",
	}}},
	{"", "an event is made that nothing hears", "humasess", "TestRefusalsThatNothingHears", []edit{{
		inGate, "listener", "to.Listens() {", "to != nil {",
	}}},
	{"", "an unknown scheme looks like an empty store", "cmd/humasess", "TestUnknownScheme", []edit{{
		"cmd/humasess", "call.others", "	if len(o.schemes) == 0 || ", "	if len(o.schemes) >= 0 || ",
	}}},
}
