package archtest_test

import "testing"

func TestOptions(t *testing.T) {
	const groups = "// Options are in groups:\n//\n//   - One: A, B\n//   - Two or more: C\n"
	field := func(name string) string { return "\t// " + name + " is. The default is 0.\n\t" + name + " int\n\n" }
	one, two := "type Options struct {\n\t// One.\n\n", "\t// Two or more.\n\n"
	tests := []struct {
		name string
		code string
		want []string
	}{
		{"default", "// Options are.\ntype Options struct {\n" + field("A") + "}", nil},
		{"required", "// Options are.\ntype Options struct {\n\t// A is required.\n\tA int\n}", nil},
		{"no default", "// Options are.\ntype Options struct {\n\t// A is 0 by default. It is good.\n\tA int\n}", []string{"Options.A does not end with the default"}},
		{"another type", "// Choice is.\ntype Choice struct {\n\t// A is.\n\tA int\n}", nil},
		{"groups", groups + one + field("A") + field("B") + two + field("C") + "}", nil},
		{"another order", groups + one + field("B") + field("A") + two + field("C") + "}", []string{`has "A" at place 2, the struct has "B"`}},
		{"another group", groups + one + field("A") + two + field("B") + field("C") + "}", []string{`has "B" at place 3, the struct has "Two or more."`}},
		{"field without a group", groups + one + field("A") + field("B") + two + field("C") + field("D") + "}", []string{`leaves out "D"`}},
		{"field that is gone", groups + one + field("A") + field("B") + two + "}", []string{`has "Two or more." at place 4, the struct has "its end"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree := load(t, source{"a/a.go": "// Package a is.\npackage a\n\n" + tt.code + "\n"})
			expect(t, tree.Options(), tt.want)
		})
	}
}
