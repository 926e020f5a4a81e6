# Two commands do everything, set-up included, on a machine with Python 3.11 or newer:
#   make demo    the main job, on a copy of the example
#   make test    every check and every test
# Both install the releases of requirements-dev.lock. `NEWEST=1` takes the newest that the registries have instead, and
# `LOWEST=1` the oldest of the package's own dependencies that it allows; run `make clean` before you change between them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet
# The release of cfn-lint whose sources carry the OASIS schema of SARIF 2.1.0, against which our own output is tested.
SARIF := 1.58.0
# Packages that ship config trees, on which our compositions are held against Hydra's; nothing of them is installed.
TREES := hydra-core==1.3.8 sheeprl==0.8.4 anemoi-training==0.17.1 graphium==2.4.7 classy-core==0.3.2 cyto-dl==0.6.2
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: demo announce test fast check bench docs picture browser setup lock clean

demo: announce setup
	@$(BIN)/python examples/demo.py

# The sizes are those of a Linux x86-64 with a CPU build of torch: `du -sh .venv`.
announce:
	@test -e $(VENV)/ready || printf '%s\n' \
	    'This installs flowgate, Metaflow, scikit-learn, torch, pre-commit and the tools of the tests into $(VENV):' \
	    '2 GB with a CPU build of torch, about 5 GB with the build for GPUs that PyPI has for Linux.' \
	    'Nothing is written elsewhere but the caches of pip and pre-commit. Then the demo runs, for a minute or two.'

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
	$(BIN)/python bench/size.py

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

# torch is no part of the lock (see requirements-dev.txt), so the second command installs it, and only it.
$(VENV)/ready: requirements-dev.txt requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
ifdef NEWEST
	$(PIP) install --upgrade --requirement requirements-dev.txt --editable .
else
	$(PIP) install --require-hashes --no-deps --requirement requirements-dev.lock
	$(PIP) install --requirement requirements-dev.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
endif
ifdef LOWEST
	$(BIN)/uv pip compile --quiet --resolution lowest-direct --output-file $(VENV)/lowest.txt pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement $(VENV)/lowest.txt
endif
	$(PIP) download --no-deps --no-binary cfn-lint --dest $(VENV)/sdists cfn-lint==$(SARIF)
	$(PIP) download --no-deps --no-binary hydra-core --dest $(VENV)/trees $(TREES)
	$(BIN)/python -m compileall -q src
	@touch $@

# Resolve requirements-dev.txt and the package's dependencies anew, for every platform and Python; `make test` says whether it holds.
lock: setup
	@printf 'torch\n' > $(VENV)/not-locked.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --upgrade \
	    --custom-compile-command 'make lock' --excludes $(VENV)/not-locked.txt \
	    --output-file requirements-dev.lock requirements-dev.txt pyproject.toml

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
