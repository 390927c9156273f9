package main

const conformance = "TestConformance"

// storeMutants break the memory store, below the core and below the
// conformance suite. What the suite finds wrong with other stores is tested in
// the suite.
var storeMutants = []mutant{
	{"T7", "create overwrites", "stores/memory", conformance, []edit{{
		"stores/memory/create.go", "	if s.taken(sh, hash, c.ID, now) {", "	if s.taken(sh, hash, c.ID, now) && now < 0 {",
	}}},
	{"L1", "the idle timeout does not count", "humasess", "", []edit{{
		"stores/memory/create.go", "	e.expires = min(after(now, c.Idle), e.deadline)", "	e.expires = e.deadline",
	}}},
	{"L2", "use moves the deadline", "humasess", "", []edit{{
		"stores/memory/write.go", "	if at = min(at, e.deadline); at != e.expires {", "	if at != e.expires {",
	}}},
	{"L10", "every touch is written", "stores/memory", conformance, []edit{{
		"stores/memory/write.go", ">= uint64(idle/10)", ">= 0",
	}}},
	{"R1", "delete does nothing", "humasess", "", []edit{{
		"stores/memory/write.go", "	s.remove(sh, e)\n	return nil", "	return nil",
	}}},
	{"R2", "no mark of a revocation", "stores/memory", conformance, []edit{{
		"stores/memory/index.go", "	revoked.Mark = s.marks.set(hash, identity)\n", "",
	}}},
	{"R5", "delete asks nobody whose it is", "humasess", "", []edit{{
		"stores/memory/write.go", "	case when.Identity != \"\" && when.Identity != e.group.name:", "	case when.Identity == \"nobody\" && when.Identity != e.group.name:",
	}}},
	{"R7", "what has expired is listed", "stores/memory", conformance, []edit{{
		"stores/memory/index.go", "		if e.live(now) {\n			*records", "		if e.live(0) {\n			*records",
	}}},
	{"R12", "update creates", "stores/memory", conformance, []edit{{
		"stores/memory/write.go", "	if e == nil || !e.live(now) {\n		return stores.Updated{}, stores.ErrNotFound\n	}\n	if e.version",
		"	if e == nil || !e.live(now) {\n		sh.mu.Unlock()\n		_, err := s.Create(ctx, stores.Create{ID: u.ID, Payload: u.Payload, Idle: time.Hour, Absolute: time.Hour})\n		sh.mu.Lock()\n		return stores.Updated{Version: u.Version + 1}, err\n	}\n	if e.version",
	}}},
	{"X1", "any version is replaced", "humasess", "", []edit{{
		"stores/memory/write.go", "	if e.version != u.Version {", "	if e.version < u.Version {",
	}}},
}
