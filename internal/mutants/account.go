package main

// accountMutants break the ready-made operations.
var accountMutants = []mutant{
	{"R15", "signing out by GET is accepted", "humasess/account", "TestRegisterRefuses", []edit{{
		"humasess/account", "Operation.check", "	case !reads && !slices.Contains(unsafe, op.Method):", "	case !reads && !slices.Contains(unsafe, op.Method) && op.Method == \"\":",
	}}},
	{"R16", "signing out twice is an error", "humasess/account", "TestSignOut", []edit{{
		"humasess/account", "", "	optionalInput[T any] struct{ humasess.Session[T] }", "	optionalInput[T any] struct{ humasess.Required[T] }",
	}}},
	{"A1", "revoking another session asks for nothing", "humasess/account", "TestFresh", []edit{{
		"humasess/account", "handlers.revoke", "	if in.ID != in.Session.ID() {", "	if in.ID == in.Session.ID() {",
	}}},
	{"A1", "the 403 does not say that it asks for an authentication", "humasess/account", "TestGoldenDocument", []edit{{
		"humasess/account", "registration.prepare", "r.options.Fresh > 0 && name.endsOthers()", "r.options.Fresh < 0 && name.endsOthers()",
	}}},
	{"R5", "the session that asks is listed anywhere", "humasess/account", "TestList", []edit{{
		"humasess/account", "listed", "		if a.Current != b.Current {", "		if a.Current && b.Current {",
	}}},
	{"L7", "get-session extends the session", "humasess/account", "TestGet", []edit{{
		"humasess/account", "Operation.operation", "ession. The request does not extend it.\"\n		humasess.NoTouch(&op)", "ession. The request does not extend it.\"",
	}}},
	{"O10", "omitted operations are there", "humasess/account", "TestEdit", []edit{{
		"humasess/account", "Register", "		if slices.Contains(o.Omit, name) || name == Watch && !o.Watch {", "		if name == Watch && !o.Watch {",
	}}},
	{"O10", "the 404 is not documented", "humasess/account", "TestGoldenDocument", []edit{{
		"humasess/account", "registration.describe", "name == Revoke && fallback != nil", "name == List && fallback != nil",
	}}},
	{"R1", "a stream ends without a word", "humasess/account", "TestWatch", []edit{{
		"humasess/account", "handlers.watch", "			if ctx.Err() == nil {", "			if ctx.Err() != nil {",
	}}},
	{"", "a manager that is not attached is accepted", "humasess/account", "TestRegisterRefuses", []edit{{
		"humasess/account", "registration.add", "	if r.naked {", "	if r.naked && name == \"\" {",
	}}},
}
