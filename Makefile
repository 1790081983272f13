# make demo   set up everything and run a small shop live, then show receipts beside the truth
# make test   set up everything, PostgreSQL, Chromium, Node.js and two bookkeeping programs included, and run the tests
# make check  lint and strict types
# make page   type-check the operator's page and build what ships of it (needs Node.js, which users do not)
# make judge  replay every case under ../shared/cases and score it
# make docs   write pages of the docstrings, out/api
# make golden write the ledgers of the recorded scenarios anew; the difference is the review

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
WARM := $(VENV)/.warm
KERNELS := $(wildcard fusion/attribution/*.py fusion/tracking/*.py fusion/shelf/*.py fusion/health/*.py fusion/intake/*.py)
CASES ?= ../shared/cases
JUDGE ?= ../shared/judge/score.py
OUT ?= out

.PHONY: setup server books browser zmq node page demo test check judge golden docs clean

setup: $(STAMP) $(WARM)

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "aisle needs Python 3.11 or newer: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

# A compiled kernel keeps what it called when it was compiled: when any of them changes, all are compiled anew.
$(WARM): $(STAMP) $(KERNELS)
	find fusion -name '*.nb[ic]' -delete
	$(BIN)/python -m fusion.warm
	touch $@

# The tests start a PostgreSQL server of their own; this makes sure that there is one to start.
server:
	.ci/server

# The tests have exports of ledgers checked by hledger and by beancount.
books:
	PYTHON=$(PYTHON) .ci/books

# The tests open reports and the operator's page in a browser.
browser:
	.ci/browser

# The tests build a sensor in C.
zmq:
	.ci/zmq

# They build the operator's page too, and compare it with what ships.
node:
	.ci/node

page: node
	cd fusion/web/page && npm run --silent check && npm run --silent build

demo: setup
	$(BIN)/aisle demo --out $(OUT)/demo

test: setup server books browser zmq node
	$(BIN)/python -m pytest

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

judge: setup
	$(BIN)/python -m bench.judge $(CASES) $(OUT)/judge --score $(JUDGE)

golden: setup
	$(BIN)/python -m bench.golden --rewrite

# argparse gives its subparsers no type at run time; any other warning is an error.
docs: setup
	$(BIN)/python -W error -W 'ignore:Error parsing type annotation argparse._SubParsersAction' -m pdoc --no-show-source -o $(OUT)/api fusion sensors scenarios

clean:
	rm -rf $(VENV) $(OUT) build *.egg-info
