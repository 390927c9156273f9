package main

// sealedMutants break keys, sealers, and the store of sessions that travel.
var sealedMutants = []mutant{
	{"T5", "sealed data are readable", "security", "", []edit{{
		"security", "aeadSealer.AppendSeal", "	return textEncoding.AppendEncode(dst, own.sealed), nil", "	return textEncoding.AppendEncode(dst, append(own.sealed, value...)), nil",
	}}},
	{"K1", "line breaks in a sealed text are passed over", "security", "", []edit{{
		"security", "scratch.decode", "	return s.sealed, err == nil && encoding.EncodedLen(n) == len(text)", "	return s.sealed, err == nil",
	}}},
	{"K1", "a text that does not authenticate opens", "security", "", []edit{{
		"security", "aeadSealer.AppendOpen", "		if err != nil {\n			return nil, false, ErrNotSealed\n		}\n		return value, i > 0, nil", "		if err != nil {\n			value = ciphertext\n		}\n		return value, i > 0, nil",
	}}},
	{"K2", "any use opens", "security", "", []edit{{
		"security", "aeadSealer.additional", "	own.binding = append(b.appendTo(own.binding[:0]), header...)", "	own.binding = append(own.binding[:0], header...)",
	}}},
	{"T5", "a cookie carries its data beside the sealed text", "stores/cookie", "", []edit{{
		"stores/cookie", "requestStore.AppendValue", "\t\treturn append(dst, it.sealed...)", "\t\treturn append(append(dst, it.sealed...), it.Payload[min(5, len(it.Payload)):]...)",
	}}},
	{"T8", "re-authentication renews in place", "stores/cookie", "", []edit{{
		"humasess", "changes.reauthenticated", "\tif s.life.OnBase() && s.carrier().Renewable() != nil {", "\tif s.life.OnBase() && s.carrier().Renewable() == nil {",
	}}},
	{"C7", "a cookie of 4097 bytes is sent", "stores/cookie", "", []edit{{
		"stores/cookie", "requestStore.seal", "\tif size := len(t.binding.Cookie) + len(sealed); size > maxCookie {", "\tif size := len(t.binding.Cookie) + len(sealed); size > maxCookie+1 {",
	}}},
	{"L1", "idle sessions open", "stores/cookie", "", []edit{{
		"stores/cookie", "item.over", "return !it.Now.Before(it.Expires) || !it.Now.Before(it.Deadline) }", "return !it.Now.Before(it.Deadline) }",
	}}},
	{"L2", "an extension moves the deadline", "stores/cookie", "", []edit{{
		"stores/cookie", "requestStore.Update", "	if u.Idle > 0 {\n", "	if u.Idle > 0 {\n		next.Deadline = next.Now.Add(12 * time.Hour)\n",
	}}},
	{"X10", "a call whose answer was lost is not repeated", "stores/cookie", "TestLostAnswers", []edit{{
		"stores/cookie", "Store.lost", "\tif try == maxLost || ", "\tif try == 0 || ",
	}}},
	{"R2", "the mark of another is taken for that of a lost call", "stores/cookie", "TestLostAnswersOfTwo", []edit{{
		"stores/memory", "Revocations.RevokeIdentity", "\t\tif m.name == name && name != 0 {", "\t\tif m.name != 0 {",
	}}},
	{"L1", "idle timeouts lose a part of a second", "stores/cookie", "TestIdleTimeout", []edit{{
		"stores/cookie", "wholeIdle", "\t\treturn whole + time.Second\n", "\t\treturn whole\n",
	}}},
	{"R1", "ended sessions come back when memory is full", "stores/memory", "TestRevocationsOverflow", []edit{{
		"stores/memory", "Revocations.makeRoom", "\tr.era++\n", "",
	}}},
	{"R1", "logging out marks nothing", "stores/cookie", "", []edit{{
		"stores/cookie", "requestStore.end", "\tif t.store.revoked == nil || it.fresh {\n", "\tif t.store.revoked != nil || it.fresh {\n",
	}}},
	{"R2", "a mark from after the session began does not count", "stores/cookie", "", []edit{{
		"stores/cookie", "item.standsBy", " && st.Era == it.era && (st.Mark == 0 || st.Mark == it.mark)", " && st.Era == it.era && (st.Mark >= 0 || st.Mark == it.mark)",
	}}},
	{"K1", "securecookie's other spellings open", "security", "", []edit{{
		"security", "secureCookieSealer.Open", "; !canonical {", "; !canonical && len(text) == 0 {",
	}}},
	{"K1", "any key ID will do", "stores/cookie", "", []edit{{
		"security", "aeadSealer.AppendOpen", "		if !bytes.Equal(id, header[1:]) {", "		if header = append([]byte{aeadVersion}, id...); bytes.Equal(id, nil) {",
	}}},
	{"K2", "any use opens with securecookie", "security", "", []edit{{
		"security", "secureCookieSealer.name", "\town.binding = b.appendTo(own.binding[:0])", "\town.binding = append(own.binding[:0], \"use\"...)",
	}}},
	{"K2", "securecookie's first use is every use", "stores/cookie", "", []edit{{
		"security", "secureCookieSealer.name", "last != nil && last.of == b", "last != nil",
	}}},
	{"K2", "two uses read alike", "security", "", []edit{{
		"security", "Binding.appendTo", "		d = binary.AppendUvarint(d, uint64(len(s)))\n", "		_ = binary.AppendUvarint(nil, 0)\n",
	}}},
	{"K2", "a manager's cookies open for every manager", "stores/cookie", "", []edit{{
		"stores/cookie", "Store.Bind", "Manager: manager, Purpose", "Manager: \"any\", Purpose",
	}}},
	{"K2", "a cookie opens under any name", "stores/cookie", "", []edit{{
		"stores/cookie", "Store.Bind", "Binding{Cookie: cookie, Manager", "Binding{Cookie: \"any\", Manager",
	}}},
	{"K3", "the first key alone opens", "stores/cookie", "", []edit{{
		"security", "aeadSealer.AppendOpen", "\tfor i, id := range s.ids {", "\tfor i, id := range s.ids[:1] {",
	}}},
	{"K3", "an extension keeps the old cookie", "stores/cookie", "", []edit{{
		"humasess", "writes.resealDue", "\treturn now || (s.old || periodically) && s.touchDue()", "\treturn now || s.old && !periodically && s.touchDue()",
	}}},
	{"K3", "the last key seals", "stores/cookie", "", []edit{{
		"security", "aeadSealer.AppendSeal", "\taead, err := s.keys[0].derive(nonce, &own.key)", "\tcopy(sealed[1:], s.ids[len(s.ids)-1])\n\taead, err := s.keys[len(s.keys)-1].derive(nonce, &own.key)",
	}}},
	{"K4", "ended sessions open", "stores/cookie", "", []edit{{
		"stores/cookie", "item.standsBy", "\treturn !st.Ended && it.stood", "\treturn it.stood",
	}}},
	{"K4", "a cookie of another era opens", "stores/cookie", "", []edit{{
		"stores/cookie", "item.standsBy", " && st.Era == it.era && (st.Mark == 0", " && (st.Mark == 0",
	}}},
	{"K6", "one key for every purpose", "security", "", []edit{{
		"security", "Key.derive", "\"humasess/v1/\"+purpose, size)", "\"humasess/v1/\", size)",
	}}},
	{"K6", "keys of another length", "security", "", []edit{{
		"security", "ParseKey", "\tcase len(raw) != KeySize:", "\tcase len(raw) > KeySize:",
	}}},
}
