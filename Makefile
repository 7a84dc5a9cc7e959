# Every target sets up what it needs: a fresh machine has python3 (3.11+), git and make only.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SCANNERS := .venv-scanners
FIXERS := .venv-fixers
PIP := -m pip --disable-pip-version-check install --quiet --require-hashes
ACTIONLINT := $(CURDIR)/.tools/actionlint
ACTIONLINT_VERSION := v1.7.7
OPENAPI := .tools/github-openapi.json
WORKFLOWS := action.yml .github/workflows
export PYTHONPATH := scripts

.DEFAULT_GOAL := help
.PHONY: help install demo test coverage check lint types layers schemas stale workflows spelling openapi bench e2e faults soak lock clean

help: ## Show the targets
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

$(VENV)/.installed: requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP) -r requirements-dev.txt
	@touch $@

$(SCANNERS)/.installed: requirements-scanners.txt
	$(PYTHON) -m venv $(SCANNERS)
	$(SCANNERS)/bin/python $(PIP) -r requirements-scanners.txt
	@touch $@

$(FIXERS)/.installed: requirements-fixers.txt
	$(PYTHON) -m venv $(FIXERS)
	$(FIXERS)/bin/python $(PIP) -r requirements-fixers.txt
	@touch $@

install: $(VENV)/.installed ## Set up the Python environment in .venv

demo: $(VENV)/.installed $(SCANNERS)/.installed $(FIXERS)/.installed ## Fix the example shop for real, from scan to re-scan
	@PATH="$(CURDIR)/$(FIXERS)/bin:$(CURDIR)/$(SCANNERS)/bin:$$PATH" PYTHON="$(BIN)/python" examples/demo.sh

test: $(VENV)/.installed $(SCANNERS)/.installed $(FIXERS)/.installed ## Run the tests
	cd examples/vulnerable-shop && "$(CURDIR)/$(BIN)/python" -m pytest --quiet
	PATH="$(CURDIR)/$(FIXERS)/bin:$(CURDIR)/$(SCANNERS)/bin:$$PATH" $(BIN)/python -m pytest

coverage: $(VENV)/.installed ## Prove that the tests take every branch of domain and policy
	$(BIN)/python -m pytest --quiet --cov=codeql_fixer.domain --cov=codeql_fixer.policy --cov-branch --cov-fail-under=100 \
	  --cov-report=term-missing:skip-covered tests/unit

lint: $(VENV)/.installed ## Lint and check the format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.installed ## Check the types
	$(BIN)/mypy

layers: $(VENV)/.installed ## Prove the import layers
	$(BIN)/lint-imports

schemas: $(VENV)/.installed ## Write the schemas and pages that are made from the code
	$(BIN)/python -m codeql_fixer.entrypoints.generate

stale: $(VENV)/.installed ## Fail when one of them is stale
	$(BIN)/python -m codeql_fixer.entrypoints.generate --check
	$(BIN)/check-jsonschema --check-metaschema telemetry/schemas/*.json docs/reference/*.json

$(ACTIONLINT): Makefile
	GOBIN="$(dir $@)" go install github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT_VERSION)
	@touch $@

workflows: $(VENV)/.installed $(ACTIONLINT) ## Audit action.yml and the workflows
	$(BIN)/zizmor --quiet --offline --persona=pedantic $(WORKFLOWS)
	$(ACTIONLINT)
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

spelling: $(VENV)/.installed ## Look for typing errors
	$(BIN)/typos

$(OPENAPI): tests/fetch_openapi.sh
	tests/fetch_openapi.sh $@

openapi: $(OPENAPI) ## Fetch GitHub's description of its API for the tests (needs npm)

check: lint types layers stale workflows spelling coverage test ## The whole gate

bench: $(VENV)/.installed ## Measure against peers and the floor; prints ratios (BENCH=--quick for a short one)
	tests/bench/run.sh $(BENCH)

e2e: $(VENV)/.installed ## Run action.yml in act
	tests/e2e/run.sh

faults: $(VENV)/.installed ## Kill and starve dispatchers until so many faults have struck (FAULTS=2000)
	PYTHONPATH="$(CURDIR)/scripts:$(CURDIR)" $(BIN)/python -m tests.faults.run --faults $${FAULTS:-2000}

soak: $(VENV)/.installed ## Long fuzzing: readers and records (EXAMPLES), budgets (STEPS), lifecycles (SEQUENCES), dispatching (FAULTS), fleets (FLEET_*, CYCLES_*)
	STEPS=$${STEPS:-1000000} HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest -q tests/unit/adapters/sarif/test_fuzz.py tests/security tests/unit/policy \
	  tests/unit/adapters/ledger
	SEQUENCES=$${SEQUENCES:-10000} $(BIN)/python -m pytest -q tests/contract/test_index_laws.py
	FLEET_REPOSITORIES=$${FLEET_REPOSITORIES:-1000} FLEET_DAYS=$${FLEET_DAYS:-30} FLEET_SEEDS=$${FLEET_SEEDS:-1} \
	  $(BIN)/python -m pytest -q tests/integration/test_simulated_fleet.py
	$(MAKE) faults FAULTS=$${FAULTS:-10000}
	CYCLES_REPOSITORIES=$${CYCLES_REPOSITORIES:-50} CYCLES_DAYS=$${CYCLES_DAYS:-30} $(BIN)/python -m pytest -q \
	  tests/integration/test_fleet_cycles.py

# Extras stay in the lock: pip looks for the hashes of `hishel[async]`, which githubkit asks for, under that name only.
lock: ## Renew the lock files (needs uv)
	for set in requirements requirements-dev requirements-scanners requirements-fixers requirements-bench; do \
	  uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-header \
	    --custom-compile-command "make lock" $$set.in --output-file $$set.txt || exit 1; done

clean: ## Remove everything that was set up or made
	rm -rf $(VENV) $(SCANNERS) $(FIXERS) .tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache out
