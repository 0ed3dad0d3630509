# Every target sets up what it needs in a virtual environment of its own (.venv).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal

.PHONY: demo test test-all mutants test-latest fmt check bench docs

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(VENV)/.ready  ## the tour, then a recipe on the files that it leaves, with a report
	$(BIN)/plaudit demo --report demo/tour.html --files demo
	$(BIN)/plaudit score demo/rollouts.jsonl --recipe demo/recipe.yaml --overwrite \
	  --output demo/scored.jsonl --report demo/report.html

test: $(VENV)/.ready  ## everything that a change can break, in minutes: unit, contract, e2e, docs
	$(PYTEST)

test-all: $(VENV)/.ready  ## and what is marked slow, with examples drawn anew
	$(PYTEST) -m 'slow or not slow' --hypothesis-profile random

mutants: $(VENV)/.ready  ## changes one operator or constant at a time: nine tenths must be caught
	$(BIN)/python tests/mutants.py --write

test-latest:  ## the suite on the newest releases that pyproject.toml allows, constraints lifted
	$(PYTHON) -m venv $(VENV)-latest
	$(VENV)-latest/bin/pip install --quiet --upgrade --upgrade-strategy eager --editable '.[dev]'
	$(VENV)-latest/bin/python -m pytest

fmt: $(VENV)/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

bench: $(VENV)/.ready  ## prints the tables of docs/performance.md; needs `pip install -c constraints.txt torch trl`
	$(BIN)/python -m benchmarks

docs: $(VENV)/.ready  ## writes docs/reference.md from the docstrings
	$(BIN)/python docs/reference.py
