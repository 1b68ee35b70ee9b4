# The commands of the house; `make help` lists them. Each recipe runs in the environment of env/activate.

PYTHON ?= python3
PORT ?=
PYTEST_ARGS ?=
NAME ?=

ACTIVATE := . env/activate &&
# Where make was called from (make -C changes folder), so that a relative DATA is what the user means by it.
export VITRINE_CALLED_FROM := $(or $(PWD),$(CURDIR))
# DATA and its mapping as given on make's command line, quoted; COLUMNS of the environment is a terminal's width.
quote = '$(subst ','\'',$(1))'
SOURCE = $(foreach name,DATA COLUMNS KEY UPDATED_AT DELIMITER ENCODING ONLY,$(if $(findstring command,$(origin $(name))),$(call quote,$(name)=$($(name)))))
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help setup run up api token openapi dead-letters check-pipelines pipeline-schema catalogue check-generated test faults lint types bench lock clean

help: ## Lists these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.installed .venv/bin/vitrine ## Installs everything that is locked into .venv (the other commands do so by themselves)

# One environment for all, with the development tools; done again only when a lock changes.
.venv/.installed: env/bootstrap.txt requirements.txt env/requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Vitrine needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
	       "Next: make $(MAKECMDGOALS) PYTHON=python3.12, with the newer one's name." >&2; exit 1; }
	@echo "Installing into .venv: about a minute, longer the first time …" >&2
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r env/bootstrap.txt
	@index=$${PIP_INDEX_URL:-$$(.venv/bin/python -m pip config get global.index-url 2>/dev/null)}; \
	  if [ -n "$$index" ]; then export UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$$index}"; fi; \
	  .venv/bin/uv pip install --python .venv/bin/python --quiet --require-hashes --no-deps --only-binary :all: \
	    --compile-bytecode \
	    -r requirements.txt -r env/requirements-dev.txt
	@touch $@

# The command line; env/activate puts it on the path.
.venv/bin/vitrine: env/vitrine | .venv/.installed
	@ln -sf ../../env/vitrine $@

run: setup ## Runs every DAG once through Airflow and shows the result; ONLY=domain/subject; DATA=folder [COLUMNS= KEY= UPDATED_AT= DELIMITER= ENCODING=]
	@$(ACTIVATE) python -m vlp.run $(SOURCE)

up: setup ## Starts Airflow on localhost until Ctrl-C; PORT=8080, DATA= and its mapping as for run
	@$(ACTIVATE) PORT=$(or $(PORT),8080) exec python -m vlp.up $(SOURCE)

api: setup ## Serves the read API alone; PORT=8099
	@$(ACTIVATE) python -m vlp.local && exec python -m dashboards.standalone --port $(or $(PORT),8099)

token: setup ## Prints a bearer token for the read API, as the last line
	@$(ACTIVATE) python -m dashboards.token

openapi: setup ## Prints the read API's OpenAPI document
	@$(ACTIVATE) python -m dashboards.openapi

dead-letters: setup ## Lists the rejected records, each with its reason, file and line
	@$(ACTIVATE) vitrine dead-letters

check-pipelines: setup ## Checks all pipelines in YAML and shows every problem of each
	@$(ACTIVATE) vitrine check

pipeline-schema: setup ## Writes the JSON Schema of the pipelines' format, which editors complete by
	@$(ACTIVATE) vitrine schema --write

catalogue: setup ## Writes docs/catalogue.md: every DAG, its contract and where its data come from
	@$(ACTIVATE) vitrine catalogue --write

check-generated: setup ## Checks that the schema and the catalogue are what the code and the pipelines say now
	@$(ACTIVATE) vitrine schema --check && vitrine catalogue --check

test: setup ## Runs the tests; PYTEST_ARGS="-k ledger"
	@$(ACTIVATE) python -m pytest --cov --cov-report=term-missing:skip-covered --cov-fail-under=90 $(PYTEST_ARGS)

faults: setup ## Kills and stops writers at boundaries of every kind on every store (12 minutes); writes docs/guarantees.md
	@$(ACTIVATE) FAULTS=all MODEL_SCHEDULES=20000 python -m pytest tests/faults tests/model $(PYTEST_ARGS)

lint: setup ## Checks style and format
	@$(ACTIVATE) ruff check . && ruff format --check .

types: setup ## Checks the types
	@$(ACTIVATE) mypy dags/common dags/vlp dags/vitrine plugins

bench: setup ## Runs one benchmark; NAME=name
	@$(ACTIVATE) python benchmarks/$(or $(NAME),$(error NAME is missing; there are: $(basename $(notdir $(wildcard benchmarks/*.py))))).py

lock: setup ## Compiles the locks anew from env/*.in
	@$(ACTIVATE) $(LOCK) env/bootstrap.in -o env/bootstrap.txt
	@$(ACTIVATE) $(LOCK) --overrides env/overrides.txt env/requirements.in -o requirements.txt
	@$(ACTIVATE) $(LOCK) env/requirements-dev.in -o env/requirements-dev.txt

clean: ## Removes .vitrine (all local data) and the caches; .venv stays
	@rm -rf .vitrine .mypy_cache .pytest_cache .ruff_cache .coverage htmlcov
	@find dags plugins include tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
