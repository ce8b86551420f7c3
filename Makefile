# make run · make test · make lab: each sets up .venv first, once. `make help` lists the rest.

PROFILE ?= auto
EDITION ?= instructor
LESSONS ?=
VERIFY ?=
FRESH ?=
PRETRAINED ?=
JOBS ?=
TESTS ?=
BROWSER ?=
SEED ?=
SEEDS ?=
MUTANTS ?=

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WEIGHTS := $(VENV)/.weights
# The first of python3.11 and python3 that runs and is new enough; PYTHON=… chooses another.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3.11 python3; do \
	$$p -c '$(NEW_ENOUGH)' >/dev/null 2>&1 && echo $$p && break; done)

.DEFAULT_GOAL := help
.PHONY: help setup run test lab reproduce build bench check zoo doctor constraints clean

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo '  PROFILE=auto|smoke|cpu|gpu|paper, LESSONS="00 01", EDITION=instructor|student, JOBS=2, PYTHON=…'

$(READY): pyproject.toml constraints.txt
	@if [ -z "$(PYTHON)" ] || ! $(PYTHON) -c '$(NEW_ENOUGH)' 2>/dev/null; then \
		echo "make: no Python 3.11 or newer found; install one, or name it: make PYTHON=/path/to/python3.11" >&2; \
		exit 1; fi
	@test -x $(BIN)/python || { echo "Creating $(VENV) with $(PYTHON)"; \
		$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }; }
	$(BIN)/python -m pip install -c constraints.txt -e ".[dev]"
	@touch $@

$(WEIGHTS): $(READY)
	@if $(BIN)/course models fetch real-esrgan; then touch $@; else \
		echo "make: without these weights, lessons 05 and 06 train two small networks;" \
			"the next make tries again"; fi

setup: $(WEIGHTS) ## only set up: make .venv, install the course into it, fetch Real-ESRGAN's weights

run: $(WEIGHTS) ## run the lessons, show what they measured, write a report; PRETRAINED=1 spares training
	@$(BIN)/course run --profile $(PROFILE) --edition $(EDITION) \
		$(if $(filter-out 0,$(PRETRAINED)),--pretrained) $(if $(JOBS),--jobs $(JOBS)) $(LESSONS)

test: $(READY) ## run the tests, one worker more than cores; TESTS=tests/viz runs some
	@$(BIN)/python -m pytest -n $(or $(JOBS),auto) --dist loadfile --no-loadscope-reorder \
		$(if $(filter 0,$(BROWSER)),--ignore=tests/browser) $(TESTS)

lab: $(WEIGHTS) ## copy the notebooks to work/, never over yours, and open lesson 00 there
	@mkdir -p work
	@set -e; for notebook in notebooks/*.ipynb; do mine=work/$${notebook##*/}; \
		if [ -e "$$mine" ]; then echo "$$mine is yours and stays; delete it for a fresh copy"; \
		else cp "$$notebook" "$$mine"; echo "$$mine is a fresh copy of $$notebook"; fi; done
	@$(BIN)/jupyter lab $(patsubst notebooks/%,work/%,$(firstword $(wildcard notebooks/00_*.ipynb)))

reproduce: $(READY) ## compute the result tables of LESSONS; VERIFY=1 checks them, FRESH=1 redoes them
	@$(BIN)/course reproduce --profile $(PROFILE) $(if $(filter-out 0,$(VERIFY)),--verify) \
		$(if $(filter-out 0,$(FRESH)),--fresh) $(LESSONS)

build: $(READY) ## regenerate the student notebooks from solutions/
	@$(BIN)/course build

bench: $(READY) ## measure what the performance claims rest on
	@set -e; for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file; done

check: $(READY) ## lint, formatting, types, workflows, stale notebooks
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/zizmor --offline --quiet .github/workflows
	@$(BIN)/course build --check

zoo: $(READY) ## run wrong answers, valid alternatives and mutants past every check
	@$(BIN)/course check-zoo $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS)) \
		$(if $(filter 0,$(MUTANTS)),--no-mutants) $(if $(JOBS),--jobs $(JOBS))

doctor: $(READY) ## say what is missing on this machine, and how to mend it
	@$(BIN)/course doctor

constraints: $(READY) ## pin in constraints.txt what .venv has now
	@{ sed -n '/^#/p' constraints.txt; $(BIN)/python -m pip freeze --exclude-editable; } > constraints.new
	@mv constraints.new constraints.txt

clean: ## delete build/ and caches; .venv stays
	@rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find course_lib tests benchmarks data_scripts -name __pycache__ -prune -exec rm -rf {} +
