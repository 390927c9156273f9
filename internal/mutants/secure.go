package main

// secureMutants break rotation, step-up, the cross-origin checks, and the events
// and counters of operators.
var secureMutants = []mutant{
	{"T8", "re-authentication leaves the old token a grace", "humasess", "TestReauthenticated", []edit{{
		"humasess", "changes.reauthenticated", "	s.askRotation(lifecycle.RotateAtOnce)", "	s.askRotation(lifecycle.RotateGrace)",
	}}},
	{"T9", "the grace counts from the rotation", "humasess", "", []edit{{
		"humasess", "opening.ownerOf", "r.Open.Confirmed != 0 && !s.m.inGrace(r, r.Open.Confirmed)", "!s.m.inGrace(r, r.Open.Rotated)",
	}}},
	{"T9", "the former token never dies", "humasess", "", []edit{{
		"humasess", "opening.ownerOf", "if !r.Open.Tolerated || r.Open.Confirmed != 0 && !s.m.inGrace(r, r.Open.Confirmed) {", "if !r.Open.Tolerated {",
	}}},
	{"T9", "a thief renews within the grace", "humasess", "", []edit{{
		"humasess", "changes.askRotation", "	if !s.former || s.opening().lost() {\n", "	if !s.former || r != lifecycle.RotateNo {\n",
	}}},
	{"T9", "a lost rotation is not issued again", "humasess", "", []edit{{
		"humasess", "opening.lost", "	return s.rec.Open.Unconfirmed() && !s.m.inGrace", "	return s.rec.Open.Unconfirmed() && s.rec.Open.Confirmed != 0 && !s.m.inGrace",
	}}},
	{"T9", "a refused request does not confirm its token", "humasess", "TestRefusedRequestConfirms", []edit{{
		"humasess", "state.Refused", "	if confirmed && s.life.Reasons&lifecycle.Confirm != 0 && s.life.Base && !s.life.Closed {", "	if confirmed && s.life.Reasons&lifecycle.Confirm != 0 && s.life.Base && s.life.Closed {",
	}}},
	{"T9", "tokens are renewed half as often", "humasess", "", []edit{{
		"humasess", "opening.rotationDue", ".Abs() >= every", ".Abs() >= 2*every",
	}}},
	{"T9", "reuse of older tokens goes unseen", "humasess", "", []edit{{
		"humasess", "opening.superseded", " || p.Knows(token.Hash())", "",
	}}},
	{"T9", "reuse ends nothing", "humasess", "", []edit{{
		"humasess", "opening.reused", "	if !s.m.opts.RevokeReused {\n", "	if s.m.opts.RevokeReused {\n",
	}}},
	{"L3", "AAL3 may be longer", "humasess", "", []edit{{
		inTimeouts, "Timeouts.Assure", "if timeout.used > timeout.most {", "if timeout.used > 2*timeout.most {",
	}}},
	{"L4", "re-authentication keeps the deadline", "humasess", "", []edit{{
		"humasess", "terms.deadlineChange", "	case s.proved():\n", "	case s.proved() && len(s.pending.proof.methods) > maxMethods:\n",
	}}},
	{"L2", "Remember and SetTTL move the deadline later", "humasess", "TestRemember", []edit{{
		"humasess", "terms.deadlineChange", "		shorten = true\n", "",
	}}},
	{"C12", "ExpiresAt is that of the store until the next request", "humasess", "TestRemember", []edit{{
		"humasess", "terms.ends", "	case s.pending.remember == nil && s.pending.ttl == 0 && !s.proved():\n		return s.rec.Expires", "	case s.life.Next == lifecycle.NextSame:\n		return s.rec.Expires",
	}}},
	{"L7", "asking for the remaining time extends", "humasess", "", []edit{{
		"humasess", "writes.touchDue", "	return !s.untouched() && ", "	return ",
	}}},
	{"F3", "ports are left out where a router does", inGate, "", []edit{{
		inGate, "hostOf", "		return sent\n", "		return host\n",
	}}},
	{"F4", "every operation is exempt", "humasess", "", []edit{{
		inGate, "compile", "policy.CrossSiteAllowed(op)", "op != nil",
	}}},
	{"F8", "any CSRF token of the right length will do", "humasess", "", []edit{{
		inCredential, "CSRFKey.Verifies", "return hmac.Equal(raw[csrfNonceSize:], k.mac(raw[:csrfNonceSize]))", "return len(k.mac(raw[:csrfNonceSize])) > 0",
	}}},
	{"F8", "a CSRF token outlives a sign-in", "humasess", "TestCSRFToken", []edit{{
		"humasess", "creation.newPayload", "	next.Data = s.pending.data\n", "	next.Data = s.pending.data\n	if s.rec.Open != nil {\n		next.CSRF = s.rec.Open.CSRF\n	}\n",
	}}},
	{"F8", "a rotation draws a new CSRF key", "humasess", "TestCSRFToken", []edit{{
		"humasess", "writes.replace", "	if next.CSRF == (credential.CSRFKey{}) {\n		next.CSRF = s.pending.csrf\n", "	if next.CSRF == (credential.CSRFKey{}) {\n		next.CSRF = s.pending.csrf\n	} else if p.Rotate != lifecycle.RotateNo {\n		next.CSRF, _ = credential.NewCSRFKey()\n",
	}}},
	{"F8", "a CSRF token is a requirement of its own", "humasess", "TestCSRFToken", []edit{{
		inPolicy, "schemes.tokenAlone", "token && !session && s.CSRFHeader", "token && !session && token == session && s.CSRFHeader",
	}}},
	{"F8", "a documented CSRF token is not asked for", "humasess", "TestCSRFToken", []edit{{
		inGate, "forged", "		if spared && !r.entry.sessions[i].token {", "		if spared {",
	}}},
	{"F9", "a refusal may be cached for other origins", "humasess", "", []edit{{
		inGate, "refuseOrigins", "			ctx.AppendHeader(\"Vary\", \"Sec-Fetch-Site, Origin\")\n", "",
	}}},
	{"F10", "reads of other sites are not refused", "humasess", "", []edit{{
		"humasess", "gateManager.CheckOrigin", "	return g.origins.CheckRead(o)", "	return nil",
	}}},
	{"F4", "the function is asked about any text", inCrossOrigin, "TestCrossOriginTrust", []edit{{
		inCrossOrigin, "CrossOrigin.trusts", "r.Trust != nil && checkOrigin(r.Origin) == nil && ", "r.Trust != nil && ",
	}}},
	{"C4", "cookies for public suffixes", inCookies, "TestCookieOptions", []edit{{
		inCookies, "checkDomain", "suffix == lower {", "suffix == lower && len(suffix) > 100 {",
	}}},
	{"H1", "the last line of Cache-Control decides", inResponse, "TestHeldHeaders", []edit{{
		inResponse, "Headers.forbidsShared", "		if !header.Add {\n			c = caching{}", "		if header.Name != \"\" {\n			c = caching{}",
	}}},
	{"H1", "commas in quotes part directives", inResponse, "TestForbidsSharedCaches", []edit{{
		inResponse, "cutDirective", "quoted = !quoted", "quoted = false",
	}}},
	{"H1", "caches of CDNs keep private responses", inResponse, "TestTargetedCacheFields", []edit{{
		inResponse, "IsCacheField", "	return SameName(name, suffix[1:]) || len(name) > len(suffix) && strings", "	return SameName(name, suffix[1:]) || len(name) > len(suffix) && name == suffix && strings",
	}}},
	{"X3", "a raw writer gets no cookie", "humasess", "TestRawWriter$", []edit{{
		inGate, "scope.Unwrap", "	s.r.reply().handOut(s.humaContext)\n", "",
	}}},
	{"X3", "sessions are created whose cookies are not sent", "humasess", "TestRawWriterTakenTooEarly", []edit{{
		inGate, "reply.finish", "			p.dropUnsent()\n", "",
	}}},
	{"H3", "Clear-Site-Data on every response", "humasess", "", []edit{{
		"humasess", "state.Issued", "	}\n	return h\n}", "	}\n	if all := s.m.opts.ClearSiteData; len(all) > 0 {\n		h.ClearSiteData = `\"` + strings.Join(all, `\", \"`) + `\"`\n	}\n	return h\n}",
	}}},
	{"A1", "an authentication of yesterday is fresh", "humasess", "", []edit{{
		"humasess", "Authentication.Fresh", "now.Sub(a.Time).Abs() <= within", "now.Sub(a.Time).Abs() <= within+24*time.Hour",
	}}},
	{"A1", "the group's demand for a fresh authentication is ignored", "humasess", "", []edit{{
		inGate, "admit", "within > 0 && !r.sessions()[i].Proven(nil, within)", "within < 0 && !r.sessions()[i].Proven(nil, within)",
	}}},
	{"A1", "the longest time counts", "humasess", "", []edit{{
		inPolicy, "freshness", "!ok || p.Fresh < have", "!ok || p.Fresh > have",
	}}},
	{"A2", "a class outlives its authentication", "humasess", "", []edit{{
		"humasess", "writes.replace", "next.Authenticated, next.Class = p.at.UnixNano(), p.class", "next.Authenticated = p.at.UnixNano()",
	}}},
	{"A2", "an authentication counts twice", "humasess", "", []edit{{
		"humasess", "changes.reauthenticated", "!p.at.After(time.Unix(0, s.rec.Open.Authenticated))", "p.at.IsZero()",
	}}},
	{"A6", "hours-old sign-ins elsewhere are fresh", "humasess", "", []edit{{
		"humasess", "creation.newPayload", "		next.Authenticated, next.Class, next.Client = proof.at.UnixNano(), ", "		next.Authenticated, next.Class, next.Client = max(now, proof.at.UnixNano()), ",
	}}},
	{"E1", "extensions are told when there is none", "humasess", "", []edit{{
		"humasess", "writes.touch", "		if written {", "		if !written {",
	}}},
	{"E2", "an event carries the token", "humasess", "TestRotateEvery", []edit{{
		"humasess", "writes.renewed", "events.Event{Kind: events.Renewed, SessionID: s.rec.ID().String(),", "events.Event{Kind: events.Renewed, SessionID: s.rec.Token.Reveal(),",
	}}},
	{"E3", "counters know no reasons", "humasess", "", []edit{{
		"humasess/events", "Counters.Count", "	s := Series{e.Kind, e.Reason}", "	s := Series{e.Kind, \"\"}",
	}}},
	{"K3", "only the newest key opens", "security", "", []edit{{
		"security", "aeadSealer.AppendOpen", "	for i, id := range s.ids {", "	for i, id := range s.ids[:1] {",
	}}},
	{"K4", "a cookie outlives the logout", "stores/cookie", "TestLogoutHolds", []edit{{
		"stores/cookie", "item.standsBy", "	return !st.Ended && it.stood && ", "	return it.stood && ",
	}}},
}

// bearerMutants break sessions whose token is in the header Authorization.
var bearerMutants = []mutant{
	{"", "the cookie counts beside a token", "humasess", "TestBearerDecidesAlone", []edit{{
		inCookies, "Lines.Bear", "	l.all = l.all[:0]\n", "",
	}, {
		inCookies, "Lines.Bear", "	clear(l.all)\n", "",
	}, {
		"humasess", "state.Load", "	if lines.Bearer {\n", "	if lines.Bearer && lines.Token != \"\" && lines.Empty() {\n",
	}}},
	{"", "no cross-origin check beside any Authorization", "humasess", "TestBearerDecidesAlone", []edit{{
		inGate, "enter", "	if !lines.Bearer && refuseForeign(ctx, e, lines.Upgrade) {", "	if ctx.Header(fieldAuthorization) == \"\" && refuseForeign(ctx, e, lines.Upgrade) {",
	}}},
	{"", "a cookie's token is accepted in the header", "humasess", "TestBearerIsBoundToItsCarrier", []edit{{
		"humasess", "opening.ownerOf", " || r.Open.Bearer != s.bearer {", " {",
	}}},
	{"", "no challenge for bearer tokens", "humasess", "TestBearer$", []edit{{
		inGate, "reply.challenges", "	if p.entry.bearer {", "	if p.entry.bearer && p.late {",
	}}},
	{"", "one of several Authorization lines counts", "humasess", "TestBearerDecidesAlone", []edit{{
		inCookies, "Lines.Bear", "	if len(l.authorization) > 1 {", "	if len(l.authorization) > 9 {",
	}}},
	{"", "a cookie begins beside a token", "humasess", "TestBearerDecidesAlone", []edit{{
		"humasess", "changes.beside", "return s.bearer || s.r != nil && s.r.Bearer()", "return s.m == nil",
	}}},
	{"", "a returned token is sent in a header as well", "humasess", "TestSessionToken|TestRenewBearer", []edit{{
		"humasess", "view.issuedBearer", "		if !own.given {", "		if own != nil {",
	}}},
	{"", "a token within the grace renews", "humasess", "TestRenewBearer", []edit{{
		"humasess", "changes.renewBearer", "	if s.former && !s.opening().lost() {", "	if s.former && s.m == nil {",
	}}},
	{"", "an answer with a token may be stored by caches", "humasess", "TestBearer", []edit{{
		inGate, "reply.release", "		cookie = cookie || of.Secret || of.Token != \"\"\n", "",
	}, {
		inGate, "reply.rulesFor", "	private = private || cookie\n", "	private = private && p.bearer\n",
	}}},
	{"", "the cookie counts beside an API key", "humasess", "TestSchemeDecidesAlone", []edit{{
		inGate, "admit", " || r.ignores(i) {", " {",
	}}},
	{"", "roles are not asked of an API key's user", "humasess", "TestSchemesBringTheirUser", []edit{{
		"humasess", "state.Judge", "	case !s.m.users.Covers(v, roles):", "	case !s.m.users.Covers(v, nil):",
	}}},
	{"", "a credential without a user gets in", "humasess", "TestSchemesBringTheirUser", []edit{{
		"humasess", "state.Judge", "	case s.m.users.Owner(v) == \"\" && !s.m.anonymousSuffices:", "	case s.m.users.Owner(v) == \"\" && s.m == nil:",
	}}},
	{"", "an API key proves that the user has just signed in", "humasess", "TestSchemesBringTheirUser", []edit{{
		"humasess", "state.Proven", "	return recent(proof) &&", "	return (recent(proof) || s.life.OnCredential()) &&",
	}}},
	{"", "the failure of a check is a 401", "humasess", "TestSchemesBringTheirUser", []edit{{
		inGate, "Request.check", "		own.failed, own.headers = model, headersAround(err, model)\n", "		own.headers = headersAround(err, model)\n",
	}}},
	{"", "a check is called for each alternative", "humasess", "TestSchemeErrors", []edit{{
		inGate, "Request.check", "		if known.key == c.key && slices.Equal(known.scopes, c.roles) {", "		if known.key == c.key && slices.Equal(known.scopes, c.roles) && r.late {",
	}}},
	{"", "the user of a credential counts as a session", "humasess", "TestEditedDocumentRefusesCredential|TestHalfOfTwoCredentials", []edit{{
		inGate, "admission", "	return r.sessions()[c.session].Admits(c.roles)", "	if r.sessions()[c.session].Brought() {\n		return Admitted\n	}\n	return r.sessions()[c.session].Admits(c.roles)",
	}}},
	{"", "a borrowed session gets the user of a credential", "humasess", "TestCredentialOfRequestInside", []edit{{
		inGate, "Request.bring", "(s.borrowed || !s.Empty())", "!s.borrowed && !s.Empty()",
	}}},
	{"", "a session that is not admitted stays before the handler", "humasess", "TestCredentialBesideInsufficientSession", []edit{{
		inGate, "Request.bring", "(s.borrowed || !s.Empty())", "s.borrowed",
	}}},
	{"", "a page elsewhere cannot send a token to a plain handler", "humasess", "Bearer", []edit{{
		inGate, "servePlain", "	if !lines.Bearer && !e.exempt && refuseOrigins(", "	if !e.exempt && refuseOrigins(",
	}}},
	{"F4", "another spelling of a path is exempt", "humasess", "TestPagesCrossSite", []edit{{
		inGate, "Page.allows", "r.URL.EscapedPath()", "r.URL.Path",
	}}},
	{"", "another spelling of the sign-in page needs no session", "humasess", "TestPagesWithoutSession", []edit{{
		inGate, "Page.opens", "	return p.signsIn(at) &&", "	return p.signsIn(r.URL.Path) || p.signsIn(at) &&",
	}}},
	{"", "a page needs no session", "humasess", "TestPages", []edit{{
		inGate, "Pages", "			if page.Require && open == 0 {", "			if page.Require && open == 2 {",
	}}},
	{"", "the way back leads to another host", "humasess", "TestPagesWithoutSession", []edit{{
		inGate, "Page.signIn", "!localpath.Is(returnTo) || ", "returnTo == \"\" || ",
	}}},
	{"", "a request inside with another token borrows the session", "humasess", "TestHandlerKeepsItsBearer", []edit{{
		inCookies, "Same", " && slices.Equal(l.authorization, other.authorization)", "",
	}}},
	{"", "a session with a token lives as long as one with a cookie", "humasess", "TestBearerOptions", []edit{{
		"humasess", "terms.timeouts", "	if s.bearer {", "	if s.m == nil {",
	}}},
	{"", "RotateEvery replaces a token", "humasess", "TestRotateEverySparesTokens", []edit{{
		"humasess", "opening.rotationDue", "every == 0 || s.bearer || s.r == nil", "every == 0 || s.r == nil",
	}}},
	{"", "the cookie stays after StartBearer", "humasess", "TestStartBearer", []edit{{
		"humasess", "view.issuedBearer", "	if own.stale {", "	if own.stale && s.m == nil {",
	}}},
	{"", "a login takes accepted keys", "humasess", "TestLoginRefusesAcceptedScheme", []edit{{
		inPolicy, "policyOf", " || startsSession(declared, s)", "",
	}}},
	{"", "accepted keys skip roles that only Security asks for", "humasess", "TestAcceptedSchemeNeedsRoles", []edit{{
		inPolicy, "policyOf", " || !asksRoles(op, declared, s, roles)", "",
	}}},
	{"", "operations of account take accepted keys", "humasess/account", "TestKeysManageNoSessions", []edit{{
		inPolicy, "policyOf", "SessionOnly(op) || ", "",
	}}},
	{"", "accepted keys open operations that ask for a recent proof", "humasess", "TestKeysProveNothing", []edit{{
		inPolicy, "policyOf", "asksForProof(op, declared, s) || ", "",
	}}},
	{"", "the handler changes the data of a key's user", "humasess", "TestSchemesBringTheirUser", []edit{{
		"humasess", "state.current", "return s.m.values.Own(s.few().user.data.(*T))", "return *s.few().user.data.(*T), nil",
	}}},
	{"", "Done of a key's user is closed at once", "humasess", "TestDoneOfCredential", []edit{{
		"humasess", "state.done", "	if !w.fresh && !s.life.OnCredential() {", "	if !w.fresh {",
	}}},
	{"", "a credential beside a token of a session counts", "humasess", "Scheme|Credential", []edit{{
		inGate, "Request.considers", "	case r.bearer && r.entry.bearer:", "	case r.bearer && r.entry == nil:",
	}}},
	{"", "an issued token may be stored by caches", "humasess", "TestIssuedTokenIsNotStored", []edit{{
		inGate, "reply.release", "cookie, private := p.is(secret), p.proved", "cookie, private := false, p.proved",
	}}},
	{"", "a log has the token", "humasess", "TestIssuedTokenIsNotStored", []edit{{
		"humasess", "BearerToken.LogValue", "slog.StringValue(t.String())", "slog.AnyValue(t.AccessToken)",
	}}},
	{"", "a token that is not the newest is renewed after a lost race", "humasess", "Bearer", []edit{{
		"humasess", "writes.tokenNow", "	if s.former { //", "	if s.former && s.m == nil { //",
	}}},
	{"", "sealed tokens of cookie and header are the same", "humasess", "Bearer|Sealed", []edit{{
		"humasess/internal/carrier", "Bearer.sealing", "return c.binding(\"Authorization:\")", "return c.binding(c.Names[0])",
	}}},
}

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
		inReport, "limiter.begin", "		all.flush(to, k, c)\n", "",
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
