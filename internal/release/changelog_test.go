package main

import (
	"testing"
	"time"
)

func TestDated(t *testing.T) {
	day := time.Date(2026, 12, 1, 23, 0, 0, 0, time.UTC)
	for _, test := range []struct{ name, changelog, version, want string }{
		{"announced", "# Changelog\n\n## 0.1.0 - unreleased\n\n- One.\n", "v0.1.0", "# Changelog\n\n## 0.1.0 - 2026-12-01\n\n- One.\n"},
		{"another version", "# Changelog\n\n## 0.1.0 - unreleased\n\n- One.\n", "v0.2.0", ""},
		{"not announced", "# Changelog\n\n## Unreleased\n\n- One.\n\n## 0.1.0 - 2026-11-01\n", "v0.2.0", "# Changelog\n\n## 0.2.0 - 2026-12-01\n\n- One.\n\n## 0.1.0 - 2026-11-01\n"},
		{"empty", "# Changelog\n\n## Unreleased\n\n## 0.1.0 - 2026-11-01\n\n- One.\n", "v0.2.0", ""},
		{"released", "# Changelog\n\n## 0.1.0 - 2026-11-01\n\n- One.\n", "v0.1.0", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := dated(test.changelog, test.version, day)
			if got != test.want || (err == nil) != (test.want != "") {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestReopened(t *testing.T) {
	got := reopened("# Changelog\n\n## 0.1.0 - 2026-11-01\n\n- One.\n")
	if want := "# Changelog\n\n## Unreleased\n\n## 0.1.0 - 2026-11-01\n\n- One.\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSection(t *testing.T) {
	const changelog = "# Changelog\n\n## Unreleased\n\n## 0.1.1 - 2026-12-01\n\n- Two.\n\n## 0.1.0 - 2026-11-01\n\n- One.\n"
	for version, want := range map[string]string{"v0.1.1": "- Two.\n", "v0.1.0": "- One.\n", "v0.1": "", "v0.2.0": ""} {
		if got, err := section(changelog, version); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: got %q, %v, want %q", version, got, err, want)
		}
	}
}
