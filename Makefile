# Matron's commands. The first needs Python 3.11 or newer and nothing else; `make help` lists all.
#
#   make run     a demo hospital on http://127.0.0.1:8000
#   make test    linters, types, tests

PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIND ?= 127.0.0.1:8000
# Processes of tests: one more than cores, for much of a test is waiting.
CORES ?= 3

BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq

# Compiled modules are kept beside their sources even where the environment says otherwise: the tests start hundreds of
# processes, and each of them compiled all of the project anew (2.2 s instead of 1.0 s of processor time).
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test lint long bench screenshots lock clean

help:
	@echo "make run     install into $(VENV) and start a demo hospital on http://$(BIND)"
	@echo "make test    linters, types, tests"
	@echo "make lint    linters and types alone"
	@echo "make long    the tests that take minutes"
	@echo "make bench   micro-benchmarks and load scenarios"
	@echo "make screenshots  the pictures of docs/images anew, of a demo in Chromium"
	@echo "make lock    resolve the dependencies again (needs uv)"
	@echo "make clean   remove $(VENV) and caches"

run: $(STAMP)
	@echo "Matron: http://$(BIND)  (API: /api/v1, its pages: /api/docs; stop with Ctrl-C)"
	@exec $(BIN)/matron demo --bind $(BIND)

test: lint
	@$(BIN)/python -m pytest -n $(CORES) --dist loadfile --no-loadscope-reorder

lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

long: $(STAMP)
	@$(BIN)/python -m pytest -m long

bench: $(STAMP)
	@$(BIN)/matron-perf bench

screenshots: $(STAMP)
	@$(BIN)/python -m tests.gateway.console.screenshots docs/images

# The stamp makes a second run start at once. The lock holds every package with its hashes, the build backend too.
$(STAMP): requirements.lock pyproject.toml
	@$(if $(PYTHON),,echo "Python 3.11 or newer is needed: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1)
	@echo "Installing into $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

lock:
	@uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		--extra test --extra docs --output-file requirements.lock pyproject.toml
	@ops/container/lock.sh

clean:
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis dist
	@find engine gateway replay perf tests -name __pycache__ -type d -prune -exec rm -rf {} +
