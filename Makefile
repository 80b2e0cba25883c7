# The commands of a day's work. `make run` and `make test` need nothing but Python, git and make.
.DEFAULT_GOAL := help
.PHONY: help run install test check servers pins bench clean

PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8000
TESTS ?= tests
# How many processes of the Procfile do the work: one a core.
WORKERS ?= $(shell getconf _NPROCESSORS_ONLN)
# How many workers run the tests; auto: two per core (tests/conftest.py).
JOBS ?= auto
# What `make bench` measures and how: BENCH="--short", BENCH="complete --busy".
BENCH ?=

help: ## Show this help
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

run: .venv/installed var/secret_key ## Start Guichet; with REDIS_URL: web, workers and poller of the Procfile
	@if [ -n "$$REDIS_URL" ]; then \
	  [ -n "$$SECRET_KEY$$SECRET_KEY_FILE" ] || export SECRET_KEY_FILE=var/secret_key; \
	  $(BIN)/python -m gateway init-db && \
	  PATH="$(CURDIR)/$(BIN):$$PATH" PUBLIC_URL="$${PUBLIC_URL:-http://localhost:$(PORT)}" \
	    exec $(BIN)/honcho start --port $(PORT) --concurrency work=$(WORKERS) web work poll; \
	else exec $(BIN)/python -m gateway serve --demo; fi

var/secret_key: | .venv/installed
	@mkdir -p var && umask 077 && $(BIN)/python -c 'import secrets; print(secrets.token_hex(32))' > $@

install: .venv/installed ## Make .venv with the pinned dependencies

.venv/installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Guichet needs Python 3.11 or newer (PYTHON=…)"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

servers: ## Install the real servers and the browser that the tests use (root or sudo)
	@./tests/install-servers

test: .venv/installed-dev servers ## Run the whole suite
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(TESTS)

check: .venv/installed-dev ## Lint, format, types, and the rules between the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed-dev servers ## Measure everything on an idle machine, and write docs/performance.md
	$(BIN)/python -m benchmarks $(BENCH)

pins: ## Compile and hash the pinned dependencies anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q requirements.in -o requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q requirements-dev.in -o requirements-dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q requirements-speech.in -o requirements-speech.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q requirements-sentences.in -o requirements-sentences.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q requirements-tracing.in -o requirements-tracing.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q benchmarks/helpdesk/requirements.in -o benchmarks/helpdesk/requirements.txt

clean: ## Remove what was built; data in var/ stays
	rm -rf .venv .mypy_cache .ruff_cache .hypothesis
