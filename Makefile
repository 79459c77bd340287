# Two commands matter: `make run` and `make test`. Plain `make` explains all of them.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help run predict preflight test explore lint format bench studies clean constraints pin-images venv

# Options reach the shell as they were given: `value` does not expand a $ in them, `quote` makes one
# word of them. Nor does make hand them on as environment variables, which it would expand.
quote = '$(subst ','\'',$(1))'
option = $(if $(value $(2)),$(1)=$(call quote,$(value $(2))))
switch = $(if $(filter-out 0,$(value $(2))),$(1))
listed = $(foreach word,$(value $(1)),$(call quote,$(word)))
unexport DATA PIPELINE CLASSES ONCE SEED UI_PORT AWS_PORT PYTHON IMAGE JSON TESTS CARS
MAKEOVERRIDES =

STARTED := $(shell date +%s.%N)
SUPPORTED := import sys; sys.exit(not (3, 11, 4) <= sys.version_info[:3] < (3, 13))
FOUND := $(if $(value PYTHON),,$(firstword $(foreach p,python3 python3.12 python3.11,$(shell $(p) -c '$(SUPPORTED)' 2>/dev/null && echo $(p)))))
CHOSEN = $(call quote,$(or $(value PYTHON),$(FOUND)))
VENV := .venv
BIN := $(VENV)/bin
# Where pip is told to look for packages, uv looks too.
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(value PIP_INDEX_URL)
endif
# Versions are resolved for both Pythons at once.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
  --no-emit-index-url --no-emit-find-links
INSTALL = $(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints-hashes.txt

help:  ## explain the commands
	@echo 'Five Airflow DAGs keep an image classifier fresh, on AWS or on this machine alone.'
	@echo
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'
	@echo
	@echo '  make run options: DATA=<folder>  PIPELINE=<name or yaml>  CLASSES=<n or names>  ONCE=1'
	@echo '                    SEED=<n>  UI_PORT=8080  AWS_PORT=4566  PYTHON=<python 3.11 or 3.12>'
	@echo '  make test and make explore options: SEED=<n>, to repeat a run of other examples; TESTS=<paths>'
	@echo '  make preflight options: PIPELINE=<name>  JSON=1; the Airflow Variables as AIRFLOW_VAR_<NAME>'

run: $(VENV)/run.installed  ## run everything here: local AWS, Airflow, the five DAGs; Ctrl-C ends it
	@exec $(BIN)/python -m include.local_run run --started-at $(STARTED) \
	  $(call option,--data,DATA) $(call option,--pipeline,PIPELINE) $(call option,--classes,CLASSES) \
	  $(call option,--seed,SEED) $(call option,--ui-port,UI_PORT) $(call option,--aws-port,AWS_PORT) \
	  $(call switch,--once,ONCE)

predict: $(VENV)/run.installed  ## IMAGE=<file>: ask the live endpoint what one photo shows
	@exec $(BIN)/python -m include.local_run predict --image=$(call quote,$(value IMAGE))

preflight: $(VENV)/run.installed  ## would a night on AWS work? each thing that would not, with its fix
	@exec $(BIN)/python -m include.preflight $(call option,--pipeline,PIPELINE) $(call switch,--json,JSON)

test: $(VENV)/dev.installed  ## the whole suite, without AWS, Docker or network
	@exec $(BIN)/python -m pytest $(call option,--hypothesis-seed,SEED) $(call listed,TESTS)

explore: $(VENV)/dev.installed  ## the property-based tests alone, with new examples
	@exec $(BIN)/python -m pytest -m hypothesis --hypothesis-profile=explore $(call option,--hypothesis-seed,SEED) $(call listed,TESTS)

lint: $(VENV)/dev.installed  ## style, types, and the walls between the rooms
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && PYTHONPATH=.:plugins:dags $(BIN)/lint-imports
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yaml

format: $(VENV)/dev.installed  ## put the code into the project's shape
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

bench: $(VENV)/run.installed  ## measure against peers in one run, into benchmarks/results.json
	@exec $(BIN)/python -m benchmarks

studies: $(VENV)/run.installed  ## CARS=<folder>: compare ways of training on real photos, for an hour
	@$(if $(value CARS),CARS=$(call quote,$(value CARS))) exec $(BIN)/python -m benchmarks.studies

clean:  ## remove what `make run` and the tools left here, the environment too
	@test ! -e .local/run.lock || flock --nonblock .local/run.lock true || { \
	  echo 'make run is running here: end it with Ctrl-C first' >&2; exit 2; }
	rm -rf $(VENV) .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

constraints: venv  ## pin everything anew for both Pythons, with the hash of each file
	@{ sed -n '/^#/p' constraints-hashes.txt; \
	   $(COMPILE) --generate-hashes requirements/dev.txt; } > constraints.new && mv constraints.new constraints-hashes.txt
	@{ sed -n '/^#/p' constraints.txt; sed -n '/^[^ #].*==/s/ \\$$//p' constraints-hashes.txt; } > constraints.new && mv constraints.new constraints.txt
	@for role in production container; do grep -v '^numpy==' constraints.txt > constraints.new && \
	  $(COMPILE) --output-file constraints.new requirements/$$role.txt > /dev/null && \
	  { echo "# Every version of requirements/$$role.txt by itself. Made by \`make constraints\`."; \
	    grep == constraints.new; } > requirements/$$role-constraints.txt && rm constraints.new || exit 1; done

pin-images: $(VENV)/run.installed  ## look up the base images' digests and write them in; needs Docker
	@exec $(BIN)/python -m include.pin_images

# A supported Python, and an environment made by it: one that was interrupted is made again.
venv:
	@$(if $(or $(value PYTHON),$(FOUND)),,echo "Python 3.11 or 3.12 is needed and was not found ($$(python3 --version 2>&1 | head -1)); install one, or name it: make run PYTHON=/path/to/python3.12" >&2; exit 2)
	@$(CHOSEN) -c '$(SUPPORTED)' 2>/dev/null || { \
	  echo "Python 3.11 or 3.12 is needed, but PYTHON="$(CHOSEN)" is $$($(CHOSEN) --version 2>&1 | head -1); name another: make run PYTHON=/path/to/python3.12" >&2; exit 2; }
	@test -x $(BIN)/uv && $(BIN)/python -c '$(SUPPORTED)' || { \
	  echo 'Making .venv with' $(CHOSEN); \
	  $(CHOSEN) -m venv --clear $(VENV) && $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv; }

ROLES := $(addprefix requirements/,airflow.txt container.txt local-aws.txt local-run.txt)

$(VENV)/run.installed: requirements.txt $(ROLES) constraints.txt constraints-hashes.txt | venv
	@echo 'Installing requirements.txt'
	@$(INSTALL) -r requirements.txt
	@touch $@

$(VENV)/dev.installed: $(VENV)/run.installed requirements/production.txt requirements/dev.txt
	@echo 'Installing requirements/dev.txt'
	@$(INSTALL) -r requirements/dev.txt
	@touch $@
