# Each target sets up what it needs in .venv; nothing but Python 3.11+ and make is expected.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test test-slow check format measure portraits clean

demo: $(READY) ## edit built-in portraits; look at out/demo/contact-sheet.png
	$(BIN)/pixelguide demo --out out/demo

test: $(READY) ## the whole test suite
	$(BIN)/python -m pytest

test-slow: $(READY) ## checks that take longer
	$(BIN)/python -m pytest -m slow

check: $(READY) ## formatting, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

measure: $(READY) ## the numbers of docs/results.md (about half an hour on 2 cores)
	$(BIN)/pixelguide demo --out out/measure --edits 64 --held-out 200
	$(BIN)/python -m benchmarks.labels_needed out/measure

# The constraint keeps torch at the tested version; where an index offers CPU builds it is taken
# from there, which saves gigabytes.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	touch $(READY)

clean:
	rm -rf $(VENV) out
