# Everything happens in a virtual environment of its own: Python 3.11 or later and make are all that is needed.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
QUICK  := runs/quickstart

.PHONY: quickstart test test-slow bench extensions docs lint clean

quickstart: $(READY)  ## train on the MNIST digits that come with the package, measure, draw: minutes
	@if [ -e $(QUICK)/run.json ]; then $(BIN)/advnets resume $(QUICK); else $(BIN)/advnets train mnist --run $(QUICK); fi
	$(BIN)/advnets interpolate $(QUICK)
	$(BIN)/advnets evaluate $(QUICK)
	@echo
	@echo "Digits that no one wrote: $(QUICK)/samples.png"
	@echo "  nearest training images: $(QUICK)/neighbors.png"
	@echo "  walks through z space:   $(QUICK)/interpolation.png"
	@echo "  everything, with the measures beside the paper's: $(QUICK)/report.md"

test: $(READY) lint  ## linters, type checker, all tests but the slow ones
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadgroup --no-loadscope-reorder

test-slow: $(READY)  ## the tests that take longer than a minute
	$(BIN)/pytest -m slow --timeout=3600

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

bench: $(READY)  ## speed against the peers' way; writes benchmarks/README.md
	$(BIN)/python benchmarks/speed/training.py
	$(BIN)/python benchmarks/speed/parzen.py

extensions: $(READY)  ## every figure of docs/extensions: two to four hours on two cores; stopped, it goes on
	$(BIN)/python benchmarks/extensions/cells.py

docs: $(READY)  ## draw the pictures of the README and docs anew
	$(BIN)/python tools/make_pictures.py

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Advnets needs Python 3.11 or later: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	touch $@

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis
