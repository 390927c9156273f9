package main

// Tests of values that the memory store keeps decoded.
const (
	sharing  = "TestNothingAliases"
	decoding = "TestReadsWhatDecodes|TestTwins"
	keeping  = "TestNothingKeptOfARequest"
)

// sharedMutants let requests share values that only one request may change, or
// read values to which the stored bytes do not decode.
var sharedMutants = []mutant{
	{"", "slices of strings are shared", "internal/sharingtest", sharing, []edit{{inValues, "walk.slice", "			*s = slices.Clone(*s)", "			*s = (*s)[:len(*s):len(*s)]"}}},
	{"", "slices are shared", "internal/sharingtest", sharing, []edit{{inValues, "walk.slice", "		reflect.Copy(kept, v)\n", "		kept = v.Slice(0, v.Len())\n"}}},
	{"", "elements of slices are shared", "internal/sharingtest", sharing, []edit{{inValues, "walk.slice", "			for i := range kept.Len() {\n				elem(kept.Index(i))", "			for i := range kept.Len() - 1 {\n				elem(kept.Index(i))"}}},
	{"", "maps are shared", "internal/sharingtest", sharing, []edit{{inValues, "walk.mapping", "			kept.SetMapIndex(each.Key(), value)\n		}\n		v.Set(kept)", "			kept.SetMapIndex(each.Key(), value)\n		}"}}},
	{"", "values of maps are shared", "internal/sharingtest", sharing, []edit{{inValues, "walk.mapping", "				elem(value)", "				_ = value"}}},
	{"", "targets of pointers are shared", "internal/sharingtest", sharing, []edit{{inValues, "walk.pointer", "			elem(kept.Elem())", "			_ = kept"}}},
	{"", "interfaces are shared", "internal/sharingtest", sharing, []edit{{inValues, "ownJSON", "			kept[key] = ownJSON(value)", "			kept[key] = value"}}},
	{"", "raw JSON is shared", "internal/sharingtest", sharing, []edit{{inValues, "ownBytes", "v.SetBytes(append(make([]byte, 0, v.Len()), v.Bytes()...))", "v.SetBytes(v.Bytes())"}}},
	{"", "arrays are shared", "internal/sharingtest", sharing, []edit{{inValues, "walk.array", "		for i := range v.Len() {\n			elem(v.Index(i))", "		for i := range v.Len() - v.Len() {\n			elem(v.Index(i))"}}},
	{"", "a handler's value is kept without a copy", "internal/sharingtest", sharing, []edit{{inValues, "Type.Keep", "	if v.unshare != nil {\n		v.unshare(reflect.ValueOf(dst).Elem())", "	if v.unshare == nil && v.clone != nil {\n		v.unshare(reflect.ValueOf(dst).Elem())"}}},
	{"", "types that decode themselves are copied", "internal/sharingtest", decoding, []edit{{inValues, "walk.unshare", "	case marshals(t) || slices.Contains(w, t):", "	case slices.Contains(w, t):"}}},
	{"", "types that encode themselves are taken for exact", "internal/sharingtest", decoding, []edit{{inValues, "walk.exactness", "	case marshals(t) || t == numberType || slices.Contains(w, t):", "	case t == numberType || slices.Contains(w, t):"}}},
	{"", "text that is no UTF-8 is taken for exact", "internal/sharingtest", decoding, []edit{{inValues, "walk.exactness", "	case reflect.String:\n		return func(v reflect.Value) bool { return utf8.ValidString(v.String()) }", "	case reflect.String:\n		return always"}}},
	{"", "keys that are no UTF-8 are taken for exact", "internal/sharingtest", decoding, []edit{{inValues, "walk.exactMap", "!utf8.ValidString(each.Key().String()) || ", ""}}},
	{"", "pointers to null are taken for exact", "internal/sharingtest", decoding, []edit{{inValues, "walk.exactPointer", "	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:\n		return nil\n", "	case reflect.Func:\n		return nil\n"}}},
	{"", "empty slices that are left out are taken for exact", "internal/sharingtest", decoding, []edit{{inValues, "exactUnlessEmpty", "v.IsNil() || v.Len() > 0 })", "v.IsNil() || v.Len() >= 0 })"}}},
	{"", "a negative zero that is left out is taken for exact", "internal/sharingtest", decoding, []edit{{inValues, "exactUnlessEmpty", "v.Float() != 0 || !math.Signbit(v.Float())", "v.Float() == v.Float() || !math.Signbit(v.Float())"}}},
	{"", "any value in an interface is taken for exact", "internal/sharingtest", decoding, []edit{{inValues, "exactJSON", "		return v != nil\n	}\n	return false\n", "		return v != nil\n	}\n	return true\n"}}},
	{"", "nil in an interface is taken for exact", "internal/sharingtest", decoding, []edit{{inValues, "exactJSON", "		return v != nil && !slices", "		return !slices"}}},
	{"", "options of tags are passed over", "internal/sharingtest", decoding, []edit{{inValues, "walk.exactStruct", " || option != \"\" && option != \"omitempty\"", ""}}},
	{"", "times lose their location", "internal/sharingtest", decoding, []edit{{inValues, "exactTime", "	return *t == t.UTC().Round(0)", "	return t.Equal(t.UTC().Round(0))"}}},
	{"", "strings of a request are kept in maps", "internal/sharingtest", keeping, []edit{{inValues, "detachMap", "		detachValue(key, reflect.Value{})\n", ""}}},
	{"", "strings of a request are kept behind pointers", "internal/sharingtest", keeping, []edit{{inValues, "detachValue", "		detachValue(v.Elem(), old)", "		_ = old"}}},
	{"", "strings of a request are kept in interfaces", "internal/sharingtest", keeping, []edit{{inValues, "detachJSON", "			kept[strings.Clone(key)] = detachJSON(value)", "			kept[key] = detachJSON(value)"}}},
}
