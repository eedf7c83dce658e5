# `make help` prints what is here.
SHELL = /bin/bash
.SHELLFLAGS = -euo pipefail -c
.DEFAULT_GOAL = help
.PHONY: help run demo test check bench full messages openapi requirements set-up

VENV = .venv
BIN = $(VENV)/bin
APPS = accounts aggregation ledger pemantau tps transcription uploads
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes
DEVELOPMENT = PEMANTAU_DEVELOPMENT=1
# Settings as in production, with a secret of the moment: what `check --deploy` looks at.
PRODUCTION = env -u PEMANTAU_DEVELOPMENT SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') \
	RECEIPT_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_hex(32))') \
	SITE_ORIGIN=https://pemantau.example DATABASE_URL=postgres://127.0.0.1/none EMAIL_URL=smtp://127.0.0.1 TRUSTED_PROXY_COUNT=1

help: ## print this
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run ## start the whole platform on this machine, until Ctrl-C
	@exec $(BIN)/python manage.py services

demo: $(VENV)/.test ## drive the full pipeline on a private instance, audit it, print one JSON line
	@$(DEVELOPMENT) $(BIN)/python manage.py demo

test: set-up ## run all tests against real services, browser included
	$(BIN)/pytest -n 2 --dist loadfile

check: $(VENV)/.test ## lint, types, import rules, migrations, deployment settings, API schema; then the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(DEVELOPMENT) $(BIN)/mypy $(APPS)
	$(BIN)/lint-imports
	$(DEVELOPMENT) $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(DEVELOPMENT) $(BIN)/python manage.py spectacular --validate --fail-on-warn --file $(VENV)/openapi.yaml
	@diff -u docs/openapi.yaml $(VENV)/openapi.yaml || { echo "docs/openapi.yaml is not current: make openapi"; exit 1; }
	$(MAKE) test

bench: $(VENV)/.test ## run the benchmarks, or one of them: make bench NAME=take
	@failed=0; for file in $(if $(NAME),benchmarks/$(NAME).py,benchmarks/[a-z]*.py); do \
		$(DEVELOPMENT) $(BIN)/python "$$file" || failed=1; done; exit $$failed

full: $(VENV)/.run ## import the real nation into the running instance: make full DATA=folder, with ALL=1 all five contests
	@test -n "$(DATA)" || { echo "Say where the data is: make full DATA=folder"; exit 2; }
	$(BIN)/python manage.py import_nation $(if $(ALL),--all-contests) "$(DATA)"

messages: $(VENV)/.test ## collect texts that are new; write their English into pemantau/locale/en, then run it again (needs gettext)
	$(DEVELOPMENT) $(BIN)/python manage.py makemessages -l en --no-wrap --no-location --no-obsolete --ignore .venv --ignore tests --ignore benchmarks
	$(DEVELOPMENT) $(BIN)/python manage.py compilemessages --ignore .venv

openapi: $(VENV)/.test ## write docs/openapi.yaml anew
	$(DEVELOPMENT) $(BIN)/python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

requirements: $(VENV)/.test ## pin the newest allowed versions of what requirements/*.in name
	$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-header -o requirements.txt requirements/base.in
	$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-header -o requirements/local.txt requirements/local.in
	$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-header -o requirements/dev.txt requirements/dev.in

set-up: $(VENV)/.test # what the tests need, Chromium and nginx included
	@bash tests/system_packages.sh

# --- The virtual environment: production, `make run`, and tests, each on top of the one before ---

$(VENV)/.python:
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Pemantau needs Python 3.11 or later as python3."; exit 1; }
	@python3 -m venv $(VENV) || { echo "Python has no venv here; on Debian: apt-get install python3-venv"; exit 1; }
	@touch $@

$(VENV)/.run: $(VENV)/.python requirements.txt requirements/local.txt
	@echo "Installing what requirements.txt and requirements/local.txt name."
	@$(INSTALL) -r requirements.txt -r requirements/local.txt
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements/dev.txt
	@echo "Installing what requirements/dev.txt names."
	@$(INSTALL) -r requirements/dev.txt
	@touch $@
