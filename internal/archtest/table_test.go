package archtest_test

import (
	"slices"

	"github.com/humasess/sessions/internal/archtest"
)

const (
	huma     = "github.com/danielgtaylor/huma/v2"
	sessions = "github.com/humasess/sessions"
)

// hostTests are the parts of huma that all tests may use, because they import only
// huma and the standard library. huma's other adapters and autopatch require more
// modules.
var hostTests = []string{huma, huma + "/adapters/humago", huma + "/humatest", huma + "/sse"}

// serverTests are the packages for tests of a store that need a server.
var serverTests = []string{
	"./humasess", "./humasess/events", "./humasess/humasesstest", "./stores/storetest", "./internal/coretest", "./internal/servertest",
}

// imports is the import table of the repository. The imports of a package's tests are
// in the go.sum of each program that imports the package. So the tests of packages
// that every user imports may import only huma and packages of this repository. Tests
// that need more are in internal/e2e, which is a module of its own, or in the package
// of the store.
var imports = archtest.Table{
	"humasess": {
		Imports: []string{
			huma, "./security", "./stores", "./internal/credential", "./internal/crossorigin", "./internal/policy", "./internal/stored",
			"./humasess/events", "./humasess/internal/...",
		},
		Tests: slices.Concat(hostTests, []string{"./humasess/humasesstest", "./internal/eavesdrop", "./stores/memory", "./stores/storetest"}),
	},
	"humasess/internal/carrier": {Imports: []string{
		"./humasess/internal/cookies", "./humasess/internal/payload", "./humasess/internal/record", "./humasess/internal/timeouts", "./internal/credential", "./security", "./stores",
	}},
	"humasess/internal/client":    {Imports: []string{huma}},
	"humasess/internal/localpath": {},
	"humasess/internal/cookies": {
		Imports: []string{huma, "golang.org/x/net/publicsuffix", "./humasess/internal/response", "./internal/credential"},
		Tests:   hostTests,
	},
	"humasess/internal/editlock": {},
	"humasess/internal/gate": {
		Imports: []string{
			huma, huma + "/adapters/humago",
			"./humasess/events", "./humasess/internal/cookies", "./humasess/internal/localpath", "./humasess/internal/response", "./internal/crossorigin", "./internal/policy", "./stores",
		},
		Tests: hostTests,
	},
	"humasess/internal/identity":  {},
	"humasess/internal/lifecycle": {},
	"humasess/internal/marks":     {Imports: []string{"./stores"}},
	"humasess/internal/payload":   {Imports: []string{"./internal/credential", "./internal/stored"}},
	"humasess/internal/record": {Imports: []string{
		"./humasess/internal/gate", "./humasess/internal/identity", "./humasess/internal/payload", "./humasess/internal/values", "./internal/credential", "./stores",
	}},
	"humasess/internal/report":      {Imports: []string{"./humasess/events", "./humasess/internal/gate", "./humasess/internal/lifecycle", "./stores"}},
	"humasess/internal/response":    {Imports: []string{huma}, Tests: hostTests},
	"humasess/internal/schemeclaim": {Imports: []string{"./stores"}},
	"humasess/internal/storecall":   {Imports: []string{"./humasess/internal/marks", "./humasess/internal/payload", "./stores"}},
	"humasess/internal/timeouts":    {Imports: []string{"./humasess/internal/cookies"}},
	"humasess/internal/turns":       {Imports: []string{"./stores"}},
	"humasess/internal/values":      {},
	"humasess/internal/watch":       {Imports: []string{"./stores"}},
	"humasess/account": {
		Imports: []string{huma, huma + "/sse", "./humasess", "./internal/policy"},
		Tests:   slices.Concat(hostTests, []string{"./humasess/humasesstest", "./internal/policy", "./openapi", "./stores/memory"}),
	},
	"humasess/events": {
		Tests: []string{huma, huma + "/adapters/humago", "./humasess", "./humasess/humasesstest", "./stores/memory"},
	},
	"humasess/humasesstest": {
		Imports: []string{huma, "testing", "./humasess", "./internal/credential", "./internal/policy", "./openapi", "./stores"},
		Tests:   slices.Concat(hostTests, []string{"./security", "./stores/memory"}),
	},
	"openapi":  {Imports: []string{huma, "./internal/policy"}, Tests: slices.Concat(hostTests, []string{"./humasess", "./internal/policy", "./stores/memory"})},
	"security": {Imports: []string{"github.com/gorilla/securecookie"}},

	"stores":           {Tests: []string{"./stores/memory"}},
	"stores/storetest": {Imports: []string{"testing", "./stores"}, Tests: []string{"./stores/memory"}},
	"stores/memory":    {Imports: []string{"./stores"}, Tests: []string{"./stores/storetest"}},
	"stores/cookie": {
		Imports: []string{"./security", "./stores"},
		Tests: slices.Concat(hostTests, []string{
			"./humasess", "./humasess/events", "./humasess/humasesstest", "./internal/coretest", "./stores/memory", "./stores/storetest",
		}),
	},
	"stores/sqlite": {Imports: []string{"./stores"}, Tests: []string{"./stores/storetest"}},
	"stores/redis": {
		Imports: []string{"./stores", "github.com/redis/rueidis"},
		Tests:   slices.Concat(hostTests, serverTests, []string{"./security", "./stores/cookie"}), // which its Revocations are for
	},
	"stores/postgres": {
		Imports: []string{"./stores", "github.com/jackc/pgx/v5/..."},
		Tests:   slices.Concat(hostTests, serverTests, []string{"./security", "./stores/cookie"}), // which its Revocations are for
	},

	"examples/postgres": {
		Imports: []string{huma, huma + "/adapters/humago", "./humasess", "./stores/postgres", "github.com/jackc/pgx/v5/..."},
		Tests:   []string{"./humasess/humasesstest", "./internal/servertest"},
	},
	"examples/redis": {
		Imports: []string{huma, huma + "/adapters/humago", "./humasess", "./stores/redis", "github.com/redis/rueidis"},
		Tests:   []string{"./humasess/humasesstest", "./internal/servertest"},
	},
	"examples/devices": {
		Imports: []string{
			"./examples/devices/site", "./stores", "./stores/memory", "./stores/postgres", "./stores/redis",
			"github.com/jackc/pgx/v5/...", "github.com/redis/rueidis",
		},
		Tests: []string{"./humasess/humasesstest", "./internal/servertest"},
	},
	"examples/devices/site": {
		Imports: []string{huma, huma + "/adapters/humago", "./humasess", "./humasess/account", "./stores"},
		Tests:   []string{"./humasess/humasesstest", "./stores/memory"},
	},
	// The first programs of a reader run on the router of huma's tutorial.
	"examples/hello": {
		Imports: []string{huma, huma + "/adapters/humachi", "github.com/go-chi/chi/v5", "./humasess", "./stores/memory"},
		Tests:   []string{"./internal/console"},
	},
	"examples/quickstart": {
		Imports: []string{huma, huma + "/adapters/humachi", "github.com/go-chi/chi/v5", "./humasess", "./stores/memory"},
		Tests:   []string{"./humasess/humasesstest"},
	},
	"examples/...": {Imports: []string{
		huma + "/...", "./humasess/...", "./openapi", "./security", "./stores/...",
		"github.com/jackc/pgx/v5/...", "github.com/redis/rueidis",
	}},

	"internal/archtest":       {},
	"internal/archtest/shape": {},
	"internal/archtest/walk":  {Imports: []string{"./internal/archtest/walk/trace"}},
	"internal/archtest/walk/requests": {Imports: []string{
		huma, huma + "/adapters/humago", "./humasess", "./internal/archtest/walk/trace", "./stores/memory",
	}},
	"internal/archtest/walk/trace": {},
	"internal/archtest/words":      {Imports: []string{"./internal/archtest"}},
	"internal/console":             {},
	"internal/credential":          {Imports: []string{"./security"}},
	"internal/crossorigin":         {Imports: []string{"./security"}},
	"internal/coretest": {Imports: []string{
		huma, huma + "/adapters/humago", "testing", "./humasess", "./humasess/account", "./humasess/events", "./humasess/humasesstest", "./stores",
	}},
	"internal/declaretest": {Tests: slices.Concat(hostTests, []string{
		"./humasess", "./humasess/humasesstest", "./internal/eavesdrop", "./openapi", "./stores/memory",
	})},
	"internal/eavesdrop":  {Imports: []string{"testing", "./humasess/events"}},
	"internal/mutants":    {},
	"internal/policy":     {Imports: []string{huma}, Tests: hostTests},
	"internal/servertest": {Imports: []string{"testing"}},
	"internal/stored":     {},
	"internal/sharingtest": {Tests: []string{
		"./humasess", "./humasess/events", "./humasess/humasesstest", "./internal/eavesdrop", "./stores", "./stores/memory",
	}},
}

// programImports is the import table of cmd/humasess. It may import the public API and
// the clients of the stores. Its only internal import reads the name of a session's
// program from the stored format.
var programImports = archtest.Table{
	".": {
		Imports: []string{
			sessions + "/humasess", sessions + "/humasess/events", sessions + "/internal/stored", sessions + "/openapi", sessions + "/security", sessions + "/stores/...",
			"github.com/jackc/pgx/v5/...", "github.com/redis/rueidis", "github.com/mattn/go-isatty", "modernc.org/sqlite",
		},
		Tests: []string{sessions + "/internal/servertest"},
	},
}

// otelImports is the import table of contrib/otel. It may import the public API that a
// wrapper needs, and the API of OpenTelemetry. Its tests are in the go.sum of its users,
// so those that need a server or Prometheus are in internal/e2e/telemetry.
var otelImports = archtest.Table{
	".": {
		Imports: []string{
			sessions + "/humasess/events", sessions + "/stores",
			"go.opentelemetry.io/otel", "go.opentelemetry.io/otel/attribute", "go.opentelemetry.io/otel/codes",
			"go.opentelemetry.io/otel/metric", "go.opentelemetry.io/otel/semconv/...", "go.opentelemetry.io/otel/trace",
		},
		Tests: []string{
			huma, huma + "/adapters/humago",
			sessions + "/contrib/otel", sessions + "/humasess", sessions + "/humasess/humasesstest", sessions + "/internal/coretest", sessions + "/security",
			sessions + "/stores/cookie", sessions + "/stores/memory", sessions + "/stores/storetest",
			"go.opentelemetry.io/otel/metric/noop", "go.opentelemetry.io/otel/sdk/...", "go.opentelemetry.io/otel/trace/noop",
		},
	},
}
