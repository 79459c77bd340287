# The main commands are `make run` and `make test`. `make` without a command prints the help.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help run predict weights preflight test browser test-fast histories explore lint format bench studies clean constraints pin-images venv

# Options are passed to the shell unchanged: `value` does not expand $, and `quote` quotes them as one
# word. They are not exported as environment variables, which make would expand.
quote = '$(subst ','\'',$(1))'
option = $(if $(value $(2)),$(1)=$(call quote,$(value $(2))))
switch = $(if $(filter-out 0,$(value $(2))),$(1))
listed = $(foreach word,$(value $(1)),$(call quote,$(word)))
unexport DATA PIPELINE CLASSES ONCE SEED UI_PORT AWS_PORT PYTHON IMAGE JSON TESTS CARS NETWORKS HISTORIES
MAKEOVERRIDES =

STARTED := $(shell date +%s.%N)
SUPPORTED := import sys; sys.exit(not (3, 11, 4) <= sys.version_info[:3] < (3, 13))
FOUND := $(if $(value PYTHON),,$(firstword $(foreach p,python3 python3.12 python3.11,$(shell $(p) -c '$(SUPPORTED)' 2>/dev/null && echo $(p)))))
CHOSEN = $(call quote,$(or $(value PYTHON),$(FOUND)))
VENV := .venv
BIN := $(VENV)/bin
# An environment that does not work, or is of another Python than PYTHON, counts as not installed. Make
# reads the times of files before it runs recipes, so the check is here.
VERSION := import sys; print(sys.version_info[:2])
WORKS = test -x $(BIN)/uv && $(BIN)/python -c '$(SUPPORTED)' && $(BIN)/python -c 'import uv' \
  $(if $(value PYTHON),&& test "$$($(BIN)/python -c '$(VERSION)')" = "$$($(CHOSEN) -c '$(VERSION)')")
ifneq ($(wildcard $(VENV)/*.installed),)
$(shell { $(WORKS); } > /dev/null 2>&1 || rm -f $(VENV)/*.installed)
endif
# uv uses the package index of pip.
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(value PIP_INDEX_URL)
endif
# Versions are resolved for both supported Python versions at once.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
  --no-emit-index-url --no-emit-find-links
INSTALL = $(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints-hashes.txt

PYTEST = $(BIN)/python -m pytest $(call option,--hypothesis-seed,SEED)
# The end-to-end tests train with all processors, and run by themselves. Exit status 2 of pytest is
# a run that the user interrupted.
ALL_TESTS = status=0; \
  $(PYTEST) -n auto --dist loadfile -m 'not end_to_end' || { status=$$?; [ $$status -ne 2 ] || exit 2; }; \
  $(PYTEST) -m end_to_end || status=$$?; exit $$status

help:  ## print this help
	@echo 'Airflow DAGs that keep image classifiers up to date, on AWS or on this computer.'
	@echo
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'
	@echo
	@echo '  make run options: DATA=<folder>  PIPELINE=<name or yaml>  CLASSES=<n or names>  ONCE=1'
	@echo '                    SEED=<n>  UI_PORT=8080  AWS_PORT=4566  PYTHON=<python 3.11 or 3.12>'
	@echo '  make weights options: NETWORKS=<names>; the folder is PRETRAINED_WEIGHTS_FOLDER'
	@echo '  make test and make explore options: SEED=<n> to repeat examples; TESTS=<paths>'
	@echo '  make preflight options: PIPELINE=<name>  JSON=1; Airflow Variables as AIRFLOW_VAR_<NAME>'

run: $(VENV)/run.installed  ## run the local AWS, Airflow and the five DAGs; Ctrl-C stops
	@exec $(BIN)/python -m include.local_run run --started-at $(STARTED) \
	  $(call option,--data,DATA) $(call option,--pipeline,PIPELINE) $(call option,--classes,CLASSES) \
	  $(call option,--seed,SEED) $(call option,--ui-port,UI_PORT) $(call option,--aws-port,AWS_PORT) \
	  $(call switch,--once,ONCE)

predict: $(VENV)/run.installed  ## IMAGE=<file>: classify a photo with the running endpoint
	@exec $(BIN)/python -m include.local_run predict --image=$(call quote,$(value IMAGE)) $(call option,--pipeline,PIPELINE)

weights: $(VENV)/run.installed  ## fetch ImageNet weights for use offline; NETWORKS='resnet18 resnet50'
	@exec $(BIN)/python -m include.image_classification weights $(call option,--networks,NETWORKS)

preflight: $(VENV)/run.installed  ## check the AWS setup; print each problem and how to fix it
	@exec $(BIN)/python -m include.preflight $(call option,--pipeline,PIPELINE) $(call switch,--json,JSON)

test: $(VENV)/dev.installed  ## run all tests, without AWS, Docker or network
	$(if $(value TESTS),@exec $(PYTEST) $(call listed,TESTS),@$(ALL_TESTS))

# On Ubuntu, the package of this name is a snap, which containers cannot install.
browser:  ## install Chromium for the browser tests, which `make test` skips without it; Debian, as root
	@command -v chromium chromium-browser google-chrome || { \
	  apt-get update --quiet && \
	  DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends chromium fonts-liberation; }

test-fast: $(VENV)/dev.installed  ## run the tests without servers, MXNet and Airflow's database
	@exec $(PYTEST) -n auto --dist worksteal -m fast $(call listed,TESTS)

histories: $(VENV)/dev.installed  ## HISTORIES=10000: drive nightly training through random failures
	@HISTORIES=$(call quote,$(or $(value HISTORIES),10000)) exec $(PYTEST) -q -s --hypothesis-profile=explore tests/histories/test_histories.py

explore: $(VENV)/dev.installed  ## run the property-based tests with new examples
	@exec $(BIN)/python -m pytest -m hypothesis --hypothesis-profile=explore $(call option,--hypothesis-seed,SEED) $(call listed,TESTS)

lint: $(VENV)/dev.installed  ## check style, types and import rules
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && PYTHONPATH=.:plugins:dags $(BIN)/lint-imports
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yaml

format: $(VENV)/dev.installed  ## format the code
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

bench: $(VENV)/run.installed  ## compare with other libraries; write benchmarks/results.json
	@exec $(BIN)/python -m benchmarks

studies: $(VENV)/run.installed  ## CARS=<folder>: compare trainings on real photos; takes an hour
	@$(if $(value CARS),CARS=$(call quote,$(value CARS))) exec $(BIN)/python -m benchmarks.studies

clean:  ## delete the virtual environment and all files of `make run` and tools
	@test ! -e .local/run.lock || flock --nonblock .local/run.lock true || { \
	  echo 'make run is running in this folder: stop it with Ctrl-C first' >&2; exit 2; }
	find dags plugins include tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
	rm -rf $(VENV) .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

constraints: venv  ## update all pinned versions and their hashes
	@{ sed -n '/^#/p' constraints-hashes.txt; \
	   $(COMPILE) --generate-hashes requirements/dev.txt; } > constraints.new && mv constraints.new constraints-hashes.txt
	@{ sed -n '/^#/p' constraints.txt; sed -n '/^[^ #].*==/s/ \\$$//p' constraints-hashes.txt; } > constraints.new && mv constraints.new constraints.txt
	@for role in production container; do grep -v '^numpy==' constraints.txt > constraints.new && \
	  $(COMPILE) --output-file constraints.new requirements/$$role.txt > /dev/null && \
	  { echo "# Versions for requirements/$$role.txt. Generated by \`make constraints\`."; \
	    grep == constraints.new; } > requirements/$$role-constraints.txt && rm constraints.new || exit 1; done

pin-images: $(VENV)/run.installed  ## pin the digests of base images; needs Docker
	@exec $(BIN)/python -m include.pin_images

# Check for a supported Python, and create the virtual environment; repeat it if it was interrupted.
venv:
	@$(if $(or $(value PYTHON),$(FOUND)),,echo "Python 3.11 or 3.12 is needed and was not found ($$(python3 --version 2>&1 | head -1)); install one, or set PYTHON: make run PYTHON=/path/to/python3.12" >&2; exit 2)
	@$(CHOSEN) -c '$(SUPPORTED)' 2>/dev/null || { \
	  echo "Python 3.11 or 3.12 is needed, but PYTHON="$(CHOSEN)" is $$($(CHOSEN) --version 2>&1 | head -1); set another one: make run PYTHON=/path/to/python3.12" >&2; exit 2; }
	@test -e $(VENV)/run.installed || { $(WORKS); } 2> /dev/null || { \
	  echo 'Creating .venv with' $(CHOSEN); \
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
