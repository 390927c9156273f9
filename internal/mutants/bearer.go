package main

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
		inGate, "reply.writeRefusal", "v == challenge && p.entry.bearer", "v == challenge && !p.entry.bearer",
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
}
