package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// proxy is a module proxy in a folder. The go command fills it from the tags of a
// repository, as the public proxy does. So its zips are those that users get.
type proxy struct {
	dir        string // the module cache that the go command fills
	modcache   string // the module cache of the programs that use the proxy
	repository string // stands for the public repository
	upstream   string // the proxies for other modules, in the form of GOPROXY
}

// moduleZip describes a module of the proxy, as go mod download -json prints it.
type moduleZip struct {
	Path, Version, Zip, GoMod, Sum, GoModSum string
}

func newProxy(ctx context.Context, temp, repository string) (*proxy, error) {
	upstream, err := goEnv(ctx, "GOPROXY")
	if err != nil {
		return nil, err
	}
	cache, err := goEnv(ctx, "GOMODCACHE")
	if err != nil {
		return nil, err
	}
	return &proxy{
		dir: filepath.Join(temp, "proxy"), modcache: filepath.Join(temp, "modcache"), repository: repository,
		upstream: "file://" + filepath.ToSlash(filepath.Join(cache, "cache", "download")) + "," + upstream,
	}, nil
}

// reset empties the proxy and forgets the modules that its users have downloaded.
func (p *proxy) reset() error {
	for _, dir := range []string{p.dir, filepath.Join(p.modcache, filepath.FromSlash(root.path)+"@*"), filepath.Join(p.modcache, "cache", "download", filepath.FromSlash(root.path))} {
		matches, err := filepath.Glob(dir)
		if err != nil {
			return err
		}
		for _, match := range matches {
			if err := os.RemoveAll(match); err != nil {
				return err
			}
		}
	}
	return nil
}

// fetch adds a module to the proxy from its tag.
func (p *proxy) fetch(ctx context.Context, m module, version string) (moduleZip, error) {
	text, err := command{dir: os.TempDir()}.with(
		"GOMODCACHE="+p.dir, "GOFLAGS=-modcacherw", "GOPROXY=off",
		"GONOPROXY="+root.path, "GONOSUMDB="+root.path, "GOVCS=*:git",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url.file://"+filepath.ToSlash(p.repository)+".insteadOf", "GIT_CONFIG_VALUE_0=https://"+root.path,
	).run(ctx, "go", "mod", "download", "-json", m.path+"@"+version)
	if err != nil {
		return moduleZip{}, err
	}
	var zip moduleZip
	if err := json.Unmarshal([]byte(text), &zip); err != nil {
		return moduleZip{}, err
	}
	if zip.Zip == "" || !strings.HasPrefix(zip.Sum, "h1:") {
		return moduleZip{}, fmt.Errorf("go mod download gave no zip of %s", m.path)
	}
	return zip, nil
}

// user is the environment of a program that gets the modules from the proxy.
func (p *proxy) user(dir string) command {
	return command{dir: dir}.with(
		"GOPROXY=file://"+filepath.ToSlash(filepath.Join(p.dir, "cache", "download"))+","+p.upstream,
		"GOMODCACHE="+p.modcache, "GOFLAGS=-modcacherw -trimpath", "GONOSUMDB="+root.path, "GONOPROXY=", "GOPRIVATE=",
	)
}
