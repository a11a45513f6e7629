# Redline.  A fresh machine needs Python 3.11 or newer and `make`; everything else is set up here.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT   ?= 8000
ARGS   ?=
PART   ?= all
ONLY   ?=
# Hundreds of processes start here: what Python compiled is kept, in one place beside the tree.
export PYTHONPYCACHEPREFIX := $(CURDIR)/.make/bytecode
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test check soak bench lint types contracts fast console console-check servers screenshots clean lock
.PHONY: test-static test-unit test-servers test-chain test-recovery test-kill test-browser

help:
	@echo "make demo [PORT=8000] [ARGS=--once]   the whole chain on this machine: simulated plant, monitor, console"
	@echo "make test [PART=static|unit|servers|chain|recovery|kill|browser]   all tests, or one part of them"
	@echo "make check                            lint, types, contracts, fast tests"
	@echo "make soak                             the long tests"
	@echo "make bench [ONLY=pipeline]            the figures"

# --- set-up ------------------------------------------------------------------------------------------
.make/python: requirements-dev.txt pyproject.toml deploy/build_console.py
	@mkdir -p .make
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Redline needs Python 3.11 or newer: make PYTHON=python3.11" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "no venv module: apt-get install python3-venv" >&2; exit 2; }
	@echo "installing Python packages (locked, with hashes) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@echo "building the console and installing redline ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

console: .make/python
	@$(BIN)/python deploy/build_console.py

servers:
	@deploy/setup.sh

# --- use ---------------------------------------------------------------------------------------------
demo: .make/python console
	@$(BIN)/redline demo --port $(PORT) $(ARGS)

# --- checks ------------------------------------------------------------------------------------------
lint: .make/python
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet .

types: .make/python
	@$(BIN)/mypy

contracts: .make/python
	@$(BIN)/lint-imports --no-cache >/tmp/redline-contracts.log || { cat /tmp/redline-contracts.log; exit 1; }

fast: .make/python
	@$(BIN)/pytest -q -n 2 --dist worksteal -m "$(QUICK)" tests

check: lint types contracts fast

# Each part takes less than nine minutes; a skipped test fails where everything can be installed (tests/conftest.py).
# No recipe calls make, so that `make -n test` only shows what would run.
PARTS := static unit servers chain recovery kill browser
RECOVERY := $(addprefix tests/faults/test_,$(addsuffix .py,dead_device disk_full interlocks restart rule_memory scanner_death shadow subscription))
QUICK := not slow and not browser and not soak
SLOW  := slow and not browser and not soak
PART_OF = $(if $(filter all,$(PART)),$(PARTS),$(PART))
$(if $(filter-out all $(PARTS),$(PART)),$(error PART is one of: all $(PARTS)))
.NOTPARALLEL:

test: .make/python console servers $(addprefix test-,$(PART_OF))

test-static: lint contracts console
	@$(BIN)/python deploy/build_console.py test & beside=$$!; $(BIN)/mypy; typed=$$?; wait $$beside && exit $$typed
# All but the kills wait more than they work (for disks, for servers, for deadlines): three at a time on two cores.
test-unit: .make/python
	@echo "== unit" && $(BIN)/pytest -q -n 3 --dist worksteal -m "$(QUICK)" tests
test-servers: .make/python
	@echo "== servers" && $(BIN)/pytest -q -n 3 --dist worksteal -m "$(SLOW)" tests --ignore=tests/faults --ignore=tests/browser
test-chain: .make/python
	@echo "== chain" && $(BIN)/pytest -q -n 3 --dist loadfile -m "$(SLOW)" tests/faults $(addprefix --ignore=,tests/faults/test_kill.py $(RECOVERY))
test-recovery: .make/python
	@echo "== recovery" && $(BIN)/pytest -q -n 3 --dist loadfile -m "$(SLOW)" $(RECOVERY)
test-kill: .make/python
	@echo "== kill" && $(BIN)/pytest -q -s -m "$(SLOW)" tests/faults/test_kill.py
test-browser: .make/python
	@echo "== browser" && $(BIN)/pytest -q -n 3 --dist loadfile -m "browser and not soak" tests/browser

# Types, reducers and formats of the console; its lock file names no addresses.
console-check: .make/python console
	@$(BIN)/python deploy/build_console.py test

# The pictures of the README, from a real incident in a real browser.
screenshots: .make/python console servers
	@mkdir -p docs/screenshots && REDLINE_SCREENSHOTS=docs/screenshots $(BIN)/pytest -q tests/browser/test_incident.py

soak: .make/python console servers
	@$(BIN)/pytest -q -m soak tests

bench: .make/python
	@$(BIN)/python -m tests.benchmarks $(ONLY)

# Maintainers only: rewrite the lock files from pyproject.toml (needs `pip install uv`).
lock:
	uv pip compile -q pyproject.toml --python-version 3.11 --universal --generate-hashes --no-header --no-annotate --no-emit-index-url -o requirements.txt
	uv pip compile -q pyproject.toml --extra dev -c requirements.txt --python-version 3.11 --universal --generate-hashes --no-header --no-annotate --no-emit-index-url -o requirements-dev.txt

clean:
	rm -rf .make .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis monitor/console/dist monitor/console/node_modules
