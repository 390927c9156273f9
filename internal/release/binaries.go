package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// platforms are those that get a binary of the command line.
var platforms = []string{"darwin/amd64", "darwin/arm64", "linux/amd64", "linux/arm64", "windows/amd64"}

// binaries builds the command line of a published version for each platform and writes
// SHA256SUMS. The source is the module proxy, so the checksum database vouches for it.
// The same version of Go builds the same bytes anywhere.
func binaries(ctx context.Context, out io.Writer, dir, version string) error {
	if err := validVersion(version); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	var sums strings.Builder
	for _, platform := range platforms {
		name, err := binary(ctx, command{dir: os.TempDir()}, dir, version, platform)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		_, _ = fmt.Fprintf(&sums, "%s  %s\n", hex.EncodeToString(sum[:]), name)
	}
	if _, err := io.WriteString(out, sums.String()); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "SHA256SUMS"), []byte(sums.String()), 0o600)
}

// binary builds the command line for one platform, such as "linux/amd64", and returns
// the name of the file in dir.
func binary(ctx context.Context, source command, dir, version, platform string) (string, error) {
	temp, err := os.MkdirTemp("", "binary")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	cache, err := source.run(ctx, "go", "env", "GOMODCACHE")
	if err != nil {
		return "", err
	}
	system, processor, _ := strings.Cut(platform, "/")
	// go install refuses GOBIN for other platforms. It writes to a folder in GOPATH.
	build := source.in(temp).with("CGO_ENABLED=0", "GOOS="+system, "GOARCH="+processor, "GOPATH="+temp, "GOBIN=", "GOMODCACHE="+cache)
	if _, err := build.run(ctx, "go", "install", "-trimpath", root.path+"/cmd/humasess@"+version); err != nil {
		return "", err
	}
	var built []string
	for _, pattern := range []string{"humasess*", system + "_" + processor + "/humasess*"} {
		matches, err := filepath.Glob(filepath.Join(temp, "bin", pattern))
		if err != nil {
			return "", err
		}
		built = append(built, matches...)
	}
	if len(built) != 1 {
		return "", fmt.Errorf("go install wrote %q, want one program", built)
	}
	name := fmt.Sprintf("humasess_%s_%s_%s%s", version, system, processor, filepath.Ext(built[0]))
	return name, copyFile(built[0], filepath.Join(dir, name))
}
