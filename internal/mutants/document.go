package main

// documentMutants break "declared = documented = enforced".
var documentMutants = []mutant{
	{"O2", "hook off", "humasess", "TestRandomAPIs", []edit{{
		"openapi", "Document.AddScheme", "d.oapi.OnAddOperation = append(d.oapi.OnAddOperation, d.onAddOperation)", "_ = d.onAddOperation",
	}}},
	{"O2", "middleware off", "humasess", "TestRandomAPIs", []edit{{
		"humasess", "gate.add", "g.api.UseMiddleware(g.middleware)", "_ = g.middleware",
	}}},
	{"O2", "marker off", "humasess", "TestRandomAPIs", []edit{{
		"openapi", "declarations", "	return strictest(first.of.declarations[first.index:]), nil", "	return nil, nil",
	}}},
	{"O2", "role check off", "humasess", "TestRandomAPIs", []edit{{
		"humasess", "state.hasRoles", "	if len(roles) == 0 {\n		return true\n	}\n	v, ok := s.peek()", "	if len(roles) >= 0 {\n		return true\n	}\n	v, ok := s.peek()",
	}}},
	{"O2", "document look-up by request method", "humasess", "TestRandomAPIs", []edit{{
		"humasess", "gate.middleware", "	e := g.entry(ctx.Operation())", "	op := *ctx.Operation()\n	op.Method = ctx.Method()\n	e := g.entry(&op)",
	}}},
	{"", "document look-up by request method, declarations kept", "humasess", "TestDocumentEditedByHandOnlyTightens", []edit{
		{"openapi", "Document.slot", "	switch op.Method {\n	case http.MethodGet:\n		return &item.Get\n	case http.MethodHead:", "	switch op.Method {\n	case http.MethodHead:"},
	}},
	{"O2", "declarations are inherited by the next operation", "humasess", "TestRandomAPIs", []edit{{
		"openapi", "Seal", "	delete(registry.Map(), pendingKey)", "	_ = pendingKey",
	}}},
	{"O2", "second type of an operation forgotten", "humasess", "TestRandomAPIs", []edit{{
		"openapi", "Declare", "	r.declarations = append(r.declarations, d)", "	if r.declarations == nil {\n		r.declarations = append(r.declarations, d)\n	}",
	}}},
	{"O2", "Require is forgotten", "humasess", "TestRandomAPIs", []edit{{
		"openapi", "Protect", "	op.Metadata = metadata", "	_ = metadata",
	}}},
	{"O2", "any scheme of one's own is satisfied", "humasess", "TestRandomAPIs", []edit{{
		"humasess", "request.satisfies", "check(&r.scope, roles) != nil", "check(&r.scope, roles) == nil && false",
	}}},
	{"O2", "every alternative is demanded", "humasess", "TestRandomAPIs", []edit{{
		"humasess", "request.satisfies", "		if authenticated {", "		if !met {\n			break\n		}\n		if authenticated {",
	}}},
	{"O2", "RequireByDefault is not", "humasess", "TestRandomAPIs", []edit{{
		"openapi", "Document.global", "		if !s.Default {", "		if s.Default {",
	}}},
	{"", "document edited by hand is ignored", "humasess", "TestDocumentEditedByHandOnlyTightens", []edit{{
		"openapi", "Document.Policy", "	policy.Requirements = withRequirements(policy.Requirements, documented)\n", "",
	}}},
	{"", "document edited by hand loosens", "humasess", "TestDocumentEditedByHandOnlyTightens", []edit{{
		"openapi", "Document.Policy", "	policy.Requirements = withRequirements(policy.Requirements, documented)\n", "	policy.Requirements = []Requirements{documented}\n",
	}}},
	{"", "document edited by hand opens operations that inherit its security", "openapi", "TestPolicy", []edit{{
		"openapi", "Document.declared", "	global := d.global()", "	global := Requirements(d.oapi.Security)",
	}}},
	{"O1", "cookie name in the scheme", "openapi", "", []edit{{
		"openapi", "Scheme.object", "		Name:        s.CookieName,", "		Name:        s.Key,",
	}}},
	{"O3", "{} comes first", "openapi", "", []edit{{
		"openapi", "tidy", "return boolInt(len(a) == 0) - boolInt(len(b) == 0)", "return boolInt(len(b) == 0) - boolInt(len(a) == 0)",
	}}},
	{"O3", "optional sessions are required", "openapi", "", []edit{{
		"openapi", "withOption", "		result = append(result, with, alternative)", "		result = append(result, with)",
	}}},
	{"O4", "contradiction is accepted", "openapi", "", []edit{{
		"openapi", "merge", "		if slices.ContainsFunc(uses, func(u use) bool { return u.kind != Login }) {", "		if len(uses) == 0 {",
	}}},
	{"O4", "sessions replace the requirements that the user wrote", "openapi", "", []edit{{
		"openapi", "merge", "	if written == nil {\n		result = inherited", "	if written == nil || len(written) > 0 {\n		result = inherited",
	}}},
	{"O4", "sessions are an alternative to the requirements that the user wrote", "humasess", "TestRandomAPIs", []edit{{
		"openapi", "merge", "	result = tidy(result)", "	result = tidy(append(result, cloneAll(written)...))",
	}}},
	{"O5", "null for no roles", "openapi", "", []edit{{
		"openapi", "cloneAll", "append([]string{}, roles...)", "append([]string(nil), roles...)",
	}}},
	{"O5", "roles out of the check with OmitRoles", "humasess", "", []edit{{
		"openapi", "Document.declared", "	policy := Policy{Declarations: declared, Requirements: []Requirements{full},",
		"	policy := Policy{Declarations: declared, Requirements: []Requirements{full.withoutRoles(func(key string) bool {\n		s, ok := d.byKey(key)\n		return ok && s.OmitRoles\n	})},",
	}}},
	{"O5", "roles in a 3.0 document", "openapi", "", []edit{{
		"openapi", "emptyRoles", "			if !scoped[key] {", "			if scoped[key] {",
	}}},
	{"O7", "responses of copies are shared", "openapi", "", []edit{{
		"openapi", "Document.describeResponses", "	responses := maps.Clone(op.Responses)", "	responses := op.Responses",
	}}},
	{"O7", "the user's responses are overwritten", "openapi", "", []edit{{
		"openapi", "Document.add", "	if responses[key] == nil {", "	if key != \"\" {",
	}}},
	{"O7", "no 401", "humasess", "", []edit{{
		"openapi", "Document.describeResponses", "	if requires(policy) {", "	if !requires(policy) {",
	}}},
	{"O7", "422 of the marker stays", "humasess", "", []edit{{
		"openapi", "addedUnprocessable", "	return n == 1", "	return n == 2",
	}}},
	{"O8", "Set-Cookie documented on errors", "openapi", "", []edit{{
		"openapi", "setCookieHeader", "		if !strings.HasPrefix(key, \"2\") && !strings.HasPrefix(key, \"3\") {", "		if key == \"\" {",
	}}},
	{"O9", "markers stay in the document", "openapi", "", []edit{{
		"openapi", "Document.describe", "	op.Parameters = withoutMarkers(op.Parameters)\n", "",
	}}},
	{"O9", "parameters of copies are shared", "openapi", "", []edit{{
		"openapi", "withoutMarkers", "	var rest []*huma.Param\n", "	rest := params[:0]\n",
	}}},
	{"O5", "roles twice", "openapi", "", []edit{{
		"openapi", "union", "		if !slices.Contains(result, s) {", "		if s != \"\" {",
	}}},
	{"", "scheme with a schema's name", "humasess", "TestSchemeWithTheNameOfASchema", []edit{{
		"openapi", "Scheme.clash", "		if pascal(name) == pascal(s.Key) {", "		if name == s.Key {",
	}}},
	{"", "session in a body or an output", "openapi", "TestMisplaced", []edit{{
		"openapi", "Document.hasMarker", "	if markerLink(s) != nil {", "	if markerLink(s) != nil && s.Type != \"\" {",
	}}},
}
