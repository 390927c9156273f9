package main

import (
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed testdata/programs
var programs embed.FS

// outside is a program of a user. It is built in an empty folder, and the proxy is its
// only source of published modules.
type outside struct {
	name   string
	more   []string // the modules in its go.sum that a program with huma alone has not
	output string   // its output
}

// ofCore are the modules that each user of the library gets. Package security imports
// securecookie, whose go.mod names gofuzz.
var ofCore = []string{root.path, "github.com/gorilla/securecookie", "github.com/google/gofuzz", "golang.org/x/net"}

var outsides = []outside{
	{name: "memory", more: ofCore, output: "GET /me 401, POST /login 204, GET /me 200"},
	{name: "postgres", more: slices.Concat(ofCore, []string{
		"github.com/jackc/pgx/v5", "github.com/jackc/pgpassfile", "github.com/jackc/pgservicefile", "github.com/jackc/puddle/v2",
		"github.com/stretchr/objx", "golang.org/x/sync", "golang.org/x/text", "gopkg.in/check.v1",
	}), output: "GET /me 401, POST /login 503, GET /me 401"},
	{name: "redis", more: slices.Concat(ofCore, []string{
		"github.com/redis/rueidis", "github.com/google/go-cmp", "github.com/onsi/gomega", "go.yaml.in/yaml/v3", "golang.org/x/sys", "golang.org/x/text",
	}), output: "no server"},
	{name: "otel", more: slices.Concat(ofCore, []string{
		root.path + "/contrib/otel", "github.com/cespare/xxhash/v2", "github.com/go-logr/logr", "github.com/go-logr/stdr",
		"go.opentelemetry.io/auto/sdk", "go.opentelemetry.io/otel",
		"go.opentelemetry.io/otel/log", "go.opentelemetry.io/otel/metric", "go.opentelemetry.io/otel/sdk", "go.opentelemetry.io/otel/sdk/metric",
		"go.opentelemetry.io/otel/trace", "github.com/google/go-cmp", "go.yaml.in/yaml/v3", "golang.org/x/sys",
	}), output: "GET /me 401, POST /login 204, GET /me 200"},
}

// create writes the program and its go.mod and tidies it.
func (p *proxy) create(ctx context.Context, temp, name string, requires ...string) (user command, sums []string, err error) {
	user = p.user(filepath.Join(temp, "outside", name))
	if err := os.MkdirAll(user.dir, 0o750); err != nil {
		return user, nil, err
	}
	source, err := programs.ReadFile("testdata/programs/" + name + "/main.go")
	if err != nil {
		return user, nil, err
	}
	if err := os.WriteFile(filepath.Join(user.dir, "main.go"), source, 0o600); err != nil {
		return user, nil, err
	}
	if strings.Contains(string(source), "visit(") {
		shared, err := programs.ReadFile("testdata/programs/visit.go")
		if err != nil {
			return user, nil, err
		}
		if err := os.WriteFile(filepath.Join(user.dir, "visit.go"), shared, 0o600); err != nil {
			return user, nil, err
		}
	}
	if _, err := user.run(ctx, "go", "mod", "init", "example.com/"+name); err != nil {
		return user, nil, err
	}
	for _, require := range requires {
		if _, err := user.run(ctx, "go", "mod", "edit", "-require="+require); err != nil {
			return user, nil, err
		}
	}
	if _, err := user.run(ctx, "go", "mod", "tidy"); err != nil {
		return user, nil, err
	}
	text, err := os.ReadFile(filepath.Join(user.dir, "go.sum"))
	if err != nil {
		return user, nil, err
	}
	return user, strings.Split(strings.TrimSpace(string(text)), "\n"), nil
}

// modulesOf returns the modules that lines of a go.sum name.
func modulesOf(lines []string) []string {
	var modules []string
	for _, line := range lines {
		name, _, _ := strings.Cut(line, " ")
		modules = append(modules, name)
	}
	slices.Sort(modules)
	return slices.Compact(modules)
}

// differences compares the modules of a program's go.sum with those of a program with
// huma alone and those that it may have more.
func differences(got, bare, more []string) []string {
	var faults []string
	for _, module := range got {
		if !slices.Contains(bare, module) && !slices.Contains(more, module) {
			faults = append(faults, "go.sum has "+module+", which the program does not use")
		}
	}
	for _, module := range more {
		if !slices.Contains(got, module) {
			faults = append(faults, "go.sum has no line of "+module)
		}
	}
	return faults
}

// check builds and runs the program and compares its go.sum.
func (o outside) check(ctx context.Context, p *proxy, temp, version string, bare []string) (string, error) {
	requires := []string{root.path + "@" + version}
	if o.name == "otel" {
		requires = append(requires, root.path+"/contrib/otel@"+version)
	}
	user, sums, err := p.create(ctx, temp, o.name, requires...)
	if err != nil {
		return "", err
	}
	detail := fmt.Sprintf("go.sum has %d lines, of huma alone %d", len(sums), len(bare))
	if faults := differences(modulesOf(sums), modulesOf(bare), o.more); len(faults) > 0 {
		return "", errors.New(strings.Join(append(faults, detail), "\n"))
	}
	if _, err := user.run(ctx, "go", "vet", "./..."); err != nil {
		return "", err
	}
	if err := o.runs(ctx, user); err != nil {
		return "", err
	}
	if o.name == "memory" {
		if _, err := user.run(ctx, "go", "mod", "vendor"); err != nil {
			return "", err
		}
		if err := o.runs(ctx, user.with("GOFLAGS=-mod=vendor -trimpath", "GOPROXY=off")); err != nil {
			return "", err
		}
		detail += "; also with -mod=vendor"
	}
	return detail, nil
}

// runs builds and runs the program and compares its output.
func (o outside) runs(ctx context.Context, user command) error {
	if _, err := user.run(ctx, "go", "build", "-o", "program", "."); err != nil {
		return err
	}
	got, err := user.run(ctx, filepath.Join(user.dir, "program"))
	if err != nil {
		return err
	}
	if got != o.output {
		return fmt.Errorf("the program printed %q, want %q", got, o.output)
	}
	return nil
}

// install installs the command line as its users do, and runs it. A second build in
// other folders has the same bytes, so users can repeat the build of a release.
func install(ctx context.Context, p *proxy, temp, version string) (string, error) {
	user := p.user(temp)
	platform, err := user.run(ctx, "go", "env", "GOOS", "GOARCH")
	if err != nil {
		return "", err
	}
	platform = strings.ReplaceAll(platform, "\n", "/")
	var sums [2][sha256.Size]byte
	var program string
	for i, modcache := range []string{p.modcache, p.modcache + "2"} {
		dir := filepath.Join(temp, fmt.Sprint("bin", i))
		name, err := binary(ctx, user.with("GOMODCACHE="+modcache), dir, version, platform)
		if err != nil {
			return "", err
		}
		program = filepath.Join(dir, name)
		data, err := os.ReadFile(program)
		if err != nil {
			return "", err
		}
		sums[i] = sha256.Sum256(data)
	}
	if sums[0] != sums[1] {
		return "", errors.New("two builds of the command line differ")
	}
	got, err := user.run(ctx, program, "version")
	if err != nil {
		return "", err
	}
	if want := "humasess " + version; got != want {
		return "", fmt.Errorf("humasess version printed %q, want %q", got, want)
	}
	help, err := user.run(ctx, program, "help")
	if err != nil {
		return "", err
	}
	if !strings.Contains(help, "revoke") {
		return "", fmt.Errorf("humasess help does not list its commands:\n%s", help)
	}
	return "humasess@" + version + " runs; two builds are equal", nil
}
