package main

// sealedMutants break keys, sealers, and the store of sessions that travel.
var sealedMutants = []mutant{
	{"T5", "sealed data are readable", "security", "", []edit{{
		"security/aead.go", "	return tokenEncoding.AppendEncode(dst, own.sealed), nil", "	return tokenEncoding.AppendEncode(dst, append(own.sealed, value...)), nil",
	}}},
	{"K1", "line breaks in what is sealed are passed over", "security", "", []edit{{
		"security/sealer.go", "	return s.sealed, err == nil && encoding.EncodedLen(n) == len(text)", "	return s.sealed, err == nil",
	}}},
	{"K1", "what does not authenticate opens", "security", "", []edit{{
		"security/aead.go", "		if err != nil {\n			return nil, false, ErrNotSealed\n		}\n		return value, i > 0, nil", "		if err != nil {\n			value = ciphertext\n		}\n		return value, i > 0, nil",
	}}},
	{"K2", "any use opens", "security", "", []edit{{
		"security/aead.go", "	own.binding = append(b.appendTo(own.binding[:0]), header...)", "	own.binding = append(own.binding[:0], header...)",
	}}},
}
