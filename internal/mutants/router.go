package main

// Parts of the suite that runs on every router.
const (
	aliasing  = "TestGoldenRouters/nothing_that_outlives"
	streaming = "TestGoldenRouters/X4_X6"
	cookies   = "TestGoldenRouters/C15_the_handler"
	lines     = "TestGoldenRouters/H6_401_without"
	handling  = "TestHandlerAroundASite/humago"
)

// routerMutants break behaviour that only a router on a real connection shows.
var routerMutants = []mutant{
	{"", "stored strings point into the request", "internal/e2e", aliasing, []edit{{
		inValues, "detachValue", "			v.SetString(strings.Clone(s))", "			v.SetString(strings.Clone(s[:0]) + s)",
	}}},
	{"X4", "a stream that writes at once commits after it", "internal/e2e", streaming, []edit{{
		inGate, "scope.BodyWriter", "	if !s.r.reply().begin(s.humaContext, status) {\n		return io.Discard\n	}\n	return s.r.reply().writer(s.humaContext)", "	return s.humaContext.BodyWriter()",
	}}},
	{"X4", "fiber's stream commits in its own time", "internal/e2e", streaming, []edit{{
		inGate, "streamScope.StreamBody", "	if r.reply().begin(ctx, 200) {\n		r.taken = true", "	if r.outcome == undecided {\n		r.taken = true",
	}}},
	{"C15", "fiber joins cookies with commas", "internal/e2e", cookies, []edit{{
		inResponse, "Header.Send", "	if h.Add && (!SameName(h.Name, \"Set-Cookie\") || !onFasthttp(ctx)) {", "	if h.Add && !(SameName(h.Name, \"Set-Cookie\") && onFasthttp(ctx) && h.Value == \"\") {",
	}}},
	{"T13", "the first Cookie line is all", "internal/e2e", lines, []edit{{
		inCookies, "Presented.Find", "range lines.all {", "range lines.all[:min(1, len(lines.all))] {",
	}}},
	{"X4", "a flush does not commit", "internal/e2e", handling, []edit{{
		inGate, "plainWriter.FlushError", "	if !p.begin(http.StatusOK) {\n		return nil\n	}\n	return http.NewResponseController(p.w).Flush()", "	return http.NewResponseController(p.w).Flush()",
	}}},
}
