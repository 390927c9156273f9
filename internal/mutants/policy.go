package main

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
		inOpenAPI, "Proof.impliedBy", "q.Within <= p.Within", "q.Within >= p.Within",
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
	{"", "the file forgets the CSRF token", inOpenAPI, "TestPolicyOf", []edit{{
		inOpenAPI, "reader.admission", "s.CSRFHeader != \"\" && slices.Contains(own, s.Key)", "s.CSRFHeader != \"\" && len(own) > 1",
	}}},
	{"", "a key proves a recent sign-in in the file", inOpenAPI, "TestPolicyOf", []edit{{
		inOpenAPI, "reader.admission", "	if len(own) == 0 && len(c.Proofs) > 0 {", "	if len(own) == 0 && len(c.Proofs) > 1 {",
	}}},
	{"", "a new operation that nothing checks does not loosen", inOpenAPI, "TestDiff", []edit{{
		inOpenAPI, "Operation.added", " || op.Access == Unchecked", "",
	}}},
	{"", "a hidden operation in place of another does not loosen", inOpenAPI, "TestDiff", []edit{{
		inOpenAPI, "diffHidden", "			if c.Effect = op.added(); gone {", "			if c.Effect = op.added(); gone && n > 0 {",
	}}},
	{"", "a handshake of other sites does not loosen", inOpenAPI, "TestDiff", []edit{{
		inOpenAPI, "diffOperation", ", is.CrossSiteAllowed && !was.CrossSiteAllowed", "",
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
