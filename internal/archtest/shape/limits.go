package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// limits is the content of the file of limits. A line is a comment, or
//
//	package circle pairs
//
// with the largest values that the package may have, or
//
//	goal package measure value
//
// with the largest value of a measure: files, code, circle, pairs or names. A
// package without a line may have no circle and no pairs.
type limits struct {
	comments []string
	packages map[string]bounds
	goals    []goal
}

type bounds struct{ circle, pairs int }

type goal struct {
	dir     string
	measure string
	most    int
}

func readLimits(r io.Reader) (limits, error) {
	l := limits{packages: map[string]bounds{}}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := lines.Text()
		var (
			dir string
			b   bounds
			g   goal
			err error
		)
		switch {
		case strings.HasPrefix(line, "#"):
			l.comments = append(l.comments, line)
		case strings.HasPrefix(line, "goal "):
			_, err = fmt.Sscanf(line, "goal %s %s %d", &g.dir, &g.measure, &g.most)
			if _, known := (shape{}).value(g.measure); err == nil && !known {
				err = fmt.Errorf("unknown measure %q", g.measure)
			}
			l.goals = append(l.goals, g)
		case line != "":
			_, err = fmt.Sscanf(line, "%s %d %d", &dir, &b.circle, &b.pairs)
			l.packages[dir] = b
		}
		if err != nil {
			return l, fmt.Errorf("line %q: %w", line, err)
		}
	}
	return l, lines.Err()
}

func (l limits) String() string {
	var b strings.Builder
	for _, comment := range l.comments {
		fmt.Fprintln(&b, comment)
	}
	for _, g := range l.goals {
		fmt.Fprintf(&b, "goal %s %s %d\n", g.dir, g.measure, g.most)
	}
	for _, dir := range slices.Sorted(maps.Keys(l.packages)) {
		fmt.Fprintln(&b, dir, l.packages[dir].circle, l.packages[dir].pairs)
	}
	return b.String()
}

// updated returns the limits with those of the shapes in the place of all
// others. Goals stay.
func (l limits) updated(shapes []shape) limits {
	l.packages = map[string]bounds{}
	for _, s := range shapes {
		l.packages[s.dir] = bounds{len(s.circle), len(s.pairs)}
	}
	return l
}

// broken returns a sentence for each limit and goal that a shape exceeds.
func (l limits) broken(shapes []shape) []string {
	var found []string
	for _, s := range shapes {
		b := l.packages[s.dir]
		if len(s.circle) > b.circle {
			found = append(found, fmt.Sprintf("%s: got a circle of %d files, want at most %d: %s", s.dir, len(s.circle), b.circle, strings.Join(s.circle, " ")))
		}
		if len(s.pairs) > b.pairs {
			found = append(found, fmt.Sprintf("%s: got %d pairs of files that need each other, want at most %d: %v", s.dir, len(s.pairs), b.pairs, s.pairs))
		}
		for _, g := range l.goals {
			if got, _ := s.value(g.measure); g.dir == s.dir && got > g.most {
				found = append(found, fmt.Sprintf("%s: got %d %s, the goal is at most %d", s.dir, got, g.measure, g.most))
			}
		}
	}
	return found
}

// value returns the measure that a goal names.
func (s shape) value(measure string) (int, bool) {
	switch measure {
	case "files":
		return s.files, true
	case "code":
		return s.code, true
	case "circle":
		return len(s.circle), true
	case "pairs":
		return len(s.pairs), true
	case "names":
		return len(s.exported), true
	}
	return 0, false
}
