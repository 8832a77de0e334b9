# `make build` publishes the blog into site/, `make test` runs the tests. Each of them does all
# its own set-up on a machine with Python 3.11 or newer, Node and git.

PYTHON ?= python3
VENV := .venv
LOWEST := .venv-lowest
RUN := $(VENV)/bin/python -m

# More arguments for the main job: make build BUILD_FLAGS="--drafts".
BUILD_FLAGS ?=
TEST_FLAGS ?= -n auto --dist loadgroup
PORT ?= 8000

.PHONY: build test test-lowest serve docs check clean lock

# What the code of posts takes from npm: a post's own package-lock.json pins it.
POST_PACKAGES := $(patsubst %/package-lock.json,%/node_modules/.ready,$(wildcard posts/*/package-lock.json))

build: $(VENV)/.build-ready node_modules/.build-ready $(POST_PACKAGES)
	$(VENV)/bin/inkcell build $(BUILD_FLAGS)

test: $(VENV)/.test-ready node_modules/.test-ready $(POST_PACKAGES)
	$(RUN) pytest $(TEST_FLAGS)

# The tests with the oldest versions that pyproject.toml admits of what Inkcell itself needs.
test-lowest: $(VENV)/.test-ready node_modules/.test-ready $(POST_PACKAGES)
	$(RUN) pip install --quiet uv
	$(PYTHON) -m venv --clear $(LOWEST)
	$(RUN) uv pip compile pyproject.toml --quiet --no-deps --resolution lowest-direct -o $(LOWEST)/oldest.txt
	$(RUN) uv pip compile pyproject.toml --quiet --constraints $(LOWEST)/oldest.txt --extra posts \
		--group install --group test --python $(LOWEST)/bin/python -o $(LOWEST)/all.txt
	$(LOWEST)/bin/pip install --quiet -r $(LOWEST)/all.txt -r requirements/torch.txt
	$(LOWEST)/bin/pip install --quiet --no-deps --no-build-isolation -e .
	$(LOWEST)/bin/python -m pytest $(TEST_FLAGS)

serve: $(VENV)/.build-ready node_modules/.build-ready $(POST_PACKAGES)
	$(VENV)/bin/inkcell serve --port $(PORT)

# The documentation, in docs/site/.
docs: $(VENV)/.build-ready node_modules/.build-ready
	$(VENV)/bin/inkcell --root docs build

check: $(VENV)/.test-ready node_modules/.test-ready
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy

clean:
	if [ -x $(VENV)/bin/inkcell ]; then $(VENV)/bin/inkcell clean --cache; $(VENV)/bin/inkcell --root docs clean --cache; fi
	rm -rf $(VENV) $(LOWEST) node_modules posts/*/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis

# Write the lock files anew, with the newest versions that pyproject.toml and the posts' own
# package.json admit.
lock: $(VENV)/.test-ready
	$(RUN) pip install --quiet uv
	cd $(CURDIR) && $(RUN) uv pip compile $(LOCK_FLAGS) --group install -o requirements/build.lock
	cd $(CURDIR) && $(RUN) uv pip compile $(LOCK_FLAGS) --group install --group test \
		-c requirements/build.lock -o requirements/test.lock
	for folder in $(dir $(wildcard posts/*/package.json)); do \
		(cd $$folder && rm -f package-lock.json && $(NPM_LOCK)) || exit; \
	done

# Without resolved addresses, as .npmrc says for the repository's own lock.
NPM_LOCK = npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund

LOCK_FLAGS := pyproject.toml --extra posts --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-header --upgrade --quiet

INSTALL = $(RUN) pip install --quiet --disable-pip-version-check

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Inkcell needs Python 3.11 or newer: make PYTHON=python3.12 build")'
	$(PYTHON) -m venv $(VENV)

# KaTeX first: the package's own metadata names its files. The kernel's description is copied.
# PyTorch comes last and finds what it needs; a CUDA build brings its libraries with it.
$(VENV)/.build-ready: requirements/build.lock requirements/torch.txt generator/execute/node_kernel.json | $(VENV)/bin/python node_modules/.build-ready
	$(INSTALL) --require-hashes -r requirements/build.lock
	$(INSTALL) -r requirements/torch.txt
	$(INSTALL) --no-deps --no-build-isolation -e .
	touch $@

# The test lock holds the build lock, so nothing is installed twice.
$(VENV)/.test-ready: requirements/test.lock requirements/build.lock requirements/torch.txt generator/execute/node_kernel.json | $(VENV)/bin/python node_modules/.test-ready
	$(INSTALL) --require-hashes -r requirements/test.lock
	$(INSTALL) -r requirements/torch.txt
	$(INSTALL) --no-deps --no-build-isolation -e .
	touch $(VENV)/.build-ready $@

node_modules/.build-ready: package-lock.json
	npm ci --omit=dev --no-progress --loglevel=error
	touch $@

node_modules/.test-ready: package-lock.json
	npm ci --no-progress --loglevel=error
	touch node_modules/.build-ready $@

posts/%/node_modules/.ready: posts/%/package-lock.json
	cd posts/$* && npm ci --no-audit --no-fund --no-progress --loglevel=error
	touch $@
