# Order Center: everything a person types. Needs Python 3.11 or newer, git and make; nothing else.
#
#   make demo    set up, start everything with a demo world, print address and logins
#   make run     the same without the demo world (production processes)
#   make test    all tests          make check   style, types, structure, migrations, translations
#   make bench   speed, each figure beside its floor
#   make stop    stop the embedded databases        make clean   remove .venv (never var/)

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
TEST_WORKERS ?= 2
# More words for pytest, for example: make test ARGS="tests/engine -k kill"
ARGS ?=

# The environment is as the lock says when the stamp carries the lock's checksum.
LOCK_SUM := $(shell cat requirements-dev.lock Makefile | cksum | cut -d ' ' -f 1)
STAMP := $(VENV)/synced-$(LOCK_SUM)

export PORT
# Tests and checks never start or touch the database of the running installation.
CHECK_ENV := OC_EMBEDDED_AUTOSTART=0 SECRET_KEY=check CREDENTIAL_KEY=check

.PHONY: demo run test bench check stop clean setup
.DEFAULT_GOAL := demo

demo: setup
	@$(BIN)/python manage.py up --demo

run: setup
	@$(BIN)/python manage.py up

# Both runs happen even if the first one fails; the closing line of pytest comes last.
test: setup
# Status 5 means that a choice in ARGS has left nothing for one of the runs.
	@failed=; \
	run() { $(BIN)/pytest "$$@" $(ARGS); status=$$?; \
	  test $$status = 0 || test "$$status$(if $(ARGS),,all)" = 5 || failed=yes; }; \
	run -n $(TEST_WORKERS) --dist worksteal -m "not processes"; \
	run -n 3 --dist worksteal -m processes; \
	test -z "$$failed" || { echo "Some tests failed, see above." >&2; exit 1; }

bench: setup
	@$(BIN)/python -m scripts.bench $(ARGS)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(CHECK_ENV) $(BIN)/mypy
	$(CHECK_ENV) $(BIN)/lint-imports --no-logo
	$(CHECK_ENV) $(BIN)/python -W "ignore:Got an error checking" manage.py makemigrations --check --dry-run
	$(CHECK_ENV) $(BIN)/python -m scripts.messages --check
	@echo "All checks passed."

stop: setup
	@$(BIN)/python -m ordercenter.engine.postgres stop
	@$(BIN)/python -m ordercenter.engine.postgres stop --profile test

clean:
	rm -rf $(VENV)

setup: $(STAMP)

$(STAMP): requirements-dev.lock
	@$(PYTHON) -c 'import sys' 2>/dev/null || { \
	  echo "Order Center needs Python 3.11 or newer; '$(PYTHON)' was not found." \
	       "Name one that exists: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Order Center needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) -V)." \
	       "Name a newer one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "This Python cannot make virtual environments." \
	       "On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing the Python packages of requirements-dev.lock into $(VENV) ..."
	@$(BIN)/python -c 'import pip' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@rm -f $(VENV)/synced-*
	@if $(BIN)/python -m pip install --quiet --disable-pip-version-check uv; then \
	  $(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements-dev.lock; \
	else \
	  echo "uv is not to be had here; pip does the same, only slower."; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	    -r requirements-dev.lock; \
	fi
	@touch $@
