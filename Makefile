# Everything a newcomer needs: `make run` shows the product, `make test` proves it. `make help` lists the rest.
SHELL := /bin/bash
PORT ?= 8025
export PYTHON
BIN := .venv/bin
# Packages of Debian and Ubuntu that the tests start or drive: a broker, a database, a browser and what drives it, a token, and what
# fails single system calls and makes disks that fail.
TEST_PACKAGES := rabbitmq-server postgresql chromium libatomic1 softhsm2 strace e2fsprogs

# Tests that run beside the others: about as long as all of them.
BESIDE := tests/api tests/contract tests/e2e tests/rehearsal

.DEFAULT_GOAL := help
.PHONY: help run test check lint types imports unit nightly attacks mutants bench cutover-rehearsal faults cluster-test lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

run: .venv/run ## Set up and run the demo: a signed document goes from one agency's system to another's (PORT=8025)
	@$(BIN)/vanthu demo --port $(PORT)

test: .venv/test system-packages check ## Set up and run every check: lint, types, import contracts, all tests

check: lint types imports unit ## Run the checks without setting anything up

lint: ## Style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: ## Static types
	$(BIN)/mypy

imports: ## Who may import whom
	$(BIN)/lint-imports --no-cache

unit: ## All tests: unit, contract, API, browser, end to end; in two processes, of which the second is shown when it is over
	@mkdir -p var; $(BIN)/python -X dev -m pytest -q $(BESIDE) >var/tests-beside.log 2>&1 & beside=$$!; \
	$(BIN)/python -X dev -m pytest -q tests $(addprefix --ignore=,$(BESIDE)); first=$$?; \
	wait $$beside; second=$$?; cat var/tests-beside.log; exit $$((first || second))

nightly: .venv/test ## The differential tests with 100,000 documents, each run with new ones
	VANTHU_TEST_SEED=$$(date +%Y%m%d) $(BIN)/python -m pytest -q tests/differential --documents 100000

attacks: .venv/test ## Write every vector about signatures, with its keys, to var/attacks
	$(BIN)/python -m tests.vectors.build_attacks var/attacks

mutants: .venv/test ## Take every check of the verifier out once and see a test go red (MODULE=certs/shape.py)
	$(BIN)/python -m tests.mutation --workers $$(nproc) $(if $(MODULE),--module $(MODULE))

bench: .venv/test system-packages ## Measure: documents as ratios within one run, the registry as it grows, sending over RabbitMQ
	$(BIN)/python -m benchmarks.documents
	$(BIN)/python -m benchmarks.registry
	$(BIN)/python -m benchmarks.changes
	$(BIN)/python -m benchmarks.axis
	$(BIN)/python -m benchmarks.axis --cluster

cutover-rehearsal: .venv/test system-packages ## Go through the night of 1 July 2025 under load and check every decision (ARGS="--before 60")
	$(BIN)/python -m tests.rehearsal $(ARGS)

faults: .venv/test system-packages ## Inject every fault under load, check that nothing is lost, show one table (ARGS="--only F7 --seed 1")
	$(BIN)/python -m tests.faults $(ARGS)

cluster-test: .venv/test system-packages ## Kill the nodes of a RabbitMQ cluster under load, its queue's leader first; nothing may be lost (ARGS="--rounds 5")
	$(BIN)/python -m tests.cluster $(ARGS)

lock: .venv/test ## Pin every dependency anew, with hashes
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile -q pyproject.toml --group build --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url -o requirements.txt
	$(BIN)/uv pip compile -q pyproject.toml --group build --group test --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url -o requirements-test.txt

clean: ## Remove the environment and the demo's data
	rm -rf .venv var

.venv/bin/pip:
	@tools/setup.sh environment

.venv/run: requirements.txt pyproject.toml | .venv/bin/pip
	@tools/setup.sh install requirements.txt
	@touch $@

.venv/test: requirements-test.txt pyproject.toml | .venv/bin/pip
	@tools/setup.sh install requirements-test.txt
	@touch $@ .venv/run

.PHONY: system-packages
system-packages:
	@tools/setup.sh packages $(TEST_PACKAGES)
