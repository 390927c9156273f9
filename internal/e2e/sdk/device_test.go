package sdk_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// device is a generated client that keeps its token in a file. Each command is a
// process.
type device struct {
	t                    *testing.T
	program, api, folder string
}

// run runs a command with the token in that file, and returns the status of the answer.
func (d device) run(file, command string) string {
	d.t.Helper()
	out, err := exec.Command(d.program, d.api, filepath.Join(d.folder, file), command).CombinedOutput()
	if err != nil {
		d.t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return strings.TrimSpace(string(out))
}

// expect runs a command, which must get that status.
func (d device) expect(file, command, want string) {
	d.t.Helper()
	if got := d.run(file, command); got != want {
		d.t.Errorf("%s with the %s token: got %q, want %q", command, file, got, want)
	}
}

// TestDeviceCrashes shows that a device is not signed out when it crashes after a
// renewal, before it has stored the new token.
func TestDeviceCrashes(t *testing.T) {
	api, clock := startTokens(t)
	document := get(t, api+documents[0].path)
	w := watch(t, api, newKin(t, document, asked(api)), newPB33F(t, document, asked(api)))
	generated := t.TempDir()
	run(t, goGenerators[0].generate(save(t, api+documents[0].path), generated)...)
	const grace = 10 * time.Second // the default of Options.RotationGrace
	d := device{t: t, program: buildOver(t, "./testdata/oapicodegen/device", generated), api: w.url, folder: t.TempDir()}

	d.expect("stored", "login", "200")
	d.expect("stored", "crash", "200")
	// The answer may still arrive, so a second renewal has to wait.
	d.expect("stored", "renew", "409 10")
	d.expect("stored", "me", "200")
	clock.Advance(24 * time.Hour)
	d.expect("stored", "me", "200")
	d.expect("stored", "crash", "200")
	clock.Advance(grace + time.Second)

	copyFile(t, filepath.Join(d.folder, "stored"), filepath.Join(d.folder, "old"))
	d.expect("stored", "renew", "200")
	if before, after := read(t, d, "old"), read(t, d, "stored"); before == after {
		t.Error("renew: got the same token, want a new one")
	}
	d.expect("old", "me", "200")
	// The grace of the old token begins when the device presents the new one.
	d.expect("stored", "me", "200")
	d.expect("old", "me", "200")
	clock.Advance(grace + time.Second)
	d.expect("old", "me", "401")
	d.expect("stored", "me", "200")
}

func read(t *testing.T, d device, file string) string {
	t.Helper()
	token, err := os.ReadFile(filepath.Join(d.folder, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(token)
}
