// Package console runs the commands that a page of the documentation shows, and
// compares their output with the one that the page shows.
package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// A block begins with the line that marks it. It ends at the fence.
var block = regexp.MustCompile("(?s)<!-- run -->\n\n```console\n(.*?)```")

// limit bounds the commands of one block.
const limit = time.Minute

// Check runs each marked block of a page in the folder dir, by sh:
//
//	<!-- run -->
//
//	```console
//	$ command
//	output
//	```
//
// Edit changes the text of a block first, for example its port. A … in the output of
// the page stands for any text within the line. The carriage returns of HTTP are ignored.
// The error has all blocks with other output. A page without a block is an error, too.
func Check(ctx context.Context, page, dir string, edit func(block string) string) error {
	text, err := os.ReadFile(page) //nolint:gosec // a page of this repository
	if err != nil {
		return err
	}
	blocks := block.FindAllStringSubmatch(string(text), -1)
	if len(blocks) == 0 {
		return fmt.Errorf("%s has no block to run", page)
	}
	for _, b := range blocks {
		err = errors.Join(err, run(ctx, dir, edit(b[1])))
	}
	return err
}

func run(ctx context.Context, dir, block string) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	script, want := split(block)
	cmd := exec.CommandContext(ctx, "sh", "-e", "-c", script) //nolint:gosec // commands of this repository
	cmd.Dir = dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w\n%s\n%s", err, out.String(), errs.String())
	}
	if got := strings.ReplaceAll(out.String(), "\r", ""); !matches(want, got) {
		return fmt.Errorf("got\n%s\nwant\n%s", got, want)
	}
	return nil
}

func split(block string) (script, want string) {
	var commands, output strings.Builder
	for line := range strings.Lines(block) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			commands.WriteString(command)
		} else {
			output.WriteString(line)
		}
	}
	return commands.String(), output.String()
}

func matches(want, got string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*")
	return regexp.MustCompile(`\A` + pattern + `\z`).MatchString(got)
}
