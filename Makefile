# `make run` needs Go and nothing else; `make test` sees to the rest by itself.

FUZZTIME  ?= 30s # for each fuzz target
BENCH     ?= .   # which benchmarks
BENCHTIME ?= 1s
MEASURE   ?= 5s  # the time for each comparison of make bench

# This module and those nested in it. internal/tools only pins programs.
MODULES = . $(shell find cmd contrib examples internal -name go.mod -not -path 'internal/tools/*' -not -path '*/testdata/*' | sort | sed 's,/go.mod$$,,')

# $(call each,command) runs the command in the folder of every module, and fails
# when one of them did.
each = @code=0; for module in $(MODULES); do printf '%s: %s\n' "$$module" '$(strip $(1))'; (cd "$$module" && $(1)) || code=1; done; exit $$code

# The packages of a module whose tests need no browser and inject no faults, and those of
# internal/e2e that need a browser.
OUTSIDE_BROWSER := $$(go list ./... | grep -v -e /e2e/browser -e /e2e/devices -e /e2e/apps -e /e2e/faults)
IN_BROWSER      := ./browser ./devices ./apps

# Programs are built once for each version of Go and of themselves.
BIN  := .bin/$(shell go env GOVERSION)
LINT := $(BIN)/golangci-lint
VULN := $(BIN)/govulncheck

.PHONY: help run test check test-sdk test-faults test-soak faults prepare prepare-lint prepare-check browser clients sdk pages format format-check vet lint shape tidy race plain plain-root plain-nested bench benchmarks scale fuzz mutants mutants-check golden vulncheck huma-newest huma-versions binaries release release-check apidiff

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /	/' | expand -t 12

run: ## start the example of the README
	go run ./examples/quickstart

# A test that lacks a server is skipped, but not here.
test: ## run the tests, installing what they need
	@bash scripts/test

check: ## run what is slower: go vet, linters, the shape of packages, the rows of mutants, the race detector, a browser, generated clients, docs pages, faults, a release
	@HUMASESS_TEST_REQUIRE=1 bash scripts/steps mutants-check shape vet tidy prepare-lint lint release-check race prepare-check browser clients sdk pages faults

test-sdk: ## generate clients in other languages and run them (needs Node, Python, Java and the network)
	@HUMASESS_TEST_REQUIRE=1 bash scripts/steps prepare-check clients sdk pages

prepare-check:
	@bash scripts/prepare --check

# Applications and attacks in Chromium.
browser:
	cd internal/e2e && go test -vet=off -shuffle=on -timeout 10m $(IN_BROWSER)

# Clients that Go generators write.
clients:
	cd internal/e2e/sdk && go test -vet=off -shuffle=on -timeout 10m ./...

sdk:
	cd internal/e2e/sdk && go test -tags sdk -count=1 -timeout 20m -v -run '^TestSDK' .

# huma's docs pages in a browser, with their scripts from npm.
pages:
	cd internal/e2e && go test -tags sdk -count=1 -timeout 10m -run '^TestDocs' ./browser

# A short form of test-faults, about two minutes.
faults:
	cd internal/e2e && go test -vet=off -count=1 -parallel 5 -timeout 10m ./faults

test-faults: ## break stores and processes under load (some minutes), and write docs/reliability.md
	cd internal/e2e && HUMASESS_TEST_REQUIRE=1 go test -vet=off -count=1 -parallel 5 -timeout 20m -v -run '^TestFaults$$' ./faults -full -update

test-soak: ## work at full load on Redis and PostgreSQL for ten minutes
	cd internal/e2e && HUMASESS_TEST_REQUIRE=1 go test -vet=off -count=1 -timeout 20m -v -run '^TestSoak$$' ./faults -soak 10m

prepare: ## install what the tests need
	@bash scripts/prepare
	$(call each,go mod download)

prepare-lint: $(LINT)

format: ## format the Go code
	gofmt -w .

format-check:
	@files=$$(gofmt -l .) || exit 1; if [ -n "$$files" ]; then echo "make format mends these:"; echo "$$files"; exit 1; fi

vet: ## run go vet
	$(call each,go vet ./...)

lint: $(LINT) ## run the linters
	$(call each,"$(CURDIR)/$(LINT)" run --allow-serial-runners ./...)

shape: ## check how the files of each package need each other
	go run ./internal/archtest/shape -check

tidy: ## check go.mod and go.sum
	$(call each,go mod tidy -diff && go mod verify)

# The clients that generators write are built without it, so their tests are, too.
# Also left out are the command line, whose only goroutine sends one line, and the
# tests in a browser, which look at programs whose packages are tested here. The module
# internal/e2e/telemetry builds Prometheus, which takes minutes with the detector, and
# contrib/otel has races of its own.
race: MODULES := $(filter-out cmd/humasess internal/e2e/sdk internal/e2e/telemetry,$(MODULES))
race: ## run the tests with the race detector
	$(call each,go test -vet=off -race -shuffle=on -timeout 20m $(OUTSIDE_BROWSER))

# The race detector makes sync.Pool drop at random, so tests that count
# allocations run without it only.
# The target vet checks all packages, so these tests need not check them again.
# Generated clients and the tests in a browser have targets of their own.
# More test binaries and tests run at once than there are cores, because most of the
# time they wait: for servers, for sessions to expire, and for retries.
plain: ## run the tests, and the gates on allocations
	@$(MAKE) --no-print-directory -j 2 --output-sync=line plain-root plain-nested

plain-root: MODULES := .
plain-nested: MODULES := $(filter-out . internal/e2e/sdk,$(MODULES))
plain-root plain-nested:
	$(call each,go test -vet=off -shuffle=on -timeout 20m -p 3 -parallel 8 $(OUTSIDE_BROWSER))

# The Rust crate that humasess is compared with is built once, if cargo is here.
ANCESTOR := $(CURDIR)/.bin/ancestor/release/ancestor
bench: ## compare the cost with budgets and other packages, in less than ten minutes (UPDATE=1 writes docs/benchmarks.md)
	@cargo build --quiet --locked --release --target-dir .bin/ancestor --manifest-path internal/e2e/rivals/testdata/ancestor/Cargo.toml \
		|| echo "cargo does not build the Rust crate, so it is not part of the comparison"
	cd internal/e2e/rivals && HUMASESS_TEST_REQUIRE=1 go test -vet=off -count=1 -timeout 10m -v -run '^TestBudgets$$' \
		-measure $(strip $(MEASURE)) -ancestor "$(ANCESTOR)" $(if $(UPDATE),-update)

benchmarks: ## run all Go benchmarks (BENCH, BENCHTIME)
	$(call each,go test -run '^$$' -bench '$(strip $(BENCH))' -benchtime $(BENCHTIME) -benchmem ./...)

# Takes some minutes. The short form is one of the tests.
scale: ## measure stores from a thousand to a million sessions, and write docs/scale.md
	cd internal/e2e && go test -vet=off -count=1 -timeout 20m -v -run '^TestScale$$' ./scale -full

fuzz: ## run every fuzz target for a while (FUZZTIME)
	$(call each,bash "$(CURDIR)/scripts/fuzz" $(strip $(FUZZTIME)))

mutants: ## break the code on purpose and see the tests fail (some minutes)
	go run ./internal/mutants -update

mutants-check: ## compare the table of mutants with the code (seconds)
	go run ./internal/mutants -check

# Tests with golden files have Golden in their names, and a flag -update.
golden: ## rewrite the golden files
	@for dir in $$(grep -rl --include='*_test.go' 'flag.Bool("update"' . | sed 's,/[^/]*$$,,' | sort -u); do \
		(cd "$$dir" && go test . -run Golden -update) || exit 1; done

# exec lets a signal reach the program, which then removes its temporary files.
RELEASE := go build -o '$(CURDIR)/$(BIN)/release' . && exec '$(CURDIR)/$(BIN)/release'

# Programs outside the repository get the version from a local module proxy. The tests read
# files of other modules, which the test cache does not notice.
release-check: ## prepare the next version in a copy and check it (VERSION, BASE; about a minute)
	@cd internal/release && go test -vet=off -count=1 . && $(RELEASE) check -version '$(VERSION)' -base '$(BASE)'

release: ## make a clone in DIR with the commits and tags of VERSION (SIGN=1), and push nothing
	@cd internal/release && $(RELEASE) prepare -version '$(VERSION)' -base '$(BASE)' -dir '$(DIR)' $(if $(SIGN),-sign)

binaries: ## build the command line of VERSION from the module proxy into DIR, with SHA256SUMS
	@cd internal/release && $(RELEASE) binaries -version '$(VERSION)' -dir '$(DIR)'

apidiff: ## compare the public packages with the commit or tag BASE
	@cd internal/release && $(RELEASE) apidiff -base '$(BASE)'

huma-versions: ## run the tests with other versions of huma (HUMA="v2.39.1 latest")
	@cd internal/release && export HUMASESS_TEST_REQUIRE=1 && $(RELEASE) versions $(HUMA)

# A short form of huma-versions, for a look before the job of CI that runs all of it.
huma-newest:
	@cd internal/release && $(RELEASE) versions -short

vulncheck: $(VULN) ## look for known vulnerabilities (needs the network)
	$(call each,"$(CURDIR)/$(VULN)" ./...)

$(LINT): internal/tools/go.mod internal/tools/go.sum
	cd internal/tools && go build -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(VULN): internal/tools/go.mod internal/tools/go.sum
	cd internal/tools && go build -o ../../$@ golang.org/x/vuln/cmd/govulncheck
