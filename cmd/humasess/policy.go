package main

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/humasess/sessions/openapi"
)

// errLoosened is the error for a difference that loosens a policy.
var errLoosened = errors.New("a change loosens the policy")

// policyFiles shows or compares policy files.
func policyFiles(_ context.Context, c *call) error {
	if len(c.args) == 0 {
		return usagef("name a command: humasess policy show FILE, or humasess policy diff OLD NEW")
	}
	name := c.args[0]
	switch name {
	case "show":
		c.summary, c.operands = "write a policy file as Markdown tables", []string{"FILE"}
	case "diff":
		c.summary, c.operands = "list the changes of a policy, and exit with 1 if a change loosens it", []string{"OLD", "NEW"}
	default:
		if name == "-h" || name == "--help" {
			return c.parse()
		}
		return usagef("policy has the commands show and diff, and not %q", name)
	}
	c.name, c.args = c.name+" "+name, c.args[1:]
	if err := c.parse(); err != nil {
		return err
	}
	var policies []openapi.Policy
	for _, file := range c.flags.Args() {
		p, err := c.policy(file)
		if err != nil {
			return err
		}
		policies = append(policies, p)
	}
	if name == "diff" {
		return c.diff(policies[0], policies[1])
	}
	text := policies[0].Markdown()
	if c.json {
		text = string(policies[0].JSON())
	}
	_, err := io.WriteString(c.out, text)
	return err
}

func (c *call) diff(before, after openapi.Policy) error {
	loosened := 0
	for _, change := range openapi.Diff(before, after) {
		if change.Effect == openapi.Loosens {
			loosened++
		}
		if err := c.print(change, "%v", change); err != nil {
			return err
		}
	}
	if loosened > 0 {
		return errLoosened
	}
	return nil
}

// policy reads a policy file, or the standard input for "-".
func (c *call) policy(file string) (openapi.Policy, error) {
	var data []byte
	var err error
	if file == "-" {
		data, err = io.ReadAll(c.in)
	} else {
		data, err = os.ReadFile(file) //nolint:gosec // the user names the file
	}
	if err != nil {
		return openapi.Policy{}, usageError(err.Error())
	}
	p, err := openapi.ParsePolicy(data)
	if err != nil {
		return openapi.Policy{}, usagef("%s: %v", file, err)
	}
	return p, nil
}
