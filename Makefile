# `make demo` and `make test` do all set-up themselves; a second run does it in a second.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# QGIS's own Python; the engine's environment is built from it as well.
QGIS_PYTHON := /usr/bin/python3
PACKAGES := ca-certificates python3-qgis python3-venv qgis xauth xvfb

# Shared by all checkouts of a developer.
export UV_CACHE_DIR ?= $(HOME)/.cache/uv

SHIPPED := __init__.py plugin engine
ON_PYTHON_3_9 := __init__.py plugin engine/__init__.py engine/files/__init__.py engine/files/apart.py engine/files/placing.py engine/service/__init__.py engine/service/client.py engine/service/process.py engine/service/protocol.py engine/variables.py engine/vector/__init__.py engine/vector/seal.py
CHECKED := $(SHIPPED) tests benchmarks .ci/package.py

WINDOW := xvfb-run --auto-servernum --server-args="-screen 0 1600x1000x24"

.PHONY: help
help: ## Lists the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: demo
demo: environments ## Segments the sample scenes in real QGIS, with maps, into build/demo
	$(WINDOW) $(QGIS_PYTHON) tests/e2e/demo.py --out build/demo

.PHONY: run
run: environments ## Opens QGIS with the plugin
	$(QGIS_PYTHON) tests/e2e/run_qgis.py

.PHONY: screenshots
screenshots: environments ## Renews docs/images
	$(WINDOW) $(QGIS_PYTHON) tests/e2e/screenshots.py --out docs/images

.PHONY: test
test: environments ## Runs all tests but the slow ones, and sums them up
	$(QGIS_PYTHON) tests/run.py

.PHONY: test-engine
test-engine: engine-environment ## The engine's tests alone
	$(QGIS_PYTHON) tests/run.py engine

.PHONY: test-plugin
test-plugin: environments ## The plugin's in QGIS without a window
	$(QGIS_PYTHON) tests/run.py plugin

.PHONY: test-window
test-window: environments ## Those that click in QGIS's window
	$(QGIS_PYTHON) tests/run.py window

.PHONY: test-slow
test-slow: environments ## Runs the slow tests
	$(QGIS_PYTHON) tests/run.py --slow

.PHONY: lint
lint: engine-environment ## Checks style, types, security and the oldest Python
	.venv/bin/ruff check $(CHECKED)
	.venv/bin/ruff format --check $(CHECKED)
	mkdir -p build/mypy && ln -sfn ../.. build/mypy/segment_by_text
	.venv/bin/mypy -p engine
	MYPYPATH=build/mypy .venv/bin/mypy -p segment_by_text.plugin
	.venv/bin/vermin --quiet --target=3.9- --violations --no-tips $(ON_PYTHON_3_9)
	.venv/bin/bandit --quiet --recursive $(SHIPPED)
	.venv/bin/detect-secrets-hook --baseline .secrets.baseline $$(find $(SHIPPED) resources metadata.txt -type f -not -name '*.pyc')

.PHONY: bench
bench: engine-environment peers-environment ## Measures the engine beside its peers, into build/bench.md
	.venv/bin/python -m benchmarks.run

.PHONY: package
package: ## Makes dist/segment_by_text.zip
	$(QGIS_PYTHON) .ci/package.py dist/segment_by_text.zip

.PHONY: clean
clean: ## Removes what was made, but not the environments
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find $(SHIPPED) tests -name __pycache__ -prune -exec rm -rf {} +

.PHONY: environments
environments: engine-environment qgis-environment

.PHONY: engine-environment
engine-environment: system
	@$(QGIS_PYTHON) -m plugin.engine.environment --into .venv --python $(QGIS_PYTHON) \
		--lock requirements/engine.lock --lock requirements/cluster.lock \
		--lock requirements/dev.lock

.PHONY: peers-environment
peers-environment: system
	@$(QGIS_PYTHON) -m plugin.engine.environment --into .venv-peers --python $(QGIS_PYTHON) --lock requirements/peers.lock

.PHONY: qgis-environment
qgis-environment: .venv-qgis/complete

.venv-qgis/complete: requirements/qgis.lock | system
	$(QGIS_PYTHON) -m venv --clear --system-site-packages .venv-qgis
	.venv-qgis/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

.PHONY: system
system:
	@missing=$$(for package in $(PACKAGES); do \
		dpkg-query --show --showformat='$${db:Status-Status}' $$package 2>&1 | grep -qx installed || echo $$package; \
	done); \
	if [ -n "$$missing" ]; then \
		$(if $(filter 0,$(shell id -u)),,sudo) apt-get update; \
		$(if $(filter 0,$(shell id -u)),,sudo) env DEBIAN_FRONTEND=noninteractive \
			apt-get install --yes --no-install-recommends $$missing; \
	fi
