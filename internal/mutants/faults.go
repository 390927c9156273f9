package main

const inFaults = "internal/e2e/faults"

// faultMutants take back fixes that only faults in real stores and processes show.
var faultMutants = []mutant{
	{"", "the calls of a request have no bound", inFaults, "^TestFaults$/^Redis$/^black_hole", []edit{{
		inGate, "budgets.add", "		b.timeout = timeout\n", "		b.timeout = -1\n",
	}}},
	{"", "a client that hangs up ends its statement, and its connection", inFaults, "^TestFaults$/^PostgreSQL$/^clients_hang_up", []edit{{
		"stores/postgres", "statement.Done", "return nil", "return s.Context.Done()",
	}}},
	{"", "a lost answer is a failed write", inFaults, "^TestFaults$/^(Redis|PostgreSQL)$/^resets", []edit{{
		"humasess/internal/storecall", "Caller.AnswerLost", "	return !c.ClientSide &&", "	return false &&",
	}}},
	{"", "a sign-in ends the old session first", inFaults, "^TestFaults$/^Redis$/^out_of_memory", []edit{{
		"humasess", "creation.createOnce", "	if len(c.Replaces) > 0 {\n		c.Age += markSlack\n	}\n",
		"	for _, r := range c.Replaces {\n		_ = s.m.calls.Delete(ctx, s.carrier().Store(), r.ID, stores.Condition{})\n	}\n	c.Replaces = nil\n",
	}}},
	{"", "a commit beside a transaction has no bound", inFaults, "^TestFaults$/^PostgreSQL$/^commits_beside", []edit{{
		"humasess/internal/storecall", "Caller.Bounded", "	return context.WithTimeout(ctx, c.Timeout)\n", "	return context.WithCancel(ctx)\n",
	}}},
	{"", "a mark from the future lasts in Redis", inFaults, "^TestFaults$/^Redis$/^clock", []edit{{
		"stores/redis/lua/marked.lua", "", "  m[1], m[3] = math.min(m[1], now), math.min(m[3], now)\n", "",
	}}},
	{"", "a mark from the future lasts in PostgreSQL", inFaults, "^TestFaults$/^PostgreSQL$/^clock", []edit{{
		"stores/postgres/schema.sql", "", "SET at = least(m.at, clock_timestamp()) WHERE", "SET at = m.at WHERE",
	}}},
	{"", "a session in a cookie survives its revocation by revoking others", inFaults, "^TestFaults$/^cookies_with_revocations_in_Redis$/^thief", []edit{{
		"stores/cookie", "item.stoodUnder", "	return it.stood && r.Before == it.mark\n", "	return true\n",
	}}},
	{"", "Close waits for a look-up on a silent server", inFaults, "^TestFaults$/^PostgreSQL$/^process_of_the_API_stopped_while", []edit{{
		inWatch, "Sessions.Close", "	case <-ctx.Done():\n		return ctx.Err()\n", "",
	}}},
	{"", "the clock of a cookie tells the order of marks", inFaults, "^TestFaults$/^cookies_with_revocations_in_Redis$/^users_sign_in", []edit{
		{"humasess/internal/storecall", "Caller.Decide", " && !c.ClientSide", ""},
		{"humasess/internal/storecall", "Caller.Decide", "later <= 0 && from.After(call.To) || ", ""},
	}},
	{"", "a mark right before a sign-in counts", inFaults, "^TestFaults$/^(Redis|PostgreSQL)$/^users_sign_in", []edit{{
		"humasess/internal/marks", "Judge.judge", "	case before:\n		return Before\n	case !after && earliest.Before(j.Began):\n		return Perhaps\n", "",
	}}},
	{"", "a call waits for the connection of another caller", "stores/redis", "TestWaitForAnotherConnection", []edit{{
		"stores/redis", "link.up", "return int64(time.Since(l.start))-l.answered.Load() < int64(recent)", "return l != nil",
	}}},
}
