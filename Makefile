.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV ?= $(BIN)/uv
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header

help: ## Show what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: $(VENV)/.complete ## Make the Python environment from the lock file

$(VENV)/.complete: requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

demo: env ## Show what a person sees, on a real API server (KEEP=1 keeps it open)
	@$(BIN)/python -m demo $(if $(KEEP),--keep)

test: env chromium ## Run all tests, end to end on a real control plane
	$(BIN)/pytest

cluster: env ## Install the chart on a cluster whose nodes run pods, and try it (CORE=1: what CI does; KEEP=1: keep it open)
	@$(BIN)/python -m testbed.cluster $(if $(CORE),--core) $(BIN)/pytest -p no:randomly tests/cluster $(if $(CORE),-m core) $(if $(KEEP),--keep)

fidelity: env ## Compare our list of eligible nodes with kube-scheduler's on 10,000 random clusters
	$(BIN)/python -m fidelity

bench: env chromium ## Compare speed and memory with what a user would take instead; QUICK=1: in 5 minutes
	@$(BIN)/python -m bench $(if $(QUICK),--quick)

soak: env ## Restart replicas and rotate certificates under load for a quarter of an hour: nothing may be lost
	@$(BIN)/python -m soak

check: env ## Check style, types, the direction of imports, the chart, and that generated files are up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.chart_lint
	$(BIN)/python -m tools.chart_readme --check
	$(BIN)/python -m tools.readme --check

generate: env ## Write the generated parts of the documentation
	$(BIN)/ruff format .
	$(BIN)/python -m tools.chart_readme
	$(BIN)/python -m tools.readme

chromium: ## Install the browser in which the report is tested, on Debian
	@command -v chromium >/dev/null || { apt-get -qq update && apt-get -qq install --yes --no-install-recommends chromium fonts-dejavu-core; }

examples: env chromium ## Write examples/outputs and the picture of the report from examples/cluster
	$(BIN)/python -m tools.examples

krew: env ## Build krew's archive and manifest of the kubectl plugin in dist/
	$(BIN)/python -m tools.krew

lock: ## Write the lock files from pyproject.toml
	$(COMPILE) pyproject.toml -o requirements/runtime.txt
	$(COMPILE) --group build -o requirements/build.txt
	$(COMPILE) pyproject.toml --group dev -o requirements/dev.txt

.PHONY: help env demo test cluster bench fidelity soak check generate chromium examples krew lock
