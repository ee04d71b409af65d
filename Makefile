# The two commands are `make run` and `make test`; `make` alone lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
VENDOR := taskmaster/site/static/vendor
WORKERS ?= 3 # tests wait half of their time
JOURNEYS := $(BIN)/python -m pytest --timeout 900 -rfEP --show-capture stdout --durations 10
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help run test coverage check lint journeys audit bench assets requirements clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.runtime assets ## install, migrate and serve at http://127.0.0.1:8000
	$(BIN)/flask --app wsgi db upgrade
	$(BIN)/python wsgi.py

test: $(VENV)/.dev assets ## run all tests, on SQLite and PostgreSQL (journeys apart)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder -m "not journey" $(OPTIONS)

coverage: OPTIONS := --cov --cov-report term:skip-covered --cov-report html
coverage: test ## the same, with coverage: a table here, pages in htmlcov/

check: lint ## lint, types, import order, then all tests
	$(MAKE) test

lint: $(VENV)/.dev ## lint, types, import order and the Dockerfile only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile

journeys: $(VENV)/.dev node_modules/.dev ## drive real servers with real clients, a browser among them
	$(JOURNEYS) -m "journey and not alone" -n $(WORKERS) --dist loadscope
	$(JOURNEYS) -m "journey and alone"

audit: $(VENV)/.dev ## look for known vulnerabilities in the pinned packages
	$(BIN)/python .ci/audit.py

bench: $(VENV)/.dev ## measure beside PocketBase, Django and FastAPI; OPTIONS=--help lists the options
	$(BIN)/python -m bench $(OPTIONS)

ifneq ($(shell command -v npm 2>/dev/null),)
assets: ## install the two browser bundles (needs npm)
	@$(MAKE) --no-print-directory $(VENDOR)/.installed || \
	echo "npm could not install the browser bundles: /docs loads its script from a CDN instead."
else
assets:
	@echo "npm is not here: /docs loads its script from a CDN instead."
endif

$(VENDOR)/.installed: package-lock.json package.json .npmrc
	npm ci --omit=dev --no-progress
	mkdir -p $(VENDOR)
	cp node_modules/redoc/bundles/redoc.standalone.js $(VENDOR)/
	cp node_modules/redoc/bundles/redoc.standalone.js.LICENSE.txt $(VENDOR)/
	cp node_modules/socket.io-client/dist/socket.io.min.js $(VENDOR)/
	touch $@

# What generates and lints clients; it reinstalls the bundles' packages too.
node_modules/.dev: $(VENDOR)/.installed
	npm ci --no-progress
	touch $@

requirements: $(VENV)/.dev ## pin the *.in files again; UPGRADE=--upgrade takes newer versions
	for name in requirements requirements-dev bench/requirements; do \
	  UV_CUSTOM_COMPILE_COMMAND="make requirements" $(BIN)/uv --no-config pip compile --quiet \
	    --universal --python-version 3.11 --generate-hashes --no-strip-extras $(UPGRADE) \
	    --output-file $$name.txt $$name.in || exit 1; \
	done

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Taskmaster needs Python 3.11 or newer: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.runtime: requirements.txt | $(VENV)/.python
	$(PIP) install --quiet --require-hashes -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt | $(VENV)/.python
	$(PIP) install --quiet --require-hashes -r requirements-dev.txt
	touch $@ $(VENV)/.runtime

clean: ## remove the environment, bundles and caches (never instance/, your data)
	rm -rf $(VENV) $(VENV)-* node_modules $(VENDOR) .coverage .hypothesis .import_linter_cache .mypy_cache \
	  .pytest_cache .ruff_cache .schemathesis htmlcov
	find taskmaster tests migrations bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
