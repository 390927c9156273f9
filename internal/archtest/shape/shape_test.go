package main

import (
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func tiny(t *testing.T) shape {
	t.Helper()
	p, err := check(token.NewFileSet(), nil, "tiny", filepath.Join("testdata", "tiny"), []string{"a.go", "b.go", "c.go", "d.go"})
	if err != nil {
		t.Fatal(err)
	}
	return measure(p)
}

func TestMeasure(t *testing.T) {
	s := tiny(t)
	edges := map[edge]string{
		{"a.go", "b.go"}: "B",
		{"a.go", "c.go"}: "d",
		{"b.go", "a.go"}: "A A.set value",
		{"c.go", "b.go"}: "B",
	}
	for e, names := range edges {
		if got := strings.Join(s.edges[e], " "); got != names {
			t.Errorf("edge %v: got names %q, want %q", e, got, names)
		}
	}
	if len(s.edges) != len(edges) {
		t.Errorf("got edges %v, want %d", s.edges, len(edges))
	}
	if want := [][2]string{{"a.go", "b.go"}}; !slices.Equal(s.pairs, want) {
		t.Errorf("got pairs %v, want %v", s.pairs, want)
	}
	if want := []string{"a.go", "b.go", "c.go"}; !slices.Equal(s.circle, want) {
		t.Errorf("got circle %v, want %v", s.circle, want)
	}
	if want := []string{"A", "B", "C", "Lonely"}; !slices.Equal(s.exported, want) {
		t.Errorf("got exported names %v, want %v", s.exported, want)
	}
	if got, want := s.methods["A"], (owner{methods: 2, files: 2}); got != want {
		t.Errorf("got methods of A %+v, want %+v", got, want)
	}
	got := []int{s.files, s.lines, s.code, s.comments, s.thin}
	if want := []int{4, 49, 26, 11, 3}; !slices.Equal(got, want) {
		t.Errorf("got files, lines, lines of code and of comments, thin edges %v, want %v", got, want)
	}
}

func TestLimits(t *testing.T) {
	tests := []struct {
		name   string
		limits string
		want   []string
	}{
		{"kept", "tiny 3 1\n", nil},
		{"circle grew", "tiny 2 1\n", []string{"circle of 3 files, want at most 2"}},
		{"pairs grew", "# why\n\ntiny 3 0\n", []string{"1 pairs"}},
		{"no line", "", []string{"circle of 3", "1 pairs"}},
		{"goals kept", "goal tiny files 4\ngoal tiny names 4\ntiny 3 1\n", nil},
		{"goals missed", "goal tiny files 3\ngoal tiny code 9\ngoal tiny names 1\ntiny 3 1\n", []string{"got 4 files", "got 26 code", "got 4 names"}},
		{"goal of another package", "goal other files 3\ntiny 3 1\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := readLimits(strings.NewReader(tt.limits))
			if err != nil {
				t.Fatal(err)
			}
			s := tiny(t)
			s.dir = "tiny"
			if got := l.broken([]shape{s}); !slices.EqualFunc(got, tt.want, strings.Contains) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLimitsMalformed(t *testing.T) {
	for _, line := range []string{"tiny", "tiny 1 x", "goal tiny files", "goal tiny lines 3"} {
		if _, err := readLimits(strings.NewReader(line)); err == nil {
			t.Errorf("line %q: got no error, want one", line)
		}
	}
}

func TestLimitsUpdate(t *testing.T) {
	const text = "# why\ngoal tiny files 2\n"
	l, err := readLimits(strings.NewReader(text + "gone 9 9\ntiny 9 9\n"))
	if err != nil {
		t.Fatal(err)
	}
	s := tiny(t)
	if got, want := l.updated([]shape{s}).String(), text+"tiny 3 1\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
