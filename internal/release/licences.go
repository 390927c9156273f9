package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// allowed are the licences that a dependency may have, by their SPDX identifier.
var allowed = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "blessing"}

// otherwise are licences of files that contain a link or a dedication and not the text
// of a licence. Empty is a file about parts that are not built into a program.
var otherwise = map[string]string{
	"LICENSE-LOGO":   "",         // of modernc.org/memory
	"LICENSE-SQLITE": "blessing", // of modernc.org/sqlite: SQLite is in the public domain
}

// notBuilt are licences in the files of a module that are about parts which no build
// contains.
var notBuilt = map[string]string{
	"modernc.org/sqlite": "MPL-2.0", // LICENSE-3RD-PARTY.md: of a module that is in go.sum and compiled into nothing
}

// dependency is a module whose packages are built into a program that uses a published
// module.
type dependency struct {
	path, licence string
	users         []string // the published modules, by their folder
}

// faultsOfLicences returns a sentence for each dependency with a licence that is not
// allowed.
func faultsOfLicences(dependencies []dependency) []string {
	var faults []string
	for _, d := range dependencies {
		for licence := range strings.SplitSeq(d.licence, " AND ") {
			if !slices.Contains(allowed, licence) {
				faults = append(faults, fmt.Sprintf("%s has the licence %s; allowed are %s", d.path, licence, strings.Join(allowed, ", ")))
			}
		}
	}
	return faults
}

// page is the text of docs/licences.md.
func page(dependencies []dependency) string {
	var b strings.Builder
	b.WriteString(`# Licences

humasess has the [MIT licence](../LICENSE). This page lists each module that is built
into a program that imports all packages of a published module, and its licence. A
program that imports fewer packages has fewer of them. Modules of tests and examples
are not listed. A test reads the licences from the modules and fails when a module is
not listed here, or when its licence is not one of ` + strings.Join(allowed, ", ") + `.

` + "| module | licence | `.` | `contrib/otel` | `cmd/humasess` |\n|---|---|---|---|---|\n")
	for _, d := range dependencies {
		fmt.Fprintf(&b, "| `%s` | %s |", d.path, d.licence)
		for _, m := range published {
			if slices.Contains(d.users, m.dir) {
				b.WriteString(" yes |")
			} else {
				b.WriteString(" |")
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// dependenciesOf lists the modules of all packages that packages for users need.
func dependenciesOf(ctx context.Context, repository string) ([]dependency, error) {
	type found struct{ Path, Dir string }
	known := map[string]*dependency{}
	for _, m := range published {
		patterns := []string{"./..."}
		if m == root {
			patterns = []string{"./humasess/...", "./openapi/...", "./security/...", "./stores/..."}
		}
		args := append([]string{"list", "-deps", "-f", `{{with .Module}}{"Path":{{printf "%q" .Path}},"Dir":{{printf "%q" .Dir}}}{{end}}`}, patterns...)
		text, err := command{dir: filepath.Join(repository, m.dir)}.run(ctx, "go", args...)
		if err != nil {
			return nil, err
		}
		for decoder := json.NewDecoder(strings.NewReader(text)); ; {
			var module found
			err := decoder.Decode(&module)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, err
			}
			if isPublished(module.Path) {
				continue
			}
			d := known[module.Path]
			if d == nil {
				d = &dependency{path: module.Path}
				known[module.Path] = d
				found, err := licenceOf(module.Dir)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", module.Path, err)
				}
				found = slices.DeleteFunc(found, func(name string) bool { return name == notBuilt[module.Path] })
				d.licence = strings.Join(found, " AND ")
			}
			if !slices.Contains(d.users, m.dir) {
				d.users = append(d.users, m.dir)
			}
		}
	}
	var all []dependency
	for _, d := range known {
		all = append(all, *d)
	}
	slices.SortFunc(all, func(a, b dependency) int { return strings.Compare(a.path, b.path) })
	return all, nil
}

// licenceOf returns the SPDX identifiers of the licence files in the folder.
func licenceOf(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		name := strings.ToUpper(entry.Name())
		if entry.IsDir() || !strings.HasPrefix(name, "LICENSE") && !strings.HasPrefix(name, "LICENCE") && !strings.HasPrefix(name, "COPYING") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		if licence, found := otherwise[name]; found {
			if licence != "" {
				names = append(names, licence)
			}
			continue
		}
		coverage := licensecheck.Scan(text)
		notices := strings.Contains(name, "3RD-PARTY") // prose between licences of copied code
		if coverage.Percent < 75 && !notices || len(coverage.Match) == 0 {
			return nil, fmt.Errorf("the licence in %s is not known: %.0f %% of its text is that of a licence", entry.Name(), coverage.Percent)
		}
		for _, match := range coverage.Match {
			names = append(names, match.ID)
		}
	}
	if len(names) == 0 {
		return nil, errors.New("the module has no licence file")
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
