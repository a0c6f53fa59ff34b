.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV ?= $(BIN)/uv
COMPILE := $(UV) pip compile --quiet $(if $(UPGRADE),--upgrade) --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header

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

oldest: env ## Run the tests that need no browser with the oldest dependencies that the package allows
	$(UV) venv --quiet --clear $(VENV)-oldest
	$(UV) pip compile --quiet --resolution lowest-direct --group dev pyproject.toml -o $(VENV)-oldest/locked.txt
	$(UV) pip sync --quiet --python $(VENV)-oldest $(VENV)-oldest/locked.txt
	$(UV) pip install --quiet --python $(VENV)-oldest --no-deps --no-build-isolation --editable .
	$(VENV)-oldest/bin/pytest tests/admission tests/certs tests/engine tests/kube tests/objects tests/plugin tests/server tests/settings tests/state

fidelity: env ## Compare us with kube-scheduler on 10,000 random clusters, and with each KubeVirt on 600 machines
	@nice -n 10 $(BIN)/python -m fidelity

mutants: env ## Change the rules in small ways and list the changes that no quick test notices; DIGIT=0…9: another tenth
	$(BIN)/python -m tools.mutants $(if $(DIGIT),--digit $(DIGIT))

bench: env chromium ## Compare speed and memory with what a user would take instead; QUICK=1: in 5 minutes; BEFORE=COMMIT
	@$(BIN)/python -m bench $(if $(QUICK),--quick) $(if $(BEFORE),--before $(BEFORE))

soak: env ## Restart replicas and rotate certificates under load for a quarter of an hour: nothing may be lost
	@$(BIN)/python -m soak

check: env ## Check style, types, imports, licences, workflows, the chart, and that generated files are up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry --no-ansi webhook certs
	$(BIN)/reuse lint --quiet
	$(BIN)/shellcheck .ci/run krew/kubectl-livemigration requirements/install
	$(BIN)/python -m tools.linters actionlint -shellcheck $(BIN)/shellcheck
	$(BIN)/zizmor --offline --quiet .
	$(BIN)/python -m tools.chart_lint
	$(BIN)/python -m tools.chart_score
	$(BIN)/python -m tools.chart_readme --check
	$(BIN)/python -m tools.documents --check
	$(BIN)/zensical build --strict

generate: env ## Write the generated parts of the documentation
	$(BIN)/ruff format .
	$(BIN)/python -m tools.chart_readme
	$(BIN)/python -m tools.documents

docs: env ## Write the documentation as a site to site/
	$(BIN)/zensical build --strict

chromium: ## Install the browser in which the report is tested, on Debian
	@command -v chromium >/dev/null || { apt-get -qq update && apt-get -qq install --yes --no-install-recommends chromium fonts-dejavu-core; }

examples: env chromium ## Write examples/outputs and the picture of the report from examples/cluster
	$(BIN)/python -m tools.examples

release: env ## Make everything of a release in dist/; IMAGE_DIGEST=sha256:…: for this image
	rm -rf dist
	$(BIN)/python -m tools.release $(if $(IMAGE_DIGEST),--image-digest $(IMAGE_DIGEST))

lock: ## Write the lock files from pyproject.toml; UPGRADE=1: with the newest versions that it allows
	$(COMPILE) pyproject.toml -o requirements/runtime.txt
	$(COMPILE) --group build -o requirements/build.txt
	$(COMPILE) pyproject.toml --group dev --constraint requirements/runtime.txt -o requirements/dev.txt

.PHONY: help env demo test cluster mutants bench fidelity soak check generate docs chromium examples lock oldest release
