# The targets. `make run` and `make test` install what they need, into .venv and build/.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LINTERS := openapi/node_modules/.bin
SPECS := openapi/bindings.yaml openapi/registration.yaml openapi/control.yaml
COVERAGE := $(BIN)/coverage
OASDIFF := v1.36.0
EXAMPLES := 500
# Three processes a core: with two, tests that wait leave two fifths of two cores idle.
PROCESSES := 6
SHARED := --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder
# In CI, and by `make ci`, tests are measured: `make ci` holds the coverage of both sizes to its least.
PYTEST = $(if $(filter true,$(CI)),$(COVERAGE) run -m pytest,$(BIN)/python -m pytest)

# What Python compiles is kept: the tests start it hundreds of times.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test ci nightly sdks check lint-specs lint-specs-with-npm spec-diff changelog release-spec tools
.PHONY: container fuzz postgres million bench bench-scale bench-scale-postgresql kills faults soak timing
.PHONY: erasure wrong-servers site clients dist clean

help:  ## List the targets
	@sed -n 's/^\([a-z-]*\):.*##/\1:/p' $(MAKEFILE_LIST) | column -t -s:

run: $(VENV)/.installed  ## Serve the demo: the Binding of Twilio's page, on port 8000
	$(BIN)/chat-bindings serve --demo

test: $(VENV)/.tested-with  ## Run the tests that need only Python: under 4 minutes on two cores
	@mkdir -p build/coverage && rm -f build/coverage/*
	$(PYTEST) $(SHARED)

# A missing tool fails these tests instead of skipping them.
ci: export CI := true
ci: test sdks tools  ## Run `make test` and the tests that need tools or minutes, as CI does; 97 % of handlers/ must be covered
	$(PYTEST) -m 'ci and not nightly' $(SHARED)
	$(PYTEST) -m 'not nightly' --engine postgresql $(POSTGRES_SAMPLE) $(SHARED)
	@$(COVERAGE) combine --quiet
	@$(COVERAGE) report --fail-under=97

nightly: check ci clients container fuzz postgres wrong-servers timing kills faults soak million erasure  ## Run everything in full size: hours
	$(MAKE) --no-print-directory soak ENGINE=postgresql

# The official SDKs for Node.js, Go, Java and C#. Without npm, go, mvn or dotnet their tests are skipped, a line each.
sdks:
	@! command -v npm >/dev/null || $(MAKE) --no-print-directory tests/clients/node_modules/.installed
	@! command -v go >/dev/null || $(MAKE) --no-print-directory build/sdks/go/programs build/sdks/go/helpers.test
	@! command -v mvn >/dev/null || $(MAKE) --no-print-directory build/sdks/java/.built
	@! command -v dotnet >/dev/null || $(MAKE) --no-print-directory build/sdks/csharp/.built

# The runners of the published files, Fastify and oasdiff. Without npm or Go, as above.
tools:
	@! command -v npm >/dev/null || $(MAKE) --no-print-directory openapi/node_modules/.installed
	@! command -v npm >/dev/null || $(MAKE) --no-print-directory tests/servers/fastify/node_modules/.installed
	@! command -v go >/dev/null || $(MAKE) --no-print-directory build/bin/oasdiff

build/bin/oasdiff: build/bin/.oasdiff-$(OASDIFF)

build/bin/.oasdiff-$(OASDIFF):
	GOTOOLCHAIN=local GOBIN=$(CURDIR)/build/bin go install github.com/oasdiff/oasdiff@$(OASDIFF)
	@touch $@

# Prometheus' linter alone: the package of Debian would start a server.
build/bin/promtool:
	mkdir -p $(@D) build/deb
	cd build/deb && apt-get download prometheus
	dpkg-deb --fsys-tarfile build/deb/prometheus_*.deb | tar -xO ./usr/bin/promtool > $@.new
	chmod +x $@.new && mv $@.new $@

tests/clients/node_modules/.installed: tests/clients/package.json tests/clients/.npmrc
	npm install --prefix tests/clients --no-progress --loglevel=error
	@touch $@

tests/servers/fastify/node_modules/.installed: tests/servers/fastify/package.json tests/servers/fastify/.npmrc
	npm install --prefix tests/servers/fastify --no-progress --loglevel=error
	@touch $@

# The SDK is large: without optimisation it compiles in two thirds of the time.
GO_FLAGS := -buildvcs=false -gcflags='github.com/twilio/...=-N -l'
build/sdks/go/programs: tests/clients/go.mod $(wildcard tests/clients/programs/go/*)
	cd tests/clients && go vet $(GO_FLAGS) ./programs/go && go build $(GO_FLAGS) -o $(CURDIR)/$@ ./programs/go
	@touch $@

build/sdks/go/helpers.test: build/sdks/go/programs $(wildcard tests/clients/helpers/go/* tests/clients/loopback/*.go)
	cd tests/clients && go vet $(GO_FLAGS) ./helpers/go ./loopback && go test $(GO_FLAGS) -c -o $(CURDIR)/$@ ./helpers/go
	@touch $@

JAVA_SOURCES := $(wildcard tests/clients/programs/java/*.java tests/clients/helpers/java/*.java tests/clients/loopback/*.java)
build/sdks/java/.built: tests/clients/programs/java/pom.xml $(JAVA_SOURCES)
	rm -rf $(@D)
	mvn -q -B -f tests/clients/programs/java dependency:copy-dependencies
	javac -Xlint:all -Werror -proc:none -cp '$(@D)/dependency/*' -d $(@D)/classes $(JAVA_SOURCES)
	@touch $@

build/sdks/csharp/.built: $(wildcard tests/clients/programs/csharp/*)
	rm -rf $(@D) && mkdir -p $(@D) && cp tests/clients/programs/csharp/* $(@D)
	dotnet build --nologo -o $(@D)/bin $(@D)/Programs.csproj
	@touch $@

check: $(VENV)/.checked-with lint-specs spec-diff  ## Lint and type-check the code, check its layers, lint the specs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@rm -rf build/types && mkdir -p build/types/chat_bindings
	@ln -s $(CURDIR)/handlers/* build/types/chat_bindings
	MYPYPATH=build/types $(BIN)/mypy --cache-dir build/mypy -p chat_bindings
	PYTHONPATH=build/types $(BIN)/lint-imports --cache-dir build/import-linter

lint-specs: $(VENV)/.checked-with  ## Lint the specs: openapi-spec-validator and, with Node.js, Redocly and Spectral
	$(BIN)/python -m openapi_spec_validator $(SPECS)
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory lint-specs-with-npm; \
	else echo 'Node.js is missing, so Redocly and Spectral are skipped: install Node 20.19 or later with npm' >&2; [ "$$CI" != true ]; fi

lint-specs-with-npm: openapi/node_modules/.installed
	$(LINTERS)/redocly lint --config openapi/redocly.yaml $(SPECS) openapi/workflows.arazzo.yaml
	$(LINTERS)/spectral lint --ruleset openapi/.spectral.yaml --fail-severity hint $(SPECS)

spec-diff: $(VENV)/.checked-with  ## Compare the contract with the last released one, by oasdiff
	$(BIN)/python -m tests.spec.gate

changelog: $(VENV)/.checked-with  ## Write the contract's changes into CHANGELOG.md
	$(BIN)/python -m tests.spec.gate --changelog

release-spec: $(VENV)/.checked-with  ## Make the contract the released spec of its version, the baseline of later ones
	$(BIN)/python -m tests.spec.gate --release

openapi/node_modules/.installed: openapi/package.json openapi/.npmrc
	npm install --prefix openapi --no-progress --loglevel=error
	@touch $@

site: $(VENV)/.installed  ## Publish the spec as a site, in build/site
	rm -rf build/site
	$(BIN)/chat-bindings publish -o build/site

clients: $(VENV)/.tested-with $(VENV)/.checked-with  ## Generate all clients, ours and others', build a program on each and run it
	$(BIN)/python -m pytest -m 'ci or nightly' tests/clients/generated --durations 20
	$(BIN)/python -m tests.clients.others

timing: $(VENV)/.tested-with  ## Compare response times of wrong tokens and of other accounts' SIDs, 10,000 tries each
	$(BIN)/python -m pytest -m nightly tests/security/test_timing.py -s

fuzz: $(VENV)/.tested-with  ## Fuzz the running service from all specs, 500 examples an operation (EXAMPLES=500)
	$(BIN)/python -m tests.fuzz.run --examples $(EXAMPLES)
	$(BIN)/python -m pytest -m nightly tests/site/downloads/test_schemathesis.py

# The modules that depend most on the storage, for CI.
POSTGRES_SAMPLE := $(patsubst %,tests/server/test_%.py,concurrency registration walks) \
  tests/verify/test_command.py::test_the_reference_keeps_every_clause

postgres: $(VENV)/.tested-with  ## Run the service tests, verify and the fuzz run on PostgreSQL
	$(PYTEST) -m 'not nightly' --engine postgresql tests/server tests/verify/test_command.py $(SHARED)
	$(BIN)/python -m tests.fuzz.run --engine postgresql --examples $(EXAMPLES) --report-dir build/fuzz-postgresql

container: $(VENV)/.tested-with  ## Build the Containerfile of the guide with buildah, and run it
	$(BIN)/python -m pytest -m ci tests/packaging/test_container.py

million: $(VENV)/.tested-with  ## Import, export and copy a world of a million Bindings and measure it
	$(BIN)/python -m tests.load.million --figures

# These need wrk: apt-get install wrk
bench: $(VENV)/.benched-with tests/load/bench/prism/node_modules/.installed  ## Compare the service's speed with other stacks: 10 minutes
	$(BIN)/python -m tests.load.bench --figures

bench-scale: $(VENV)/.tested-with  ## Measure services of 10 thousand, a million and 10 million Bindings
	$(BIN)/python -m tests.load.bench.scale --figures

bench-scale-postgresql: $(VENV)/.tested-with  ## The same on PostgreSQL
	$(BIN)/python -m tests.load.bench.scale --engine postgresql --figures

erasure: $(VENV)/.tested-with  ## Search PostgreSQL's files for deleted data, step by step
	$(BIN)/python -m tests.load.erasure

kills: $(VENV)/.tested-with  ## Kill the service 200 times on each engine, and PostgreSQL 50 times: no acknowledged write may be lost
	$(BIN)/python -m tests.load.kills --figures

ENGINE := sqlite
MINUTES := 20

soak: $(VENV)/.tested-with  ## Load a service at half of its top rate for 20 minutes (ENGINE=postgresql, MINUTES=20): no resource may grow
	$(BIN)/python -m tests.load.soak --engine $(ENGINE) --minutes $(MINUTES) --figures

# These need root, and strace, faketime and e2fsprogs: apt-get install strace faketime e2fsprogs
faults: $(VENV)/.tested-with  ## Cause every outage while every operation is called; print the responses
	$(BIN)/python -m tests.load.faults --figures

wrong-servers: $(VENV)/.tested-with  ## Verify every wrong server, and each right one ten times; write the table
	@! command -v npm >/dev/null || $(MAKE) --no-print-directory tests/servers/fastify/node_modules/.installed
	$(BIN)/python -m tests.servers.table

tests/load/bench/prism/node_modules/.installed: tests/load/bench/prism/package.json tests/load/bench/prism/.npmrc
	npm install --prefix tests/load/bench/prism --no-progress --loglevel=error
	@touch $@

dist: $(VENV)/.checked-with  ## Build the wheel and the source distribution into dist/
	rm -rf dist build/lib build/bdist*
	$(BIN)/python -m build --outdir dist .

clean:  ## Remove everything installed and built
	rm -rf $(VENV) build dist openapi/node_modules tests/clients/node_modules tests/servers/fastify/node_modules
	rm -rf tests/load/bench/prism/node_modules *.egg-info

# Each stamp has the time of the last installation from its file.
$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'

# setuptools warns of each editable installation whose packages have another name than their folders.
$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	PYTHONWARNINGS='ignore:Editable installation' $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.tested-with: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group test
	@touch $@

$(VENV)/.benched-with: $(VENV)/.tested-with
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group bench
	@touch $@

$(VENV)/.checked-with: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group check
	@touch $@
