package main

const allocations = "TestAllocationsOverBareHuma"

// costMutants keep every promise and cost more: the gates on allocations and bytes must
// notice.
var costMutants = []mutant{
	{"", "a request without a cookie has memory for a record", "humasess", allocations, []edit{{
		inGate, "newRequest", "m.NewRequest(!lines.Empty())", "m.NewRequest(true)",
	}}},
	{"", "each request has memory for what is rare", "humasess", allocations, []edit{{
		"humasess", "rarely.few", "	if s.rare == nil {\n		return &noRare\n	}\n", "	if s.rare == nil {\n		s.rare = new(rare)\n	}\n",
	}}},
	{"", "a commit in memory makes a timer", "humasess", allocations, []edit{{
		inGate, "bounded.Err", "since != nil && c.budgets.Load() == nil", "since == nil && c.budgets.Load() == nil",
	}}},
	{"", "the store copies what it may keep", "humasess", allocations, []edit{{
		"stores/memory", "newBody", "	if !owned {\n", "	if !owned || len(payload) > 0 {\n",
	}}},
	{"", "the first edit has a piece of memory for itself", "humasess", allocations, []edit{{
		"humasess", "changes.room", "	if s.pending != &s.m.none.pending {\n", "	if s.m != nil {\n",
	}}},
	{"", "every value that is read is decoded", "humasess", allocations, []edit{{
		inRecord, "Reader.Fetch", "if o, ok := memo.Value().(*Opened[T]); ok {", "if o, ok := memo.Value().(*Opened[T]); ok && o == nil {",
	}}},
	{"", "the usual header is one of several", "humasess", allocations, []edit{{
		inResponse, "Headers.Hold", "header.Value != \"\" && !header.Add", "header.Value == \"\" && !header.Add",
	}}},
	{"", "a payload keeps the one before alive", "humasess/internal/payload", "TestEncodeMovesTheFields", []edit{{
		"humasess/internal/payload", "Fields.Encode", "			*of.field = result[of.end-n : of.end : of.end]\n", "",
	}}},
	{"X1", "a conflict that the program ignores gives it the new version", "humasess", "TestReplayOfUpdate", []edit{{
		"humasess", "writes.startOver", "		*s.rec = base\n", "		_ = base\n",
	}}},
}
