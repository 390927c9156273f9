package main

const inBrowser = "internal/e2e/browser"

// browserMutants break behaviour that only a browser shows: the cookies that it
// keeps and sends, and the pages that may read its responses.
var browserMutants = []mutant{
	{"C2", "any host may set the default cookie", inBrowser, "TestCookieTossing", []edit{{
		inCookies, "", "const defaultName = \"__Host-id\"", "const defaultName = \"id\"",
	}}},
	{"C4", "scripts read the cookie", inBrowser, "TestCookie$", []edit{{
		inCookies, "Options.attributes", "	b.WriteString(\"; HttpOnly\")\n", "",
	}}},
	{"C7", "browsers drop a cookie that is set", inBrowser, "TestCookieSize", []edit{{
		"stores/cookie", "", "const maxCookie = 4096", "const maxCookie = 4100",
	}}},
	{"C12", "Remember sets no age", inBrowser, "TestCookie$", []edit{{
		inCookies, "Writer.End", "	if age > 0 {\n		seconds", "	if age < 0 {\n		seconds",
	}}},
	{"C13", "no partition", inBrowser, "TestCookie$|TestPartitioned", []edit{{
		inCookies, "Options.attributes", "	if c.Partitioned {\n		b", "	if c.Partitioned && c.Domain != \"\" {\n		b",
	}}},
	{"C14", "deleting without attributes", inBrowser, "TestCookie$", []edit{{
		inCookies, "Options.expired", "c.Name + \"=\" + c.attributes() + \"; Max-Age=0", "c.Name + \"=; Max-Age=0",
	}}},
	{"F1", "any page may send", inBrowser, "TestCrossSite$", []edit{{
		inGate, "enter", "	if !lines.Bearer && refuseForeign(ctx, e, lines.Upgrade) {", "	if e.op == nil && refuseForeign(ctx, e, lines.Upgrade) {",
	}}},
	{"F1", "hosts of a site may send", inBrowser, "TestCrossSite$", []edit{{
		inCrossOrigin, "CrossOrigin.Check", "	case \"same-origin\", \"none\":", "	case \"same-origin\", \"same-site\", \"none\":",
	}}},
	{"F4", "no origin is trusted", inBrowser, "TestCrossSiteAllowed", []edit{{
		inCrossOrigin, "CrossOrigin.Check", "	default:\n		if c.trusts(&r) {", "	default:\n		if c.trusted[r.Host] {",
	}}},
	{"F7", "logins are not checked", inBrowser, "TestLoginOfOthers", []edit{{
		inGate, "enter", "	if !lines.Bearer && refuseForeign(ctx, e, lines.Upgrade) {", "	if !slices.ContainsFunc(e.sessions, func(s sessionUse) bool { return s.login }) && refuseForeign(ctx, e, lines.Upgrade) {",
	}}},
	{"F10", "reads are never refused", inBrowser, "TestRejectCrossSiteReads", []edit{{
		inCrossOrigin, "CrossOrigin.CheckRead", "	if safe && r.SecFetchMode == \"navigate\"", "	if safe || r.SecFetchMode == \"navigate\"",
	}}},
	{"F11", "websockets of any page", inBrowser, "TestListen", []edit{{
		inCrossOrigin, "CrossOrigin.Check", "	if !r.Upgrade && (r.Method", "	if (r.Method",
	}}},
	{"H1", "the back button shows private pages", inBrowser, "TestBackButton", []edit{{
		inGate, "reply.rulesFor", "	return response.Rules{Vary: p.entry.vary, Line: p.entry.varyLine, Private: private, Cookie: cookie}", "	return response.Rules{Vary: p.entry.vary, Line: p.entry.varyLine, Private: cookie, Cookie: cookie}",
	}}},
	{"H3", "nothing is cleared", inBrowser, "TestClearSiteData", []edit{{
		inGate, "reply.release", "response.Header{Name: \"Clear-Site-Data\", Value: of.ClearSiteData, Add: true}", "response.Header{Name: \"Clear-Site\", Value: of.ClearSiteData, Add: true}",
	}}},
	{"T9", "a rotation ends requests in progress", inBrowser, "TestRotation", []edit{{
		"humasess", "opening.ownerOf", "	if token.Matches(r.Open.Previous) || token.Matches(r.Open.Skipped) {", "	if token.Matches(r.Open.Skipped) {",
	}}},
}
