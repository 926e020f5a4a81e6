# Two commands do everything, set-up included, on a machine with Python 3.11 or newer:
#   make demo    the main job, on a copy of the example
#   make test    every check and every test
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The release of cfn-lint whose sources carry the OASIS schema of SARIF 2.1.0, against which our own output is tested.
SARIF := 1.58.0
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: demo test fast check bench docs picture browser setup clean

demo: setup
	@$(BIN)/python examples/demo.py

test: check browser
	$(BIN)/python -m pytest -n 2 --dist worksteal --durations=25 tests

fast: setup
	$(BIN)/python -m pytest -m "not slow" tests

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check
	$(BIN)/pre-commit validate-manifest .pre-commit-hooks.yaml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/ci.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/gate.yml
	$(BIN)/zizmor --offline --strict-collection --quiet action.yml .github/workflows
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

bench: setup
	$(BIN)/python -m pip install --quiet --requirement bench/requirements.txt
	$(BIN)/python bench/lint.py
	$(BIN)/python bench/commit.py
	$(BIN)/python bench/review.py
	$(BIN)/python bench/prove.py

docs: setup
	$(BIN)/python docs/generate.py

picture: setup browser
	FLOWGATE_PICTURE=1 $(BIN)/python -m pytest tests/functional/test_report.py

# Debian's chromium, for the tests of the page.
browser:
	@command -v chromium > /dev/null || { \
	    sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	    $$sudo apt-get -qq update && $$sudo apt-get -qq install --yes --no-install-recommends chromium > /dev/null; }

setup: $(VENV)/ready

$(VENV)/ready: requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt --editable .
	$(BIN)/python -m pip download --quiet --no-deps --no-binary cfn-lint --dest $(VENV)/sdists cfn-lint==$(SARIF)
	$(BIN)/python -m compileall -q src
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
