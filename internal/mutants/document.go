package main

const inDeclarations = "internal/declaretest"

// documentMutants break "declared = documented = enforced".
var documentMutants = []mutant{
	{"O2", "hook off", inDeclarations, "TestRandomAPIs", []edit{{
		inPolicy, "Document.AddScheme", "d.oapi.OnAddOperation = append(d.oapi.OnAddOperation, d.onAddOperation)", "_ = d.onAddOperation",
	}}},
	{"O2", "middleware off", inDeclarations, "TestRandomAPIs", []edit{{
		inGate, "Gate.Add", "g.api.UseMiddleware(g.middleware)", "_ = g.middleware",
	}}},
	{"O2", "marker off", inDeclarations, "TestRandomAPIs", []edit{{
		inPolicy, "declarations", "	return strictest(first.of.declarations[first.index:]), nil", "	return nil, nil",
	}}},
	{"O2", "role check off", inDeclarations, "TestRandomAPIs", []edit{{
		"humasess", "view.hasRoles", "	if len(roles) == 0 {\n		return true\n	}\n	v, ok := s.peek()", "	if len(roles) >= 0 {\n		return true\n	}\n	v, ok := s.peek()",
	}}},
	{"O2", "document look-up by request method", inDeclarations, "TestRandomAPIs", []edit{{
		inGate, "Gate.middleware", "	e := g.entry(ctx.Operation())", "	op := *ctx.Operation()\n	op.Method = ctx.Method()\n	e := g.entry(&op)",
	}}},
	{"", "document look-up by request method, declarations kept", inDeclarations, "TestDocumentEditedByHandOnlyTightens", []edit{
		{inPolicy, "slot", "	switch op.Method {\n	case http.MethodGet:\n		return &item.Get\n	case http.MethodHead:", "	switch op.Method {\n	case http.MethodHead:"},
	}},
	{"O2", "declarations are inherited by the next operation", inDeclarations, "TestRandomAPIs", []edit{{
		inPolicy, "Seal", "	delete(registry.Map(), pendingKey)", "	_ = pendingKey",
	}}},
	{"O2", "second type of an operation forgotten", inDeclarations, "TestRandomAPIs", []edit{{
		inPolicy, "Declare", "	r.declarations = append(r.declarations, d)", "	if r.declarations == nil {\n		r.declarations = append(r.declarations, d)\n	}",
	}}},
	{"O2", "Require is forgotten", inDeclarations, "TestRandomAPIs", []edit{{
		inPolicy, "Protect", "	op.Metadata = metadata", "	_ = metadata",
	}}},
	{"O2", "any scheme of one's own is satisfied", inDeclarations, "TestRandomAPIs", []edit{{
		inGate, "admission", "		if _, err := r.check(c); err == nil {", "		if _, err := r.check(c); err == nil || err != nil {",
	}}},
	{"O2", "every alternative is demanded", inDeclarations, "TestRandomAPIs", []edit{{
		inGate, "satisfies", "		switch admits(r, alternative) {", "		result := admits(r, alternative)\n		if result != Admitted {\n			break\n		}\n		switch result {",
	}}},
	{"O2", "RequireByDefault is not", inDeclarations, "TestRandomAPIs", []edit{{
		inPolicy, "schemes.global", "		if !s.Default {", "		if s.Default {",
	}}},
	{"", "document edited by hand is ignored", inDeclarations, "TestDocumentEditedByHandOnlyTightens", []edit{{
		inPolicy, "Document.Policy", "	policy.Requirements = withRequirements(policy.Requirements, documented)\n", "",
	}}},
	{"", "document edited by hand loosens", inDeclarations, "TestDocumentEditedByHandOnlyTightens", []edit{{
		inPolicy, "Document.Policy", "	policy.Requirements = withRequirements(policy.Requirements, documented)\n", "	policy.Requirements = []Requirements{documented}\n",
	}}},
	{"", "document edited by hand opens operations that inherit its security", inPolicy, "TestPolicy", []edit{{
		inPolicy, "policyOf", "	global := d.global()", "	global := Requirements(d.oapi.Security)",
	}}},
	{"O1", "cookie name in the scheme", inPolicy, "", []edit{{
		inPolicy, "Scheme.object", "		Name:        s.CookieName,", "		Name:        s.Key,",
	}}},
	{"O3", "{} comes first", inPolicy, "", []edit{{
		inPolicy, "tidy", "return boolInt(len(a) == 0) - boolInt(len(b) == 0)", "return boolInt(len(b) == 0) - boolInt(len(a) == 0)",
	}}},
	{"O3", "optional sessions are required", inPolicy, "", []edit{{
		inPolicy, "withOption", "		result = append(result, with, alternative)", "		result = append(result, with)",
	}}},
	{"O4", "contradiction is accepted", inPolicy, "", []edit{{
		inPolicy, "merge", "		if slices.ContainsFunc(uses, func(u use) bool { return u.kind != Login }) {", "		if len(uses) == 0 {",
	}}},
	{"O4", "sessions replace the requirements that the user wrote", inPolicy, "", []edit{{
		inPolicy, "merge", "	if written == nil {\n		result = inherited", "	if written == nil || len(written) > 0 {\n		result = inherited",
	}}},
	{"O4", "sessions are an alternative to the requirements that the user wrote", inDeclarations, "TestRandomAPIs", []edit{{
		inPolicy, "merge", "	result = tidy(result)", "	result = tidy(append(result, cloneAll(written)...))",
	}}},
	{"O5", "null for no roles", inPolicy, "", []edit{{
		inPolicy, "cloneAll", "append([]string{}, roles...)", "append([]string(nil), roles...)",
	}}},
	{"O5", "roles out of the check with OmitRoles", inDeclarations, "", []edit{{
		inPolicy, "policyOf", "	policy := Policy{Declarations: declared, Requirements: []Requirements{full},",
		"	policy := Policy{Declarations: declared, Requirements: []Requirements{full.withoutRoles(func(key string) bool {\n		s, ok := d.byKey(key)\n		return ok && s.OmitRoles\n	})},",
	}}},
	{"O5", "roles in a 3.0 document", "openapi", "", []edit{{
		"openapi", "emptyRoles", "			if !scoped[key] {", "			if scoped[key] {",
	}}},
	{"O7", "responses of copies are shared", inPolicy, "", []edit{{
		inPolicy, "describeResponses", "	responses := maps.Clone(op.Responses)", "	responses := op.Responses",
	}}},
	{"O7", "the user's responses are overwritten", inPolicy, "", []edit{{
		inPolicy, "addResponse", "	if responses[key] == nil {", "	if key != \"\" {",
	}}},
	{"O7", "no 401", inDeclarations, "", []edit{{
		inPolicy, "describeResponses", "	if requires(policy) {", "	if !requires(policy) {",
	}}},
	{"O7", "422 of the marker stays", inDeclarations, "", []edit{{
		inPolicy, "addedUnprocessable", "	return n == 1", "	return n == 2",
	}}},
	{"O8", "Set-Cookie documented on errors", inPolicy, "", []edit{{
		inPolicy, "schemes.addHeader", "		if !isSuccess(code) || ", "		if ",
	}}},
	{"O8", "Set-Cookie documented on an answer with a token", inPolicy, "TestAnswersWithTokens", []edit{{
		inPolicy, "schemes.addHeader", " || hasBearerToken(response, d.oapi.Components.Schemas) {", " {",
	}}},
	{"O8", "the header of a new bearer token is not documented", inPolicy, "TestRenews", []edit{{
		inPolicy, "describeCredentials", "s.Bearer != nil && d.takesToken(policy)", "s.Bearer != nil && !d.takesToken(policy)",
	}}},
	{"H4", "the example of a problem has no type", inDeclarations, "TestProblemsAreTrue", []edit{{
		inPolicy, "cause.example", "	model.Type = c.problem.Type\n", "",
	}}},
	{"O7", "the example of a 401 asks for a session where another credential suffices", inDeclarations, "TestProblemsAreTrue", []edit{{
		inPolicy, "schemes.addUnauthorized", "		problem = ProblemNoCredentials\n		text +=", "		text +=",
	}}},
	{"O2", "a bearer token needs no roles", inDeclarations, "TestRandomAPIs", []edit{{
		inPolicy, "schemes.withBearer", "union(alternative[s.Key], nil)", "union(nil, nil)",
	}}},
	{"O4", "a bearer token opens no operation of the cookie", inDeclarations, "TestRandomAPIs", []edit{{
		inPolicy, "schemes.withBearer", "			result = append(result, other)\n", "",
	}}},
	{"O4", "a cookie opens an operation of the bearer token", inDeclarations, "TestRandomAPIs", []edit{{
		inGate, "admission", "	case c.bearer != r.bearer:", "	case r.bearer && !c.bearer:",
	}}},
	{"O4", "a bearer token beside a scheme in the same header", inPolicy, "TestBearerSecurity", []edit{{
		inPolicy, "schemes.onlySession", "		} else if UsesAuthorization(d.oapi.Components.SecuritySchemes[key]) {\n			return Scheme{}, false\n		}", "		}",
	}}},
	{"O9", "markers stay in the document", inPolicy, "", []edit{{
		inPolicy, "Document.describe", "	op.Parameters = withoutMarkers(op.Parameters)\n", "",
	}}},
	{"O9", "parameters of copies are shared", inPolicy, "", []edit{{
		inPolicy, "withoutMarkers", "	var rest []*huma.Param\n", "	rest := params[:0]\n",
	}}},
	{"O5", "roles twice", inPolicy, "", []edit{{
		inPolicy, "union", "		if !slices.Contains(result, s) {", "		if s != \"\" {",
	}}},
	{"", "scheme with a schema's name", inDeclarations, "TestSchemeWithTheNameOfASchema", []edit{{
		inPolicy, "Scheme.clash", "			if pascal(name) == pascal(key) {", "			if name == key {",
	}}},
	{"", "session in a body or an output", inPolicy, "TestMisplaced", []edit{{
		inPolicy, "markerSearch.finds", "	if markerLink(s) != nil {", "	if markerLink(s) != nil && s.Type != \"\" {",
	}}},
}

const inOpenAPI = "openapi"

// policyMutants break the policy file, and the comparison of two.
var policyMutants = []mutant{
	{"", "the origin does not matter to the comparison", inOpenAPI, "TestDiff", []edit{{
		inOpenAPI, "Admission.satisfies", "	if other.SameOrigin && !a.SameOrigin {", "	if other.SameOrigin && a.Credentials != nil && !a.SameOrigin {",
	}}},
	{"", "a role that is removed does not loosen", inOpenAPI, "TestDiff", []edit{{
		inOpenAPI, "Condition.satisfies", "containsAll(c.Roles, other.Roles) && ", "",
	}}},
	{"", "a guard in place of another does not loosen", inOpenAPI, "TestDiff", []edit{{
		inOpenAPI, "Condition.satisfies", " && containsAll(c.Guards, other.Guards)", "",
	}}},
	{"", "a longer freshness does not loosen", inOpenAPI, "TestDiff", []edit{{
		inOpenAPI, "Proof.impliedBy", "q.Fresh <= p.Fresh", "q.Fresh >= p.Fresh",
	}}},
	{"", "the user of a key has the roles of a session", "internal/declaretest", "TestRandomPolicies", []edit{{
		inOpenAPI, "Admission.satisfies", "return c.Credential == theirs.Credential", "return c.Credential != \"\"",
	}}},
	{"", "the shortest policy loses a kind of requests", "internal/declaretest", "TestRandomPolicies", []edit{{
		inOpenAPI, "fewest", "return a.satisfies(later) && !later.satisfies(a)", "return a.satisfies(later) || later.satisfies(a)",
	}}},
	{"", "the policy file has only the declared requirement", "internal/declaretest", "TestRandomPolicies", []edit{{
		inOpenAPI, "reader.admits", "		for _, term := range terms {\n", "		for _, term := range terms[:1] {\n",
	}}},
	{"", "a token of a session is refused for its origin in the file", inOpenAPI, "TestPolicyOf", []edit{{
		inOpenAPI, "reader.admission", "!token && r.checksOrigin(e)", "r.checksOrigin(e)",
	}}},
	{"", "a key proves a recent sign-in in the file", inOpenAPI, "TestPolicyOf", []edit{{
		inOpenAPI, "reader.admission", "	if len(own) == 0 && len(c.Proofs) > 0 {", "	if len(own) == 0 && len(c.Proofs) > 1 {",
	}}},
	{"", "a new operation that nothing checks does not loosen", inOpenAPI, "TestDiff", []edit{{
		inOpenAPI, "Operation.added", " || op.Access == Unchecked", "",
	}}},
	{"", "a hidden operation in place of another does not loosen", inOpenAPI, "TestDiff", []edit{{
		inOpenAPI, "tally.changes", "			if less || ", "			if less && k.is < k.was || ",
	}}},
	{"", "an operation that is hidden no more does not loosen", inOpenAPI, "TestDiffOfHidden", []edit{{
		inOpenAPI, "Diff", "before[op.title()] || hidden.mayBe(op)", "before[op.title()]",
	}}},
	{"", "an operation that nothing checks any more does not loosen", inOpenAPI, "TestDiffBesideOptions", []edit{{
		inOpenAPI, "widening.loosens", "	if is.Access == Unchecked && was.Access != Unchecked {", "	if is.Access == Unchecked && was.Access == Public {",
	}}},
	{"", "another manager that judges the origin does not loosen", inOpenAPI, "TestDiffOfTwoManagers", []edit{{
		inOpenAPI, "widening.loosens", "	return checked && w.trustsMore(was, is)", "	return checked && w.trustsMore(was, is) && was.Path == \"\"",
	}}},
	{"", "a new bearer token hides what it opens", inOpenAPI, "TestDiffBesideOptions", []edit{{
		inOpenAPI, "widening.loosens", "	if !covers(before, after) {", "	if !covers(before, after) && len(w.added) == 0 {",
	}}},
	{"", "a hidden operation does not get the document's later requirements", inOpenAPI, "TestHideProtects", []edit{{
		inPolicy, "Document.Policy", "{d.records.hiddenAt(op)}", "{nil}",
	}}},
	{"", "a handshake of other sites does not loosen", inOpenAPI, "TestDiff", []edit{{
		inOpenAPI, "diffOperation", ", is.AllowCrossSite && !was.AllowCrossSite", "",
	}}},
	{"", "a policy of another version is read", inOpenAPI, "TestPolicyOfErrors", []edit{{
		inOpenAPI, "ParsePolicy", "	if version.Version != PolicyVersion {", "	if version.Version < 0 {",
	}}},
	{"", "an unknown restriction is ignored", inOpenAPI, "TestPolicyOfErrors", []edit{{
		inOpenAPI, "ParsePolicy", "	decoder.DisallowUnknownFields()\n", "",
	}}},
	{"", "Hide leaves the operation in the document", inOpenAPI, "TestHide", []edit{{
		inPolicy, "Document.onAddOperation", "	if hidden(op) {", "	if hidden(op) && op.Path == \"\" {",
	}}},
	{"", "a manager may come after a hidden operation", inOpenAPI, "TestHide", []edit{{
		inPolicy, "Document.AddScheme", " || d.records.any()", "",
	}}},
	{"", "an embedded session counts as a hidden operation of its own", "internal/declaretest", "TestRandomPolicies", []edit{{
		inPolicy, "registryNotes.registered", " && r.begins()", "",
	}}},
	{"", "a policy that differs passes", "humasess/humasesstest", "TestCheckPolicy", []edit{{
		"humasess/humasesstest", "CheckPolicy", "	if len(changes) == 0 {", "	if len(changes) < 2 {",
	}}},
}
