# calibra: `make demo` shows it, `make test` runs the tests, `make check` is what CI runs. GNU make, Python 3.12 or newer with pip.
# `make help` lists the commands; PYTHON=/path/to/python picks the interpreter.

MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help install demo test test-engines docs check lint check-lowest study fuzz mutate bench clean

VENV := .venv
BIN := $(VENV)/bin
NAMES := python3.13 python3.12 python3.14 python3 python
READY := $(VENV)/.installed
ALL_READY := $(VENV)/.installed-all
LOWEST := .venv-lowest
LOWEST_READY := $(LOWEST)/.installed
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check

# An interpreter counts only if it runs: a version manager may leave names on the PATH that answer with an error.
# PYTHON, when given, is the only candidate for .venv and the first for .venv-lowest.
# $(call find-python,lowest minor version,highest,names) prints the first that fits, or nothing.
find-python = for name in $(3); do \
    "$$name" -c 'import sys, venv, ensurepip; sys.exit(not (3, $(1)) <= sys.version_info[:2] <= (3, $(2)))' >/dev/null 2>&1 \
    && { command -v "$$name"; break; }; done; true
ANY_PYTHON = $(call find-python,12,99,$(or $(PYTHON),$(NAMES)))
LOWEST_PYTHON = $(call find-python,12,13,$(PYTHON) python3.12 python3.13 python3 python)

help:  ## List the commands
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

install: $(READY)  ## Make .venv and install calibra with everything its tests need

$(READY): pyproject.toml constraints.txt
	@python=$$($(ANY_PYTHON)); \
	if [ -z "$$python" ]; then \
	    echo "calibra needs Python 3.12 or newer, with venv and pip; tried and found wanting: $(or $(PYTHON),$(NAMES))." >&2; \
	    echo "Install one, or name it: make PYTHON=/path/to/python" >&2; exit 1; fi; \
	if ! $(BIN)/python -c 'import pip' >/dev/null 2>&1; then \
	    echo "Making $(VENV) with $$python"; "$$python" -m venv --clear $(VENV); fi
	@echo "Installing calibra and its tools into $(VENV) (some minutes the first time)"
	@$(BIN)/python $(PIP_INSTALL) --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(READY)  ## Simulate twenty reps, fit them, print the tables, write pictures and report
	@$(BIN)/calibra demo

test: $(READY)  ## Run the tests
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n auto --dist loadfile -m 'not engines and not browser'

$(ALL_READY): $(READY) pyproject.toml constraints.txt
	@echo "Installing every back end and the documentation tools into $(VENV)"
	@$(BIN)/python $(PIP_INSTALL) --constraint constraints.txt --editable '.[dev,engines,docs]'
	@touch $@

test-engines: $(ALL_READY)  ## Run the tests on PostgreSQL, PySpark and a browser; what is not on the machine is skipped, with the reason
	@$(BIN)/python -m pytest -q -m 'engines or browser' tests

docs: $(ALL_READY)  ## Build the documentation; a warning is an error
	@$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

lint: $(READY)  ## Format, lint, types and floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tests/house.py

check: lint test test-engines docs check-lowest  ## What CI runs: all of it, and the lowest supported versions

$(LOWEST_READY): pyproject.toml constraints-lowest.txt
	@python=$$($(LOWEST_PYTHON)); \
	if [ -z "$$python" ]; then echo "The lowest versions need Python 3.12 or 3.13; none is on the PATH." >&2; exit 1; fi; \
	if ! $(LOWEST)/bin/python -c 'import pip' >/dev/null 2>&1; then \
	    echo "Making $(LOWEST) with $$python"; "$$python" -m venv --clear $(LOWEST); fi
	@echo "Installing calibra with the lowest supported versions into $(LOWEST)"
	@$(LOWEST)/bin/python $(PIP_INSTALL) --constraint constraints-lowest.txt --editable '.[test]'
	@touch $@

# Deprecations of old releases are not ours to mend: warnings stay warnings here.
check-lowest: $(LOWEST_READY)  ## Run the quick tests on the lowest supported versions
	@OMP_NUM_THREADS=1 $(LOWEST)/bin/python -m pytest -q -n auto --dist loadfile \
	    -m 'not slow and not nuts and not engines and not browser and not current' -W default --disable-warnings tests README.md

fuzz: $(READY)  ## Some 10,000 odd frames, settings, command lines and files: long
	@CALIBRA_FUZZ=32 $(BIN)/python -m pytest -q tests/fuzz tests/test_long_runs.py tests/data/frames/test_differential_drift.py tests/data/frames/test_differential_types.py

mutate: $(READY)  ## Seed faults into a copy of the code, one at a time; each must be caught by a test
	@$(BIN)/python tests/mutate.py

study: $(READY)  ## Coverage, false flags, simulation-based calibration: long; writes docs/studies
	@set -e; for file in $$(grep -l '__name__ == "__main__"' studies/*.py); do \
	    module=studies.$$(basename $$file .py); echo "$$module"; $(BIN)/python -m $$module; done

bench: $(READY)  ## Speed, as ratios to a named peer: long
	@set -e; for script in $(wildcard benchmarks/bench_*.py); do echo "$$script"; OMP_NUM_THREADS=1 $(BIN)/python $$script; done

clean:  ## Remove environments, caches and what the demo wrote
	@rm -rf $(VENV) $(LOWEST) demo-out dist build docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
