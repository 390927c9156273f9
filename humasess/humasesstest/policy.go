package humasesstest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/openapi"
)

// updateVariable is the environment variable with which [CheckPolicy] writes its file.
const updateVariable = "HUMASESS_UPDATE"

// CheckPolicy compares the policy of an API with a file, such as "testdata/policy.json". It
// reports each change as an error of tb, in the words of [openapi.Diff]. So a reviewer
// sees which operations a change of the program opens:
//
//	loosens GET /reports: user, `sessionCookie`, role `auditor` -> public
//
// With the environment variable HUMASESS_UPDATE=1 it writes the file instead, and creates
// its folder. Keep the file in version control. The names of path parameters are no
// change, so the file may have earlier names.
//
// After that update the test passes, so a reviewer reads the change of the file. In CI,
// `humasess policy diff` shows which changes loosen the policy.
//
// Call it when all operations are registered. See [openapi.PolicyOf] for the operations
// that it can know.
func CheckPolicy(tb testing.TB, api huma.API, file string) {
	tb.Helper()
	is, err := openapi.PolicyOf(api)
	if err != nil {
		tb.Errorf("humasesstest: %v", err)
		return
	}
	if os.Getenv(updateVariable) == "1" {
		if err := write(file, is.JSON()); err != nil {
			tb.Errorf("humasesstest: %v", err)
		}
		return
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		tb.Errorf("humasesstest: %s does not exist: run the test with %s=1 to write it", file, updateVariable)
		return
	}
	if err != nil {
		tb.Errorf("humasesstest: %v", err)
		return
	}
	if bytes.Equal(data, is.JSON()) {
		return
	}
	was, err := openapi.ParsePolicy(data)
	if err != nil {
		tb.Errorf("humasesstest: %s: %v: run the test with %s=1 to write it again", file, err, updateVariable)
		return
	}
	changes := openapi.Diff(was, is)
	if len(changes) == 0 {
		return
	}
	var text strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&text, "\n  %v", c)
	}
	tb.Errorf("humasesstest: the policy of the API is not that of %s:%s\nIf the changes are intended, run the test with %s=1 and commit the file.",
		file, text.String(), updateVariable)
}

func write(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}
