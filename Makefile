# Every target is a few visible commands; what is already done is not done again.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup images images-base ui demo up run test cluster-test check fuzz bench proto format lock clean promtool snapshots chart-docs format-docs

PYTHON ?= python3
BIN := .venv/bin
DATA ?=
URL ?=
ONLY ?=
COUNT ?=
SEED ?=
REGISTRY ?= localhost
TAG ?= dev
BASE ?=
ARCHIVES ?=
ARGS ?=
# Certificate authorities that a build trusts: those that this machine was told to.
CA ?= $(SSL_CERT_FILE)
UI_SOURCES := $(shell find gateway/ui -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
COMPILE = $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --python-version 3.11
# What wfdb asks for and imports only when it is told to draw or to fetch, which nobody tells it.
PLOTS_AND_DOWNLOADS := matplotlib contourpy cycler fonttools kiwisolver pillow pyparsing requests charset-normalizer idna \
  aiohttp aiohappyeyeballs aiosignal attrs frozenlist multidict propcache yarl
DEPLOYABLES := gateway ingest signal-analysis inference trainer exchange

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# --- install -----------------------------------------------------------------------------------------------------------

setup: .venv/.installed ui ## make .venv with everything in it, and build the web page

.venv/.uv: locks/uv.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r locks/uv.txt
	@touch $@

.venv/.installed: .venv/.uv locks/dev.txt pyproject.toml
	$(BIN)/uv pip sync --quiet --require-hashes locks/dev.txt
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv-chart/.installed: .venv/.uv locks/chart.txt
	$(PYTHON) -m venv .venv-chart
	$(BIN)/uv pip sync --quiet --require-hashes --python .venv-chart/bin/python locks/chart.txt
	@touch $@

ui: $(if $(wildcard gateway/ui/package.json),gateway/ui/dist/index.html) ## build the web page, when its source changed

gateway/ui/dist/index.html: $(UI_SOURCES)
	cd gateway/ui && npm ci --no-audit --no-fund --loglevel=error
	cd gateway/ui && npm run build
	@touch $@

# --- run ---------------------------------------------------------------------------------------------------------------

demo: setup ## the whole way of an ECG on synthesized data, or on DATA=DIR, here or at URL=…; writes demo-output/
	$(BIN)/einthoven demo $(if $(DATA),--data "$(DATA)") $(if $(URL),--url "$(URL)")

up: setup ## serve on 127.0.0.1 until interrupted
	$(BIN)/einthoven up

run: up ## the same as up

# --- prove -------------------------------------------------------------------------------------------------------------

test: setup ## every test but the fitness checks, on the embedded adapters and on real servers; on two cores at once
	mkdir -p build
	$(BIN)/pytest tests/unit tests/fuzz >build/unit-tests.txt 2>&1 & unit=$$!; \
	  $(BIN)/pytest --ignore=tests/architecture --ignore=tests/unit --ignore=tests/fuzz; others=$$?; \
	  wait $$unit; unit=$$?; cat build/unit-tests.txt; exit $$((unit | others))

cluster-test: setup ## the chart on the cluster that KUBECONFIG names; writes build/cluster.json
	$(BIN)/pytest -m cluster --tb=short tests/cluster

check: setup .venv-chart/.installed ## every fitness check, style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/buf lint proto
	$(BIN)/buf format proto --diff --exit-code
	$(BIN)/pytest tests/architecture

promtool: build/bin/promtool ## build Prometheus' own tool with Go, so that `make check` tries every alert

build/bin/promtool:
	mkdir -p build/promtool
	cd build/promtool && printf 'module promtool\n\ngo 1.24\n' >go.mod && go get -tool github.com/prometheus/prometheus/cmd/promtool@v0.305.0
	cd build/promtool && go build -o ../bin/promtool github.com/prometheus/prometheus/cmd/promtool

snapshots: .venv-chart/.installed ## render the chart anew into tests/architecture/snapshots
	PYTHONPATH=.:proto/gen $(BIN)/python -m tests.architecture.manifests

fuzz: setup ## every reader on 10,000 damaged files, or ONLY=reader, COUNT=, SEED=; writes build/fuzz.json and what it found
	$(BIN)/python -m tests.fuzz.runner $(if $(ONLY),--only "$(ONLY)") $(if $(COUNT),--count "$(COUNT)") $(if $(SEED),--seed "$(SEED)")

bench: setup ## measure against a bare floor, all or ONLY=name; writes build/bench.json
	$(BIN)/python -m tests.bench.runner $(if $(ONLY),--only "$(ONLY)")

# --- ship --------------------------------------------------------------------------------------------------------------

images: ## build the images, all or ONLY="gateway ingest": REGISTRY, TAG, PUSH=1, BASE, ARCHIVES=folder, ARGS (docs/images.md)
	$(PYTHON) deploy/images/build.py --registry "$(REGISTRY)" --tag "$(TAG)" --only "$(ONLY)" --base "$(BASE)" \
	  --archives "$(ARCHIVES)" --ca "$(CA)" --args "$(ARGS)" $(if $(PUSH),--push) $(if $(RECORD),--record)

images-base: ## make a base for them from Debian's packages, where none can be pulled: BASE=localhost/einthoven-base:bookworm
	deploy/images/base.sh localhost/einthoven-base:bookworm build/images/base.tar

# --- make what is committed --------------------------------------------------------------------------------------------

proto: .venv/.installed ## regenerate proto/gen from the contracts
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python proto/generate.py

chart-docs: .venv/.installed ## write the chart's README from its schema and defaults
	$(BIN)/python helm/generate_readme.py

format-docs: .venv/.installed ## write docs/formats.md from what every format says of itself
	PYTHONPATH=.:proto/gen $(BIN)/python -m tests.architecture.formats

format: .venv/.installed ## format Python and contracts
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	$(BIN)/buf format proto --write

lock: .venv/.uv ## pin every dependency with its hashes, keeping what is pinned
	$(COMPILE) pyproject.toml --all-extras --group dev -o locks/dev.txt
	$(COMPILE) --group pyproject.toml:installer -c locks/dev.txt -o locks/uv.txt
	$(COMPILE) --group pyproject.toml:chart -o locks/chart.txt
	$(COMPILE) --group pyproject.toml:images -c locks/dev.txt -o locks/images.txt
	$(COMPILE) --group pyproject.toml:backing -c locks/dev.txt -o locks/backing.txt
	for name in $(filter-out ingest,$(DEPLOYABLES)); do $(COMPILE) pyproject.toml --extra $$name -c locks/dev.txt -o locks/$$name.txt || exit 1; done
	$(COMPILE) pyproject.toml --extra ingest -c locks/dev.txt -o locks/ingest.txt $(addprefix --no-emit-package ,$(PLOTS_AND_DOWNLOADS))
	$(COMPILE) pyproject.toml --extra inference --group inference-gpu --no-emit-package onnxruntime -c locks/dev.txt -o locks/inference-gpu.txt
	$(COMPILE) pyproject.toml --extra trainer -c locks/dev.txt -o locks/trainer-cpu.txt --no-emit-package torch --no-emit-package torchvision \
	  $$(grep -oE '^(nvidia-[a-z0-9-]+|triton|cuda-[a-z0-9-]+)' locks/trainer.txt | sed 's/^/--no-emit-package /')

clean: ## remove what was built; environments and data stay
	rm -rf build dist demo-output gateway/ui/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
