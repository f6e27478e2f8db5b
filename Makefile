# What there is to type. `make run` and `make test` install what they need, into .venv and build/.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LINTERS := openapi/node_modules/.bin
SPECS := openapi/bindings.yaml openapi/registration.yaml
COVERAGE := $(BIN)/coverage

.DEFAULT_GOAL := help
.PHONY: help run test sdks clients check lint-specs lint-specs-with-npm fuzz million bench bench-scale bench-servers kills wrong-servers compare dist clean

help:  ## Say what there is to type
	@sed -n 's/^\([a-z-]*\):.*##/\1:/p' $(MAKEFILE_LIST) | column -t -s:

run: $(VENV)/.installed  ## Serve the demo: the Binding of Twilio's page, on port 8000
	$(BIN)/chat-bindings serve --demo

test: $(VENV)/.tested-with sdks  ## Run the tests, with a small fuzz run and the official SDKs
	@mkdir -p build/coverage && rm -f build/coverage/*
	$(COVERAGE) run -m pytest --numprocesses 2 --dist loadfile
	@$(COVERAGE) combine --quiet
	@$(COVERAGE) report --fail-under=95

# The official SDKs for Node.js. Without npm their tests are skipped, and say so.
sdks:
	@! command -v npm >/dev/null || $(MAKE) --no-print-directory tests/clients/node_modules/.installed

tests/clients/node_modules/.installed: tests/clients/package.json tests/clients/.npmrc
	npm install --prefix tests/clients --no-progress --loglevel=error
	@touch $@

check: $(VENV)/.checked-with lint-specs  ## Lint and type-check the code, lint the specs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@rm -rf build/types && mkdir -p build/types/chat_bindings
	@ln -s $(CURDIR)/handlers/* $(CURDIR)/tests/contract build/types/chat_bindings
	MYPYPATH=build/types $(BIN)/mypy --cache-dir build/mypy -p chat_bindings

lint-specs: $(VENV)/.checked-with  ## Lint the specs: openapi-spec-validator and, with Node.js, Redocly and Spectral
	$(BIN)/python -m openapi_spec_validator $(SPECS)
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory lint-specs-with-npm; \
	else echo 'Node.js is missing, so Redocly and Spectral are skipped: install Node 20.19 or later with npm' >&2; [ "$$CI" != true ]; fi

lint-specs-with-npm: openapi/node_modules/.installed
	$(LINTERS)/redocly lint --config openapi/redocly.yaml $(SPECS)
	$(LINTERS)/spectral lint --ruleset openapi/.spectral.yaml --fail-severity hint $(SPECS)

openapi/node_modules/.installed: openapi/package.json openapi/.npmrc
	npm install --prefix openapi --no-progress --loglevel=error
	@touch $@

clients: $(VENV)/.tested-with $(VENV)/.checked-with  ## Generate all clients, build a program on each and run it
	$(BIN)/python -m pytest -m slow tests/clients/generated --numprocesses 2 --maxschedchunk 1 --durations 20

fuzz: $(VENV)/.tested-with  ## Fuzz the running service from both specs, 500 examples an operation
	$(BIN)/python -m tests.fuzz.run --examples 500

million: $(VENV)/.tested-with  ## Import a world of a million Bindings and measure it
	$(BIN)/python -m pytest -m slow tests/load/test_million.py -s

# These need wrk: apt-get install wrk
bench: $(VENV)/.tested-with tests/servers/tools/node_modules/.installed  ## Compare the service's speed with what it could be built on: 10 minutes
	$(BIN)/python -m tests.load.bench

bench-scale: $(VENV)/.tested-with  ## Ask services of 10 thousand, a million and 10 million Bindings
	$(BIN)/python -m tests.load.bench.scale

bench-servers: $(VENV)/.tested-with  ## Compare servers, loops and parsers under the service's app
	$(BIN)/python -m tests.load.bench.servers

kills: $(VENV)/.tested-with  ## Kill the service a hundred times while it writes: what was acknowledged must hold
	$(BIN)/python -m tests.load.kills --rounds 100

wrong-servers: $(VENV)/.tested-with  ## Verify every wrong server, and each right one ten times; write the table
	$(BIN)/python -m tests.servers.table

compare: $(VENV)/.tested-with tests/servers/tools/node_modules/.installed  ## Compare verify with Schemathesis, Dredd and Prism: hours
	$(BIN)/python -m tests.servers.compare

tests/servers/tools/node_modules/.installed: tests/servers/tools/package.json tests/servers/tools/.npmrc
	npm install --prefix tests/servers/tools --no-progress --loglevel=error
	@touch $@

dist: $(VENV)/.checked-with  ## Build the wheel and the source distribution into dist/
	rm -rf dist build/lib build/bdist*
	$(BIN)/python -m build --outdir dist .

clean:  ## Remove what was installed and built
	rm -rf $(VENV) build dist openapi/node_modules tests/clients/node_modules tests/servers/tools/node_modules *.egg-info

# Each stamp is as old as the last installation of what its file names.
$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.tested-with: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group test
	@touch $@

$(VENV)/.checked-with: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group check
	@touch $@
