# Every target sets up what it needs: a fresh machine has python3 (3.11+), git and make only.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help test check lint types layers

help: ## Show the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

$(VENV)/.installed: requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

test: $(VENV)/.installed ## Run the tests
	$(BIN)/python -m pytest

lint: $(VENV)/.installed ## Lint and check the format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.installed ## Check the types
	$(BIN)/mypy

layers: $(VENV)/.installed ## Prove the import layers
	PYTHONPATH=scripts $(BIN)/lint-imports

check: lint types layers test ## The whole gate
