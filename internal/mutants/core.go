package main

// Packages inside the core.
const (
	inCarrier     = "humasess/internal/carrier"
	inCookies     = "humasess/internal/cookies"
	inCredential  = "internal/credential"
	inCrossOrigin = "internal/crossorigin"
	inGate        = "humasess/internal/gate"
	inIdentity    = "humasess/internal/identity"
	inLifecycle   = "humasess/internal/lifecycle"
	inMarks       = "humasess/internal/marks"
	inPolicy      = "internal/policy"
	inReport      = "humasess/internal/report"
	inRecord      = "humasess/internal/record"
	inResponse    = "humasess/internal/response"
	inTimeouts    = "humasess/internal/timeouts"
	inValues      = "humasess/internal/values"
	inWatch       = "humasess/internal/watch"
)

// coreMutants break the behaviour of a session in a request.
var coreMutants = []mutant{
	{"T2", "any secret opens", "humasess", "", []edit{{
		inCarrier, "Tokens.Matches", "return token.Matches(o.Hash)", "return len(o.Hash) > 0",
	}}},
	{"T3", "the client's ID is adopted", "humasess", "", []edit{
		{"humasess", "opening.loadFailed", "	if errors.Is(err, stores.ErrNotFound) {\n		s.rejected(events.ReasonUnknown)", "	if errors.Is(err, stores.ErrNotFound) {\n		*s.ownRec() = record.Record[T]{Token: token}\n		s.rejected(events.ReasonUnknown)"},
		{"humasess", "changes.begin", "	s.pending = &pending[T]{id: id,", "	if s.rec.Token != (credential.Token{}) && !s.life.Base {\n		id = s.rec.ID()\n	}\n	s.pending = &pending[T]{id: id,"},
	}},
	{"T8", "Start leaves the old session", "humasess", "", []edit{{
		inLifecycle, "State.Plan", "	p.Replaces = l.Base && !l.Doomed && p.Create && !l.keep", "	p.Replaces = l.Base && !l.Doomed && p.Create && l.keep",
	}}},
	{"L4", "Start keeps the old deadline", "humasess", "", []edit{{
		"humasess", "terms.newLifetime", "	l.idle = min(l.idle, l.absolute)\n", "	l.idle, l.notAfter = min(l.idle, l.absolute), s.rec.Deadline.Time()\n",
	}}},
	{"L9", "a renewal restarts the deadline", "humasess", "", []edit{{
		"humasess", "terms.deadlineChange", "		return 0, false\n", "		return s.m.opts.AbsoluteTimeout, false\n",
	}}},
	{"L10", "every request extends", "humasess", "", []edit{{
		"humasess", "writes.touchDue", ">= s.rec.Open.Idle/10", ">= 0",
	}}},
	{"R1", "Destroy only expires the cookie", "humasess", "", []edit{{
		inLifecycle, "State.Plan", "	p.Delete = l.Base && l.Doomed\n", "	p.Delete = l.Base && l.Doomed && p.Create\n",
	}}},
	{"R2", "a Start that a revocation overtook stands", "humasess", "", []edit{{
		inMarks, "Judge.judge", "	return Revoked\n", "	return Before\n",
	}}},
	{"R3", "RevokeOthers revokes its own", "humasess", "", []edit{{
		"humasess", "changes.revokeOthers", "s.revokeOwner(ctx, owner, s.rec.ID())", "s.revokeOwner(ctx, owner, stores.ID{})",
	}}},
	{"R4", "an administrator revokes nothing", "humasess", "", []edit{{
		"humasess", "Manager.Revoke", "m.calls.Delete(ctx, m.adminStore(), parsed, stores.Condition{})", "ctx.Err()",
	}}},
	{"R4", "everything of all managers is revoked", "humasess", "TestRevokeEverything", []edit{{
		"humasess", "Manager.RevokeEverything", "stores.Clear(gate.Outside(ctx), m.store, m.head())", "stores.Clear(gate.Outside(ctx), m.store, nil)",
	}}},
	{"R4", "All lists sessions of other managers", "humasess", "TestAll", []edit{{
		"humasess", "Manager.All", "stores.Scan(bounded, m.store, head,", "stores.Scan(bounded, m.store, head[:1],",
	}}},
	{"R17", "a changed session ends without another look", "humasess", "TestRevokeWhereRace", []edit{{
		"humasess/internal/storecall", "Caller.deleteSeen", "stores.Condition{Version: raw.Version}", "stores.Condition{}",
	}}},
	{"R17", "sessions that a sign-in carries on live", "humasess", "TestRevokeWhereRace", []edit{{
		"humasess/internal/storecall", "Caller.DeleteChosen", "			case errors.Is(err, stores.ErrNotFound):\n				again = again || !gone[raw.ID]\n", "			case errors.Is(err, stores.ErrNotFound):\n",
	}}},
	{"R17", "undecodable sessions outlive a revocation", "humasess", "TestRevokeWhere$", []edit{{
		"humasess", "Manager.RevokeWhere", "return data == nil || where(", "return data != nil && where(",
	}}},
	{"R17", "revoked by a function, and no mark is left", "humasess", "TestRevokeWhereDuringSignIn", []edit{{
		"humasess", "Manager.RevokeWhere", "	if err == nil {\n		err = m.markChanged(ctx, owner)\n	}\n", "",
	}}},
	{"R11", "a session is taken although another request has changed it", "humasess", "TestTakeMeanwhile", []edit{{
		"humasess", "writes.takeSeen", "stores.Condition{Version: s.rec.Version}", "stores.Condition{}",
	}}},
	{"R11", "a request that lost its answer takes the data of another one", "humasess", "TestTakeLostAnswer", []edit{{
		"humasess/internal/storecall", "Caller.DeleteOnce", "		return cause\n", "		return nil\n",
	}}},
	{"R11", "a former token takes the data", "humasess", "TestTakeFormerToken", []edit{{
		"humasess", "changes.mayTake", "	if s.former {\n		return gate.Fail(gate.ErrConflict, nil)\n	}\n", "",
	}}},
	{"R11", "two requests take one session", "humasess", "TestTakeMeanwhile", []edit{{
		"humasess", "writes.takeSeen", "	case err == nil:\n", "	case err == nil, errors.Is(err, stores.ErrNotFound):\n",
	}}},
	{"R5", "a user revokes the session of another user", "humasess", "", []edit{{
		"humasess", "changes.revoke", "stores.Condition{Identity: s.activeOwner()}", "stores.Condition{}",
	}}},
	{"R11", "a write that finds its session gone creates it", "humasess", "", []edit{{
		"humasess", "writes.replace", "	case errors.Is(err, stores.ErrNotFound):\n		return s.revoked()\n",
		"	case errors.Is(err, stores.ErrNotFound):\n		own := s.ownPending()\n		own.id, own.owner, own.data = s.rec.ID(), s.rec.Identity, next.Data\n		return s.creation().create(ctx, p)\n",
	}}},
	{"X1", "an edit is not replayed", "humasess", "", []edit{{
		"humasess", "writes.replayEdits", "	if len(edits) == 0 {\n		return nil", "	if len(edits) >= 0 {\n		return nil",
	}}},
	{"X2", "reading writes", "humasess", "", []edit{{
		inLifecycle, "State.Plan", "	p.Update = l.OnBase() && (l.Rotate != RotateNo || l.Reasons&(changed|Confirm|RotateDue) != 0)", "	p.Update = l.OnBase()",
	}}},
	{"X3", "every operation loads", "humasess", "", []edit{{
		inGate, "compile", "		use.asked = use.binding != nil || mentioned(p.Requirements, key)", "		use.asked = use.binding != nil || key != \"\"",
	}, {
		inGate, "Gate.middleware", "	if !e.gated {", "	if len(e.sessions) == 0 {",
	}}},
	{"X4", "commit after the status line", "humasess", "", []edit{{
		inGate, "scope.SetStatus", "	} else if !s.r.reply().begin(s.humaContext, code) {\n		return\n	}\n	s.r.body().Seal(response.IsInterim(code))\n	s.humaContext.SetStatus(code)", "	}\n	s.humaContext.SetStatus(code)\n	s.r.reply().begin(s.humaContext, code)",
	}}},
	{"X5", "a failed commit goes unnoticed", "humasess", "", []edit{{
		inGate, "Request.commit", "		if err := s.Commit(status); err != nil {", "		if err := s.Commit(status); err != nil && status == 0 {",
	}}},
	{"X6", "changes after the first byte are lost", "humasess", "", []edit{{
		"humasess", "state.uncommitted", "	case s.life.Closed:", "	case s.life.Closed && s.life.Doomed:",
	}}},
	{"F1", "no cross-origin check", "humasess", "", []edit{{
		inGate, "enter", "	if !lines.Bearer && refuseForeign(ctx, e, lines.Upgrade) {", "	if e.op == nil && refuseForeign(ctx, e, lines.Upgrade) {",
	}}},
	{"H1", "answers of a session may be cached", "humasess", "", []edit{{
		inResponse, "Headers.Release", "	private, cached := rules.Private, false", "	private, cached := rules.Cookie, false",
	}}},
	{"H2", "no Vary", "humasess", "", []edit{{
		inResponse, "Headers.Release", "	if missing != \"\" {", "	if missing == \"\" {",
	}}},
	{"H4", "401 where a role is missing", "humasess", "", []edit{{
		inGate, "satisfies", "				refusal, lacking = answerForbidden, alternative", "				refusal, lacking = answerNoSession, alternative",
	}}},
	{"H6", "no WWW-Authenticate", "humasess", "", []edit{{
		inGate, "reply.writeRefusal", "		needed(fieldChallenge, challenge)", "		needed(\"X-Authenticate\", challenge)",
	}, {
		inGate, "answer.headers", "	if a.Status == http.StatusUnauthorized {", "	if a.Status == http.StatusUnauthorized && a.Retry != \"\" {",
	}}},
	{"", "guards are not asked", "humasess", "TestGuard", []edit{{
		inGate, "admit", "		if !passes(r, &r.entry.guards[i]) {", "		if r.entry.guards[i].Guard == nil && !passes(r, &r.entry.guards[i]) {",
	}}},
	{"E2", "a session prints its token", "humasess", "", []edit{{
		"humasess", "Session.String", "	return \"session(\" + s.SessionMarker.state.view().id() + \")\"", "	return \"session(\" + s.SessionMarker.state.rec.Token.Reveal() + \")\"",
	}}},
	{"X7", "a panic commits", "humasess", "", []edit{{
		inGate, "conclude", "	if !r.returned && r.outcome == undecided {\n", "	if !r.returned && r.outcome == undecided {\n		r.reply().begin(r.scope.humaContext, http.StatusOK)\n",
	}}},
	{"", "a commit ends with its client", "humasess", "TestClientGone", []edit{{
		inGate, "bounded.Done", "return c.begin().done", "return c.parent.Done()",
	}, {
		inGate, "bounded.Err", "	if over {\n		return context.DeadlineExceeded\n	}\n	return nil", "	if over {\n		return context.DeadlineExceeded\n	}\n	return c.parent.Err()",
	}}},
	{"C15", "two cookies for two changes", "humasess", "", []edit{{
		inGate, "reply.release", "			p.held.Hold(response.Header{Name: \"Set-Cookie\", Value: of.Cookie, Add: true})", "			p.held.Hold(response.Header{Name: \"Set-Cookie\", Value: of.Cookie, Add: true})\n			p.held.Hold(response.Header{Name: \"Set-Cookie\", Value: of.Cookie, Add: true})",
	}}},
	{"", "an error response keeps the session of Start", "humasess", "TestCommit|TestErrorResponses", []edit{{
		"humasess", "state.Commit", "	if status >= 400 {\n		w.drop()", "	if status >= 600 {\n		w.drop()",
	}}},
	{"", "a sentinel that a handler returns has no answer", "humasess", "TestSentinels", []edit{{
		inGate, "sentinel.As", "return errors.As(s.answer.model(nil), target)", "return false",
	}}},
	{"", "the cause of an error is in the member errors", "humasess", "TestErrorInErrors", []edit{{
		inGate, "failure.ErrorDetail", "return answerTo(f).detail()", "return &huma.ErrorDetail{Message: f.Error()}",
	}}},
	{"", "a sentinel of a guard is not made for the request", "humasess", "TestSentinelInContext", []edit{{
		inGate, "ours", "return err\n", "return nil\n",
	}}},
	{"", "a sentinel that a handler returns has no headers", "humasess", "TestSentinels", []edit{{
		inGate, "sentinel.GetHeaders", "return s.answer.headers()", "return nil",
	}}},
	{"", "nothing of the handler's in a 503, but its headers", "humasess", "TestStoreFailsOnCommit", []edit{{
		inGate, "reply.refuseWith", "	p.held.Reset()\n	p.held.Release(", "	p.held.Release(",
	}}},
	{"", "a second revocation is taken for one's own", "humasess", "TestStartAfterOwnRevocation|TestStartAfterRevocation", []edit{{
		inMarks, "Judge.isOwn", "			if own.Name == call.Name {", "			if own.Name != 0 {",
	}}},
	{"R4", "a mark of a change refuses no login", "humasess", "TestChangeDuringSignIn", []edit{{
		inMarks, "Judge.Created", "	return max(v, changed)", "	return max(v, min(changed, Before))",
	}}},
	{"", "the mark of a change comes after the list", "humasess", "TestChangeDuringSignIn", []edit{{
		"humasess", "Manager.UpdateIdentity", "	if err == nil && !slices.Contains(opts, KeepSignIns()) {\n		err = m.markChanged(ctx, owner)\n	}\n", "",
	}, {
		"humasess", "Manager.UpdateIdentity", "	n := 0\n	for _, raw := range records {", "	if !slices.Contains(opts, KeepSignIns()) {\n		if err := m.markChanged(ctx, owner); err != nil {\n			return 0, err\n		}\n	}\n	n := 0\n	for _, raw := range records {",
	}}},
	{"", "a revoked request ends the user's newer sessions", "humasess", "TestRevokedMeanwhile", []edit{{
		"humasess", "changes.mayRevoke", "	if err := s.stands(ctx); err != nil {\n		return \"\", err\n	}\n", "",
	}}},
	{"", "a login carries the data of a revoked session on", "humasess", "TestRevokedMeanwhile", []edit{{
		"humasess", "creation.replaced", "r := stores.Replaced{ID: s.rec.ID(), Version: s.rec.Version}", "r := stores.Replaced{ID: s.rec.ID(), Version: s.rec.Version, MayBeGone: s.login}",
	}}},
	{"", "an anonymous session is signed in", "humasess", "TestSignedIn", []edit{{
		"humasess", "state.hasUser", "	return s.life.Active() && (s.m.anonymousSuffices || s.activeOwner() != \"\")", "	return s.life.Active()",
	}}},
	{"", "the identity of the zero value is a user", "humasess", "TestNumericIdentity", []edit{{
		inIdentity, "Type.Real", "	if identity == t.zero {", "	if identity == \"\" {",
	}}},
	{"", "data that do not come back are written", "humasess", "TestDataThatDoNotComeBack", []edit{{
		inRecord, "Reader.Encode", "		return nil, false, fmt.Errorf(\"%T: %w\", *data, err)", "		return encoded, false, nil",
	}}},
}
