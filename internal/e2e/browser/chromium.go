package browser

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// program finds Chromium under the names that Debian, Ubuntu and Google use.
var program = sync.OnceValues(func() (string, error) {
	var first error
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		path, err := exec.LookPath(name)
		if err == nil {
			return path, nil
		}
		first = cmp.Or(first, err)
	}
	return "", first
})

// flags returns flags in addition to those of chromedp.
func flags() []chromedp.ExecAllocatorOption {
	set := []chromedp.ExecAllocatorOption{
		chromedp.DisableGPU,
		chromedp.WindowSize(1280, 900),
		// Tests have their own network, and the browser makes no calls of its
		// own.
		chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1, MAP * ^NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
		chromedp.Flag("ignore-certificate-errors-spki-list", certificate().fingerprint),
		// No address is typed. The suggestions for it are separate pages, two
		// for each window, and cause a third of the browser's work.
		chromedp.Flag("disable-features", "Translate,WebUIOmniboxPopup,WebUIOmniboxAimPopup"),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("no-pings", true),
	}
	return slices.Concat(chromedp.DefaultExecAllocatorOptions[:], set)
}

// cleanUp runs the browser and removes its profile. The browser ends when its
// pipe closes, at the latest when this process ends. So nothing is left after
// any failure of the tests. Processes of the browser may write a little longer
// than it lives.
const cleanUp = `dir=$1; shift
trap : INT TERM
"$@"
for _ in 1 2 3 4 5 6 7 8 9; do rm -rf "$dir" 2>/dev/null && exit; sleep 0.2; done`

// chromium is the process that the tests of this binary share, as a context of
// chromedp.
var chromium = sync.OnceValues(func() (context.Context, error) {
	path, err := program()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "humasess-chromium-")
	if err != nil {
		return nil, err
	}
	if err := writePreferences(dir); err != nil {
		return nil, err
	}
	shell, err := exec.LookPath("sh")
	if err != nil {
		return nil, err
	}
	output := &tail{}
	options := append(flags(), chromedp.ExecPath(path), chromedp.UserDataDir(dir), chromedp.CombinedOutput(output),
		chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) {
			cmd.Args = slices.Concat([]string{shell, "-c", cleanUp, "sh", dir, cmd.Path}, cmd.Args[1:])
			cmd.Path = shell
		}))
	ctx, _ := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ = chromedp.NewContext(ctx)
	// The tab that this opens keeps the browser open between tests.
	if err := chromedp.Do(ctx); err != nil {
		return nil, errors.Join(err, errors.New(output.String()))
	}
	return ctx, nil
})

// writePreferences lets embedded pages have cookies, as in windows that are not
// private. To Chromium the browsers of tests are private windows.
func writePreferences(dir string) error {
	dir = filepath.Join(dir, "Default")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "Preferences"), []byte(`{"profile": {"cookie_controls_mode": 0}}`), 0o600)
}

// require skips the test if there is no Chromium, or fails it if
// HUMASESS_TEST_REQUIRE is set.
func require(tb testing.TB) {
	tb.Helper()
	if _, err := program(); err == nil {
		return
	}
	const missing = "chromium is not installed: run make prepare"
	if os.Getenv("HUMASESS_TEST_REQUIRE") != "" {
		tb.Fatal(missing)
	}
	tb.Skip(missing)
}

// tail keeps the end of the text written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	const limit = 4096
	t.text = append(t.text, p...)
	t.text = t.text[max(len(t.text)-limit, 0):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ToValidUTF8(string(t.text), "")
}
