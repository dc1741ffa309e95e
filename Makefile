# Everything starts here. `make run` and `make test` set up all they need by themselves, from a fresh checkout, and do it only once:
# each stamp file below is newer than what it was made from, until that changes.

PYTHON ?= python3
DATA ?= ../shared/data
# How many processes run the tests at a time.
JOBS ?= 2
# More for pytest, such as ARGS="-k streak", or for real-data, such as ARGS=--postgres.
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock"

# Packages are installed into .venv whatever virtual environment the caller is in; copying works across file systems.
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
export UV_LINK_MODE := copy
# Compiled once here, not at every start where the environment forbids Python to write: 0.8 s instead of 3 s for `hub --help`.
export UV_COMPILE_BYTECODE := 1
export UV_NO_PROGRESS := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test check bench real-data venv lock vendor clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: $(STAMPS)/runtime ## a demo hub with data at http://127.0.0.1:8000
	$(BIN)/hub demo

test: $(STAMPS)/dev $(STAMPS)/npm ## all tests, on both databases and in a real browser
	$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

check: $(STAMPS)/dev ## lint, format, types, import contracts, migrations match the models
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
# `hub db check` migrates a throw-away database and runs Alembic's own check against the models.
	$(BIN)/hub db check

bench: $(STAMPS)/dev ## the benchmarks, each beside its target
	$(BIN)/python -m bench

real-data: $(STAMPS)/dev ## import real data sets and compare (DATA=folder)
	$(BIN)/python -m tests.real_data $(DATA) $(ARGS)

venv: $(STAMPS)/dev $(STAMPS)/npm ## only set up: packages and test tools

lock: $(STAMPS)/uv ## resolve requirements/*.in again (UPGRADE=--upgrade for newer versions)
	$(LOCK) $(UPGRADE) requirements/bootstrap.in --output-file requirements/bootstrap.txt
	$(LOCK) $(UPGRADE) requirements/runtime.in requirements/build.in --output-file requirements/runtime.txt
	$(LOCK) $(UPGRADE) requirements/dev.in --output-file requirements/dev.txt

vendor: ## fetch the pinned browser packages again into hub/static/vendor
	node scripts/vendor.mjs

clean: ## remove what make and the tests have made (not instance/)
	rm -rf $(VENV) node_modules build dist .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis test-results *.egg-info
	find hub tests bench migrations -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# uv is fetched by pip, checked against its hash. Where there is no build of it for this machine, pip does its work, slower.
$(STAMPS)/uv: requirements/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "hub needs Python 3.11 or newer: make PYTHON=/path/to/python3 ..." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/bootstrap.txt \
		|| echo "uv is not available here; going on with pip"
	@mkdir -p $(STAMPS) && touch $@

# $(call install,LOCK): the packages of a lock file, checked against their hashes, then the project itself, editable.
define install
	if test -x $(BIN)/uv; then \
		$(BIN)/uv pip install --quiet --require-hashes -r $(1) && \
		$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .; \
	else \
		$(BIN)/python -m pip install --quiet --require-hashes -r $(1) && \
		$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .; \
	fi
	@touch $@
endef

$(STAMPS)/runtime: $(STAMPS)/uv requirements/runtime.txt pyproject.toml
	$(call install,requirements/runtime.txt)

# dev.txt is a superset of runtime.txt at the same versions, so this serves `make run` too.
$(STAMPS)/dev: $(STAMPS)/uv requirements/dev.txt pyproject.toml
	$(call install,requirements/dev.txt)
	@touch $(STAMPS)/runtime

# The browser, the accessibility rules and the identity providers of the tests; nothing of it is needed to run the hub.
$(STAMPS)/npm: package.json package-lock.json scripts/browser.mjs
	@command -v npm >/dev/null || { echo "the tests need Node.js 20 or newer, with npm" >&2; exit 1; }
	npm ci --no-audit --no-fund
	node scripts/browser.mjs
	@mkdir -p $(STAMPS) && touch $@
