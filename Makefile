# `make test` runs everything that CI runs; `make demo` walks the passage on two servers.
# Each makes its own virtual environment first, from requirements with hashes.

PYTHON ?= python3
UV ?= uv
WORKERS ?= 2

# A ready environment is known by its Python and its requirements, so that it is made anew when
# either changes.
key = $(shell { $(PYTHON) --version; cat requirements/$(1).txt; } 2>&1 | cksum | cut -d' ' -f1)
TEST_READY = .venv/ready-$(call key,dev)
DEMO_READY = .venv-demo/ready-$(call key,base)
BIN = .venv/bin

.PHONY: test demo bench matrix locks alembic-matrix histories requirements clean

test: $(TEST_READY)
	@printf '\n== format\n'
	$(BIN)/ruff format --check .
	@printf '\n== lint\n'
	$(BIN)/ruff check .
	@printf '\n== types\n'
	$(BIN)/mypy
	@printf '\n== import contracts\n'
	$(BIN)/lint-imports --no-logo
	@printf '\n== tests\n'
	@$(call pytest,--durations=15 --durations-min=0.5)

demo: $(DEMO_READY)
	.venv-demo/bin/lockgate demo

# Ratios to Alembic, whole processes; the exit status says whether each is held.
BENCHMARKS = $(filter-out measure,$(basename $(notdir $(wildcard benchmarks/*.py))))
bench: $(TEST_READY)
	@failed=0; for benchmark in $(BENCHMARKS); do \
	  printf '\n== %s\n' $$benchmark; \
	  $(BIN)/python -m benchmarks.$$benchmark || failed=1; \
	done; exit $$failed

# The tests that repeat for each major (their names end in pgNN), on PostgreSQL 14 to 18.
matrix: $(TEST_READY)
	@printf '\n== servers\n'
	$(BIN)/python tools/fetch_postgres.py .matrix
	@printf '\n== tests\n'
	@set -a; . ./.matrix/environment; set +a; \
	$(call pytest,-k 'pg14 or pg15 or pg16 or pg17 or pg18')

# docs/locks.json and docs/locks.md, as the servers of PostgreSQL 14 to 18 show it.
locks: $(TEST_READY)
	@printf '\n== servers\n'
	$(BIN)/python tools/fetch_postgres.py .matrix
	@printf '\n== statements\n'
	@set -a; . ./.matrix/environment; set +a; $(BIN)/python -m tools.truth_table --write

# The tests that lean on Alembic and SQLAlchemy, on other versions of them.
alembic-matrix: $(TEST_READY)
	$(BIN)/python tools/alembic_matrix.py

# What lockgate says of real histories, which PyPI has; some minutes.
histories: $(TEST_READY)
	$(BIN)/python tools/histories.py .venv-histories

requirements:
	@command -v $(UV) >/dev/null || { echo "uv is needed: pip install uv, or make requirements UV=PATH"; exit 1; }
	$(UV) pip compile pyproject.toml --group build $(COMPILE) -o requirements/base.txt
	$(UV) pip compile pyproject.toml --extra aws --group build --group dev \
	  -c requirements/base.txt $(COMPILE) -o requirements/dev.txt

COMPILE = --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

# The tests run in a folder of their own, so that two runs at once do not meet.
pytest = folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
  $(BIN)/pytest -n $(WORKERS) --basetemp="$$folder/pytest" $(1)

.venv/ready-%:
	$(call install,.venv,dev)

.venv-demo/ready-%:
	$(call install,.venv-demo,base)

define install
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
  echo 'lockgate needs Python 3.11 or newer; "$(PYTHON)" is not: try make PYTHON=python3.12'; \
  exit 1; }
@printf '\n== installation into $(1), about a minute\n'
@rm -rf $(1)
@$(PYTHON) -m venv $(1)
@$(1)/bin/python -m pip install -qq --require-hashes -r requirements/$(2).txt
@$(1)/bin/python -m pip install -qq --no-deps --no-build-isolation --editable .
@touch $@
endef

clean:
	rm -rf .venv .venv-demo .venv-histories .matrix .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
