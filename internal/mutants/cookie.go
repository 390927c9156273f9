package main

// cookieMutants break tokens, cookies and options.
var cookieMutants = []mutant{
	{"T1", "the secret is zero", inCredential, "", []edit{{
		inCredential, "NewToken", "	_, err := rand.Read(t.secret[:])", "	_, err := rand.Read(nil)",
	}}},
	{"T4", "lines break a token", inCredential, "", []edit{{
		inCredential, "ParseToken", "err != nil || n != len(raw)", "err != nil || n < 0",
	}}},
	{"T4", "malformed tokens are looked up", "humasess", "", []edit{{
		inCredential, "ParseToken", "	if len(text) != TokenLength {\n		return Token{}, ErrMalformedToken\n	}", "	if len(text) != TokenLength {\n		return Token{}, nil\n	}",
	}}},
	{"T6", "the secret itself is stored", inCredential, "", []edit{{
		inCredential, "Token.Hash", "{ return sha256.Sum256(t.secret[:]) }", "{ return t.secret }",
	}}},
	{"T12", "the first of two cookies wins", "humasess", "", []edit{{
		"humasess", "state.Load", "	case c.Count > 1:\n		return o.loadMany(ctx, c.All())\n	}", "	}",
	}}},
	{"T12", "Start ends one of several live sessions", "humasess", "TestSeveralCookies", []edit{{
		"humasess", "creation.replaced", "		for _, id := range s.few().others {", "		for _, id := range s.few().others[:1] {",
	}}},
	{"C1", "no Secure", "humasess", "", []edit{{
		inCookies, "Options.attributes", "	if !c.InsecureAllowHTTP {\n		b.WriteString", "	if c.InsecureAllowHTTP {\n		b.WriteString",
	}}},
	{"C2", "__Host- with Domain", inCookies, "", []edit{{
		inCookies, "Options.check", "	case hostPrefix && c.Domain != \"\":", "	case hostPrefix && c.Domain == \"x\":",
	}}},
	{"C3", "prefixes by letter", inCookies, "", []edit{{
		inCookies, "Options.check", "	lower := strings.ToLower(c.Name)", "	lower := strings.ReplaceAll(strings.ReplaceAll(c.Name, \"__H\", \"__h\"), \"__S\", \"__s\")",
	}}},
	{"C4", "no HttpOnly", "humasess", "", []edit{{
		inCookies, "Options.attributes", "	b.WriteString(\"; HttpOnly\")\n", "",
	}}},
	{"C5", "SameSite=None on plain http", inCookies, "", []edit{{
		inCookies, "Options.check", "	case c.SameSite == http.SameSiteNoneMode && c.InsecureAllowHTTP:", "	case c.SameSite == http.SameSiteNoneMode && c.InsecureAllowHTTP && c.Partitioned:",
	}}},
	{"C7", "a name that is too long", inCookies, "", []edit{{
		inCookies, "Options.check", "	case len(c.Name) > 256:", "	case len(c.Name) > 257:",
	}}},
	{"C7", "a cookie for a page of another site is dropped without a word", "humasess", "TestDroppedCookie$", []edit{{
		inCookies, "Options.Dropped", "c.SameSite != http.SameSiteNoneMode && !r.navigatesWindow()", "c.SameSite == http.SameSiteStrictMode && !r.navigatesWindow()",
	}}},
	{"C7", "a Secure cookie on plain http is dropped without a word", "humasess", "TestDroppedCookie$", []edit{{
		inCookies, "Options.Dropped", "case !c.InsecureAllowHTTP && r.SecFetchSite", "case c.InsecureAllowHTTP && r.SecFetchSite",
	}}},
	{"C7", "warnings of dropped cookies without end", "humasess", "TestDroppedCookieWarningsAreBounded", []edit{{
		inGate, "Log.first", " || len(l.warned) == maxWarned", "",
	}}},
	{"E1", "a refused origin has no name", "humasess", "TestRefusedOriginIsExplained", []edit{{
		inGate, "refuseOrigins", "Err: explained(err, e, o),", "Err: err,",
	}}},
	{"L3", "no longest timeout", "humasess", "", []edit{{
		inTimeouts, "Timeouts.CheckUsual", "	case t.Absolute > cookies.MaxAge:", "	case t.Absolute < 0:",
	}}},
	{"F1", "same-site is same-origin", inCrossOrigin, "", []edit{{
		inCrossOrigin, "CrossOrigin.Check", "	case \"same-origin\", \"none\":", "	case \"same-origin\", \"same-site\", \"none\":",
	}}},
	{"F2", "any Origin will do", inCrossOrigin, "", []edit{{
		inCrossOrigin, "ownOrigin", "return name == ownName && port == ownPort && name != \"\"", "return name != \"\" && (ownName != \"\" || port == ownPort)",
	}}},
	{"F2", "no host is the host of null", inCrossOrigin, "", []edit{{
		inCrossOrigin, "ownOrigin", "	if err != nil || u.Host == \"\" || host == \"\" {\n", "	if err != nil || u.Host != host && u.Host == \"\" {\n",
	}, {
		inCrossOrigin, "ownOrigin", " && name != \"\"", "",
	}}},
	{"F2", "every port is the default port", inCrossOrigin, "", []edit{{
		inCrossOrigin, "ownOrigin", "return name == ownName && port == ownPort", "return name == ownName && (port == ownPort || ownPort == \"80\")",
	}}},
	{"F4", "trusted origins with a path", inCrossOrigin, "", []edit{{
		inCrossOrigin, "checkOrigin", "len(origin) != len(u.Scheme+\"://\"+u.Host)", "len(origin)-len(u.Path) != len(u.Scheme+\"://\"+u.Host)",
	}}},
	{"F11", "handshakes of websockets are safe", "humasess", "", []edit{{
		inGate, "refuseForeign", "	handshake := upgrade && opensWebsocket(ctx)", "	handshake := opensWebsocket(ctx) && e.op == nil",
	}}},
	{"F11", "upgrades to any protocol are handshakes", "humasess", "", []edit{{
		inGate, "opensWebsocket", "response.ContainsToken(value, \"websocket\")", "value != \"\"",
	}}},
}
