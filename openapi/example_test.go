package openapi_test

import (
	"encoding/json"
	"fmt"
	"log"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/openapi"
)

// exampleDocument is a document with one protected operation.
func exampleDocument() *huma.OpenAPI {
	oapi := huma.DefaultConfig("Example", "1.0.0").OpenAPI
	doc, err := openapi.NewDocument(oapi)
	if err != nil {
		log.Fatal(err)
	}
	type data struct{ Name string }
	err = doc.AddScheme(openapi.Scheme{
		Key: "sessionCookie", CookieName: "__Host-id", Type: reflect.TypeFor[data](), HasRoles: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	op := &huma.Operation{OperationID: "report", Method: "GET", Path: "/report"}
	openapi.Protect(op, openapi.Protection{Scheme: "sessionCookie", Roles: []string{"admin"}})
	oapi.AddOperation(op)
	return oapi
}

func ExampleDowngrade() {
	oapi := exampleDocument()
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
	// The session lacks the required role: `admin`.
}
