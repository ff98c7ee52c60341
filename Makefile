# How to run Vernier and how to work on it. Everything is kept in .venv, var and build.

PYTHON_IN_VENV := .venv/bin/python
PYTEST_ARGS ?=
# Without compiled files every process of the site would start three times slower.
unexport PYTHONDONTWRITEBYTECODE
LOCK := $(PYTHON_IN_VENV) -m piptools compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

# Notes how long a part of the checks and tests takes.
TIMED := tests/timed.sh

.PHONY: help run test parts lint pytest format bench load faults fuzz lock clean

help:
	@echo 'make run      set up and start the site on http://127.0.0.1:$${VERNIER_PORT:-8000}, until Ctrl-C'
	@echo 'make test     set up and run every check and every test'
	@echo 'make lint     the checks alone'
	@echo 'make pytest   the tests alone; PYTEST_ARGS="-k board" chooses'
	@echo 'make bench    measure how fast it is'
	@echo 'make load     measure what it takes while fifty clients upload for a minute, and while 500 wait'
	@echo 'make faults   send a thousand submissions while everything is killed; SEED=n chooses how'
	@echo 'make fuzz     a million spoilt files for the readers; SEED=n and INPUTS=n choose which'
	@echo 'make format   put the code in shape'
	@echo 'make lock     choose the versions of the dependencies anew'

# What is installed is installed again when its lock file changes.
.venv/runtime: requirements.lock deploy/venv.sh
	@deploy/venv.sh requirements.lock
	@touch $@

.venv/development: requirements-dev.lock deploy/venv.sh
	@$(TIMED) 'the environment' deploy/venv.sh requirements-dev.lock
	@touch $@ .venv/runtime

run: .venv/runtime
	@exec $(PYTHON_IN_VENV) manage.py serve --with-parent

# Ends with how long each part took, also when one has failed.
test:
	@rm -f build/times
	@code=0; $(TIMED) 'all of it' $(MAKE) --no-print-directory .venv/development parts lint pytest || code=$$?; \
		echo; cat build/times; exit $$code

parts:
	@$(TIMED) 'servers and browser' deploy/test_parts.sh

# The checks read the settings, which keep a secret key somewhere: not among the site's data.
lint: export VERNIER_VAR := $(CURDIR)/build/lint
lint: .venv/development
	$(TIMED) 'ruff check' .venv/bin/ruff check .
	$(TIMED) 'ruff format' .venv/bin/ruff format --check .
	$(TIMED) mypy .venv/bin/mypy .
	$(TIMED) vermin .venv/bin/vermin --quiet --target=3.9- --violations clients/python/src
	$(TIMED) import-linter .venv/bin/lint-imports
	$(TIMED) djlint .venv/bin/djlint --check --lint leaderboard submissions
	$(TIMED) migrations $(PYTHON_IN_VENV) manage.py makemigrations --check --dry-run

# What locks and triggers are about is tried on PostgreSQL as well.
ON_POSTGRES := $(addprefix tests/submissions/test_,two_at_once.py minting_at_once.py intake.py legal_steps.py audit.py alarms.py \
	public_entries.py idempotency.py post_office.py webhooks.py pacing.py standings.py ranges.py pairs.py rescoring.py boxes.py)

pytest: .venv/development
	$(PYTHON_IN_VENV) -m pytest --times build/times $(PYTEST_ARGS)
ifeq ($(PYTEST_ARGS),)
	$(PYTHON_IN_VENV) -m pytest --times build/times --database postgres $(ON_POSTGRES)
endif

format: .venv/development
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	.venv/bin/djlint --reformat --quiet leaderboard submissions

bench: .venv/development
	$(PYTHON_IN_VENV) -m bench

load: .venv/development parts
	$(PYTHON_IN_VENV) -m bench.load
	$(PYTHON_IN_VENV) -m bench.waiting

SEED ?= 1
faults: .venv/development parts
	$(PYTHON_IN_VENV) -m tests.faults --seed $(SEED)

INPUTS ?= 1000000
fuzz: .venv/development
	$(PYTHON_IN_VENV) -m tests.fuzz --seed $(SEED) --inputs $(INPUTS)

lock: .venv/development
	$(LOCK) --upgrade --output-file requirements.lock pyproject.toml
	$(LOCK) --upgrade --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

clean:
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
