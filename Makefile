# The ways in. `make` alone lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PAGE := streamer/page/index.html
PAGE_SOURCES := $(shell find web -name node_modules -prune -o -path web/tests -prune -o -type f -print)
PIP := .venv/bin/python -m pip --disable-pip-version-check install --quiet -c constraints.txt

.PHONY: help demo test check page bench

help: ## List these commands.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' Makefile

demo: .venv/installed $(PAGE) ## Play the sample conversation into the dashboard and print its address.
	@.venv/bin/undertone replay sample --serve

test: .venv/installed-dev $(PAGE) ## Get everything that the tests need, then run all tests, the real browser included.
	@scripts/test-tools
	@.venv/bin/pytest -n 2 --dist loadfile -m "not alone"
	@.venv/bin/pytest tests/e2e -m alone

check: .venv/installed-dev web/node_modules/.package-lock.json ## Lint, formatting and types of all code, and the page's own tests.
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/mypy hatch_build.py
	@cd web && ../scripts/with-node npm run --silent check && ../scripts/with-node npm test --silent

page: $(PAGE) ## Build the browser page into streamer/page.

bench: .venv/installed-dev ## Measure everything on this machine, some ten minutes; figures and pictures go to runs/bench.
	@for verb in 'reference --repetitions 3' engine latency load replay; do \
		name=runs/bench/$${verb%% *}; .venv/bin/undertone bench $$verb -o $$name.json --plot $$name.png; \
	done

.venv/bin/python:
	@scripts/make-venv

.venv/installed: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing undertone into .venv: some minutes the first time"
	@$(PIP) -e .
	@touch $@

.venv/installed-dev: .venv/installed
	@echo "Installing what the tests and checks need into .venv"
	@$(PIP) -e '.[dev,sample,train]'
	@touch $@

web/node_modules/.package-lock.json: web/package.json web/package-lock.json | .venv/bin/python
	@cd web && ../scripts/with-node npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(PAGE): web/node_modules/.package-lock.json $(PAGE_SOURCES)
	@cd web && ../scripts/with-node npm run --silent build
	@touch $@
