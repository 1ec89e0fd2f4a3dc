# Doorstep. Two commands do everything: `make run` and `make test`. `make setup` is what both need first.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
PY := .venv/bin/python
STAMPS := .venv/.stamps
# The `doorstep` command, running from this tree; its build tool is locked like everything else.
INSTALL_COMMAND := @$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
NODE_STAMP := pwa/node_modules/.stamp
PWA_SOURCES := $(shell find pwa -type f -not -path '*/node_modules/*' 2>/dev/null) $(wildcard app/briefing/messages/*)

.PHONY: help setup run run-distributed test test-python test-pwa lint bench fuzz faults differential lock format wheel clean

help: ## What there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Doorstep needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Python's venv is missing. On Debian or Ubuntu type: sudo apt-get install python3-venv"; exit 1; }

$(STAMPS)/run: requirements.lock .venv/bin/python
	@mkdir -p $(STAMPS)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(INSTALL_COMMAND)
	@touch $@

$(STAMPS)/dev: requirements-dev.lock .venv/bin/python
	@mkdir -p $(STAMPS)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(INSTALL_COMMAND)
	@touch $(STAMPS)/run $@

$(NODE_STAMP): pwa/package-lock.json
	@node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' || { echo "Doorstep needs Node 20 or newer: https://nodejs.org"; exit 1; }
	cd pwa && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

app/static/pwa/index.html: $(NODE_STAMP) $(PWA_SOURCES)
	cd pwa && npm run --silent build
	@touch $@

setup: $(STAMPS)/run app/static/pwa/index.html ## Virtual environment, locked dependencies, phone app

run: setup ## Serve Doorstep; on an empty database with the sample territory
	@$(PY) -m app.cli start

run-distributed: setup $(STAMPS)/dev ## The same as many processes: PostgreSQL, Redis, two web processes, relay, two workers (no Docker)
	@$(PY) -m app.distributed

test: setup test-pwa test-python ## Every test: TypeScript, Python, API, browser, both databases (WORKERS, 2)

test-pwa: app/static/pwa/index.html
	cd pwa && npm test --silent

test-python: $(STAMPS)/dev app/static/pwa/index.html
	@$(PY) -m tests.support.browser
	$(PY) -m pytest -n $(or $(WORKERS),2) --dist loadfile --no-loadscope-reorder

lint: $(STAMPS)/dev $(NODE_STAMP) ## ruff, mypy --strict, import-linter, tsc
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	cd pwa && npm run --silent lint

bench: $(STAMPS)/dev app/static/pwa/index.html ## Measure; prints a table and writes build/bench.json
	@$(PY) -m tests.support.browser
	@$(PY) -m tests.benchmarks

fuzz: $(STAMPS)/dev ## Ten minutes of generated requests against the API; prints its seed (FUZZ_SECONDS, SEED)
	$(PY) -m tests.api.fuzz --seconds $(or $(FUZZ_SECONDS),600) $(if $(SEED),--seed $(SEED))

configuration: $(STAMPS)/dev ## Configuration against SAT, ten times as much as in make test (RUNS, SEED); prints its seed
	@export SEED=$${SEED:-$$RANDOM} RUNS=$${RUNS:-10}; echo "SEED=$$SEED RUNS=$$RUNS"; $(PY) -m pytest -q tests/conformance/test_configuration.py

faults: $(STAMPS)/dev app/static/pwa/index.html ## Random schedules of faults; jobs and notices whose processes are killed (RUNS, SEED, DATABASE=sqlite|postgresql, SHRINK=1); prints its seed
	$(PY) -W ignore -m tests.faults --runs $(or $(RUNS),100) $(if $(SEED),--seed $(SEED)) $(if $(DATABASE),--database $(DATABASE)) $(if $(SHRINK),--shrink)
	$(PY) -W ignore -m tests.faults.jobs --runs $(or $(RUNS),300) $(if $(SEED),--seed $(SEED)) $(if $(DATABASE),--database $(DATABASE))
	$(PY) -W ignore -m tests.faults.notices --runs $(or $(RUNS),100) $(if $(SEED),--seed $(SEED)) $(if $(DATABASE),--database $(DATABASE))

differential: $(STAMPS)/dev $(NODE_STAMP) ## Quotes by chance, priced on both sides (RUNS, SEED); prints its seed
	$(PY) -m tests.differential --runs $(or $(RUNS),100000) $(if $(SEED),--seed $(SEED))

format: $(STAMPS)/dev ## Format the Python code
	$(PY) -m ruff check --fix . && $(PY) -m ruff format .

lock: $(STAMPS)/dev ## Lock the Python dependencies anew
	export UV_CUSTOM_COMPILE_COMMAND="make lock"; for set in "requirements.lock" "requirements-dev.lock --extra dev"; do \
	  .venv/bin/uv pip compile -q --no-emit-index-url --generate-hashes --universal --python-version 3.11 --extra redis --extra build pyproject.toml -o $$set; done

wheel: setup ## A wheel that holds the built phone app, in dist/
	$(PY) -m pip wheel --quiet --no-deps -w dist .

clean: ## Remove what was built (not the database in var/)
	rm -rf .venv build dist app/static/pwa pwa/node_modules
