package main

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// faultsOfZip returns a sentence for each fault of the files of a module. The names
// are relative to the module.
func faultsOfZip(names []string) []string {
	var faults []string
	if !slices.Contains(names, "LICENSE") {
		faults = append(faults, "the zip has no LICENSE")
	}
	for _, name := range names {
		base := path.Base(name)
		if base == goModFile && name != goModFile {
			faults = append(faults, "the zip has the nested module "+path.Dir(name))
		}
		if strings.HasPrefix(base, ".env") || strings.HasSuffix(base, ".test") || strings.HasSuffix(base, ".pem") && !strings.Contains(name, "testdata/") {
			faults = append(faults, "the zip has the file "+name)
		}
	}
	return faults
}

// faultsOfGoMod returns a sentence for each directive that users of the module cannot
// follow.
func faultsOfGoMod(mod goMod, version string) []string {
	var faults []string
	for _, replace := range mod.Replace {
		faults = append(faults, "go.mod replaces "+replace.Old.Path)
	}
	for _, require := range mod.Require {
		if isPublished(require.Path) && require.Version != version {
			faults = append(faults, "go.mod requires "+require.Path+" "+require.Version)
		}
		if !isPublished(require.Path) && strings.HasPrefix(require.Path, root.path+"/") {
			faults = append(faults, "go.mod requires "+require.Path+", which is not published")
		}
	}
	return faults
}

// checkZips checks the modules of the proxy and returns their checksums, in the form
// of sha256sum and of go.sum.
func checkZips(ctx context.Context, p *proxy, version string) (sums []string, detail string, err error) {
	var faults, sizes []string
	for _, m := range published {
		module, err := p.fetch(ctx, m, version)
		if err != nil {
			return nil, "", err
		}
		mod, err := readGoMod(ctx, filepath.Dir(module.GoMod), module.GoMod)
		if err != nil {
			return nil, "", err
		}
		names, err := namesOf(module)
		if err != nil {
			return nil, "", err
		}
		for _, fault := range slices.Concat(faultsOfGoMod(mod, version), faultsOfZip(names)) {
			faults = append(faults, m.path+": "+fault)
		}
		data, err := os.ReadFile(module.Zip)
		if err != nil {
			return nil, "", err
		}
		sum := sha256.Sum256(data)
		name := strings.ReplaceAll(strings.TrimPrefix(m.path, "github.com/"), "/", "-") + "-" + version + ".zip"
		sums = append(sums, hex.EncodeToString(sum[:])+"  "+name, m.path+" "+version+" "+module.Sum, m.path+" "+version+"/go.mod "+module.GoModSum)
		sizes = append(sizes, fmt.Sprintf("%s %d files, %d KB", m.dir, len(names), len(data)/1000))
	}
	if len(faults) > 0 {
		return nil, "", fmt.Errorf("%s", strings.Join(faults, "\n"))
	}
	return sums, strings.Join(sizes, "; "), nil
}

func namesOf(module moduleZip) ([]string, error) {
	r, err := zip.OpenReader(module.Zip)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	var names []string
	for _, file := range r.File {
		names = append(names, strings.TrimPrefix(file.Name, module.Path+"@"+module.Version+"/"))
	}
	return names, nil
}
