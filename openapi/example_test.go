package openapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/openapi"
	"github.com/humasess/sessions/stores/memory"
)

// exampleAPI has one operation, which requires a role.
func exampleAPI() huma.API {
	type data struct{ Name string }
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[data]{
		Roles: func(d data) []string { return []string{d.Name} },
	})
	if err != nil {
		log.Fatal(err)
	}
	api := humago.New(http.NewServeMux(), huma.DefaultConfig("Example", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		log.Fatal(err)
	}
	admins := huma.NewGroup(api)
	admins.UseSimpleModifier(sessions.Require("admin"))
	huma.Get(admins, "/report", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
	return api
}

// A generator that does not read OpenAPI 3.1 gets the document as 3.0.3.
func ExampleDowngrade() {
	oapi := exampleAPI().OpenAPI()
	fmt.Println(oapi.OpenAPI, oapi.Paths["/report"].Get.Security)
	data, err := openapi.Downgrade(oapi)
	if err != nil {
		log.Fatal(err)
	}
	var old struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			Security  []map[string][]string
			Responses map[string]struct{ Description string }
		}
	}
	if err := json.Unmarshal(data, &old); err != nil {
		log.Fatal(err)
	}
	report := old.Paths["/report"]["get"]
	fmt.Println(old.OpenAPI, report.Security)
	fmt.Println(report.Responses["403"].Description)
	// Output:
	// 3.1.0 [map[sessionCookie:[admin]]]
	// 3.0.3 [map[sessionCookie:[]]]
	// The user lacks the required role: `admin`.
}

// The policy as a table for reviewers.
func ExamplePolicyOf() {
	policy, err := openapi.PolicyOf(exampleAPI())
	if err != nil {
		log.Fatal(err)
	}
	operations, _, _ := strings.Cut(policy.Markdown(), "\n| manager ") // a table of each manager follows
	fmt.Print(operations)
	// Output:
	// Open operations: 0 of 1.
	//
	// | operation | access | asks for | remarks |
	// | --- | --- | --- | --- |
	// | `GET /report` | user | `sessionCookie`, role `admin` | |
}

// A change that opens an operation loosens the policy.
func ExampleDiff() {
	before, err := openapi.PolicyOf(exampleAPI())
	if err != nil {
		log.Fatal(err)
	}
	after := before
	after.Operations = []openapi.Operation{{Method: "GET", Path: "/report", Access: openapi.Public, Admits: []openapi.Admission{{}}}}
	for _, change := range openapi.Diff(before, after) {
		fmt.Println(change)
	}
	// Output:
	// loosens GET /report: user, `sessionCookie`, role `admin` -> public
}

// CI compares the policy of a pull request with the file of the main branch.
func ExampleParsePolicy() {
	file := openapi.Policy{Version: openapi.PolicyVersion}.JSON() // stands for the file
	before, err := openapi.ParsePolicy(file)
	if err != nil {
		log.Fatal(err)
	}
	after, err := openapi.PolicyOf(exampleAPI())
	if err != nil {
		log.Fatal(err)
	}
	for _, change := range openapi.Diff(before, after) {
		fmt.Println(change.Effect, change.Subject)
	}
	// Output:
	// other manager sessionCookie
	// other GET /report
}
