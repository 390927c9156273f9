//go:build sdk

package browser_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// npm holds files of npm packages, as the content delivery network serves them
// at the addresses in huma's pages. Huma chooses the versions. The browser
// checks the files, because it compares them with the hashes that huma writes
// beside the addresses.
type npm struct {
	t        *testing.T
	mu       sync.Mutex
	packages map[string]map[string][]byte
}

const cdn = "https://unpkg.com/"

var cdnFile = regexp.MustCompile(`^` + cdn + `((?:@[^/]+/)?[^/@]+@[^/]+)/(.+)$`)

func newNPM(t *testing.T) *npm {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		t.Fatal("npm is not installed; the tag sdk asks for it")
	}
	return &npm{t: t, packages: map[string]map[string][]byte{}}
}

// get returns the file at an address of the network.
func (n *npm) get(url string) (contentType string, body []byte, err error) {
	match := cdnFile.FindStringSubmatch(url)
	if match == nil {
		return "", nil, fmt.Errorf("%s is not a file of a package", url)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	files, fetched := n.packages[match[1]]
	if !fetched {
		if files, err = n.fetch(match[1]); err != nil {
			n.t.Errorf("%s: %v", match[1], err)
		}
		n.packages[match[1]] = files
	}
	body, ok := files[match[2]]
	if !ok {
		return "", nil, fmt.Errorf("%s has no %s", match[1], match[2])
	}
	return mime.TypeByExtension(path.Ext(url)), body, nil
}

// fetch downloads a package with npm, which caches it.
func (n *npm) fetch(spec string) (map[string][]byte, error) {
	dir := n.t.TempDir()
	pack := exec.Command("npm", "pack", "--silent", "--prefer-offline", "--pack-destination", dir, spec)
	pack.Stderr = os.Stderr
	out, err := pack.Output()
	if err != nil {
		return nil, err
	}
	file, err := os.Open(filepath.Join(dir, strings.TrimSpace(string(out))))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		_, name, _ := strings.Cut(header.Name, "/") // below package/
		if files[name], err = io.ReadAll(archive); err != nil {
			return nil, err
		}
	}
}
