# Every target sets up what it needs in a virtual environment of its own (.venv).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test test-latest fmt check bench docs

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(VENV)/.ready  ## the tour, then the r1 recipe on a bundled file, with its report
	$(BIN)/plaudit demo --report demo/tour.html
	$(BIN)/plaudit score src/plaudit/demo/sample.jsonl --recipe r1 --overwrite \
	  --output demo/scored.jsonl --report demo/report.html --allow-unscored

test: $(VENV)/.ready  ## everything: unit, contract, golden, fuzz, end to end, doctests, docs
	$(BIN)/python -m pytest

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
