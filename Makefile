# Opora. `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

CARGO ?= cargo
# A build never moves a version by itself. LOCKED= while dependencies are being edited.
LOCKED ?= --locked
# nextest where it is installed, cargo's own runner otherwise; the selection of tests is the same. RUNNER=cargo or RUNNER=nextest decides.
RUNNER ?= $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo nextest || echo cargo)
# Narrows the Rust tests: make test-rust TESTS=passport
TESTS ?=
# Chooses benchmarks: make bench BENCH="http import"
BENCH ?=
# Where `make run` keeps its database.
DATA ?= data

target := $(or $(CARGO_TARGET_DIR),target)
debug_bin := $(target)/debug/opora
linters := tests/tools/node_modules/.package-lock.json
fuzzer := tests/tools/.venv/.installed
# Installed last.
clients := examples/python/.venv/.installed
cargo_deny := $(or $(shell command -v cargo-deny),target/tools/bin/cargo-deny)

export REDOCLY_TELEMETRY := off
export REDOCLY_SUPPRESS_UPDATE_NOTICE := true

.PHONY: help
help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##### Running

.PHONY: run
run: export DATABASE_URL ?= sqlite:$(DATA)/opora.db
run: export OPORA_PUBLIC_SUMMARY ?= true
run: ## Build quickly, fill an empty database with demo data, serve (data directory: ./data)
	$(CARGO) build $(LOCKED) --package opora
	mkdir -p "$(DATA)"
	"$(debug_bin)" demo --if-empty
	exec "$(debug_bin)" serve

.PHONY: build
build: ## Build the release binary, for production
	$(CARGO) build $(LOCKED) --release --package opora

.PHONY: deb
deb: build ## Build the Debian package of the release binary (target/debian)
	scripts/build-deb.sh "$(target)/release/opora" "$(target)/debian"

##### Checks

# One after another, cheap ones first; a parallel make would only have the cargos wait for each other. Last what needs root.
.PHONY: test
test: ## Every check: format, lints, edges, Rust tests on both databases, evidence in S3, a real OpenID provider, several nodes, contract lint, promises, clients, the tour of README.md, fuzz and the package
	$(MAKE) --no-print-directory lint
	$(MAKE) --no-print-directory test-rust
	$(MAKE) --no-print-directory test-s3
	$(MAKE) --no-print-directory test-issuers
	$(MAKE) --no-print-directory test-nodes
	$(MAKE) --no-print-directory lint-contract
	$(MAKE) --no-print-directory check-contract
	$(MAKE) --no-print-directory test-clients
	$(MAKE) --no-print-directory test-readme
	$(MAKE) --no-print-directory fuzz-contract
	$(MAKE) --no-print-directory test-deb

.PHONY: lint
lint: ## Format check, clippy, dependency edges
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(LOCKED) --workspace --all-targets -- -D warnings
	scripts/check-edges.py $(LOCKED)

# The targets that `cargo test` builds, with its features: the server that is fuzzed is built once.
.PHONY: build-tests
build-tests: ## Build the tests and the binary in the dev profile
	$(CARGO) build $(LOCKED) --workspace --bins --tests

.PHONY: test-rust
test-rust: build-tests ## Unit, property and black-box tests, on SQLite and on a temporary PostgreSQL
ifeq ($(RUNNER),nextest)
	scripts/with-postgres.sh $(CARGO) nextest run $(LOCKED) --workspace --no-fail-fast $(TESTS)
	$(CARGO) test $(LOCKED) --workspace --doc $(TESTS)
else
	scripts/with-postgres.sh $(CARGO) test $(LOCKED) --workspace --no-fail-fast $(TESTS)
endif

# cargo's own runner: the tests are ignored where there is no such server, and nextest would need another word for it.
.PHONY: test-s3
test-s3: build-tests $(fuzzer) ## Evidence in a bucket, against a temporary S3-compatible server
	scripts/with-s3.sh $(CARGO) test $(LOCKED) --workspace --test opora -- --ignored s3::

# Ignored otherwise, as above: the provider needs Node.js. It is installed with the linters.
.PHONY: test-issuers
test-issuers: build-tests $(linters) ## Tokens of a foreign issuer, against a real OpenID provider
	scripts/with-postgres.sh $(CARGO) test $(LOCKED) --workspace --test opora -- --ignored oidc::

# Ignored otherwise, as above. One after another: each starts two servers, some a PostgreSQL of their own.
.PHONY: test-nodes
test-nodes: build-tests ## Several servers behind nginx, a replica for reads, a failover (options: scripts/with-nginx.sh)
	scripts/with-nginx.sh scripts/with-postgres.sh $(CARGO) test $(LOCKED) --workspace --test opora -- --ignored --test-threads=1 nodes::

# In an overlay of this machine's files, which goes with the test. The debug binary: what is tested is the package.
.PHONY: test-deb
test-deb: build-tests ## The Debian package: installed, started, removed, purged (needs root and dpkg)
	scripts/test-deb.sh "$(debug_bin)"

.PHONY: lint-contract
lint-contract: $(linters) ## Redocly (strict) and Spectral on openapi.yaml: no finding of any severity
	tests/tools/node_modules/.bin/redocly lint --config .redocly.yaml openapi.yaml
	tests/tools/node_modules/.bin/spectral lint --ruleset .spectral.yaml --fail-severity=hint openapi.yaml

.PHONY: check-contract
check-contract: $(fuzzer) ## Compare openapi.yaml with the last released contract: nothing may break
	tests/tools/.venv/bin/pytest -q -p no:cacheprovider tests/tools/test_check_contract.py
	tests/tools/.venv/bin/python scripts/check-contract.py openapi.yaml

.PHONY: test-clients
test-clients: build-tests $(clients) ## Generate clients in TypeScript and Python, check their types, run examples/ against a server
	OPORA_BIN="$(debug_bin)" scripts/test-clients.sh

.PHONY: test-readme
test-readme: build-tests ## Run the tour of README.md against a server and compare the answers that it shows
	OPORA_BIN="$(debug_bin)" scripts/with-server.sh scripts/check-readme.py

.PHONY: fuzz-contract
fuzz-contract: build-tests $(fuzzer) ## Schemathesis against servers with demo data, on both databases (options: scripts/schemathesis.sh)
	OPORA_BIN="$(debug_bin)" scripts/schemathesis.sh
	OPORA_BIN="$(debug_bin)" OPORA_TEST_DATABASE=postgres scripts/schemathesis.sh

# Not part of `test`: cargo-deny takes minutes to build where it is not installed.
.PHONY: deny
deny: $(cargo_deny) ## Licences, banned crates and sources of the dependencies (cargo-deny)
	"$(cargo_deny)" --locked check bans licenses sources

.PHONY: bench
bench: build ## Run the benchmarks on a durable PostgreSQL and on SQLite: ratios, not times (log: target/bench.log)
	$(CARGO) build $(LOCKED) --release --package opora-bench
	OPORA_TEST_PG_DURABLE=1 scripts/with-postgres.sh "$(target)/release/opora-bench" $(BENCH) 2>"$(target)/bench.log" \
		|| { tail -n 3 "$(target)/bench.log"; exit 1; }

.PHONY: load
load: build ## Mixed reads with 5 % durable writes, a minute on SQLite and one on PostgreSQL (options: scripts/load.sh)
	OPORA_BIN="$(target)/release/opora" scripts/load.sh
	OPORA_BIN="$(target)/release/opora" OPORA_TEST_DATABASE=postgres scripts/load.sh

##### Upkeep

.PHONY: contract
contract: build-tests ## Write openapi.yaml from the code
	"$(debug_bin)" openapi >openapi.yaml.new
	mv openapi.yaml.new openapi.yaml

.PHONY: release-contract
release-contract: $(fuzzer) ## Make openapi.yaml the contract that nothing may break: a step of a release
	tests/tools/.venv/bin/python scripts/check-contract.py openapi.yaml --release

.PHONY: fmt
fmt: ## Format the code
	$(CARGO) fmt --all

.PHONY: clean
clean: ## Remove everything built or installed here; data/ stays
	$(CARGO) clean
	rm -rf tests/tools/node_modules tests/tools/.venv openapi.yaml.new
	rm -rf examples/typescript/{node_modules,generated,dist} examples/python/{.venv,opora_client}

##### Tools

$(linters): tests/tools/package.json tests/tools/package-lock.json
	scripts/install-tools.sh linters

$(fuzzer): tests/tools/requirements.txt
	scripts/install-tools.sh fuzzer

$(clients): examples/python/requirements.txt examples/typescript/package.json examples/typescript/package-lock.json
	scripts/install-tools.sh clients

target/tools/bin/cargo-deny:
	scripts/install-tools.sh deny
