# monami: `make demo` and `make test` are all that is needed; both make .venv first.
# Another interpreter: make PYTHON=/path/to/python3.12 test
PACKAGES = model checker traces reports
BIN = .venv/bin
STAMP = .venv/.installed
LOCKER = build/lock-venv
PIP_TOOLS = pip-tools==7.6.2
PIP = PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip -q
NEW_ENOUGH = import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13; do \
	"$$p" -c "$(NEW_ENOUGH)" >/dev/null 2>&1 && echo "$$p" && break; done)

.PHONY: demo test test-long fuzz lint format bench lock clean
.DELETE_ON_ERROR:

demo: $(STAMP)
	$(BIN)/monami demo

test: lint
	$(BIN)/pytest -n 2 --dist loadfile

test-long: lint
	$(BIN)/pytest -n 2 --dist loadfile -m "long or not long" --hypothesis-profile=long

# All readers in turn, an hour in all; inputs that break one are left in $(FUZZ_FOLDER).
FUZZ_SECONDS = 3600
FUZZ_FOLDER = build/fuzz
fuzz: $(STAMP)
	$(BIN)/python -m tests.fuzz $(FUZZ_FOLDER) $(FUZZ_SECONDS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(addprefix -p ,$(PACKAGES))

format: $(STAMP)
	$(BIN)/ruff format .

bench: $(STAMP)
	$(BIN)/python -m tests.benchmarks

$(STAMP): requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ] || ! "$(PYTHON)" -c "$(NEW_ENOUGH)" 2>/dev/null; then \
		echo "monami needs Python 3.11 or later with its venv module, and none was found:" \
			"install it (Debian: apt-get install python3 python3-venv)" \
			"or name it with make PYTHON=..." >&2; exit 1; fi
	"$(PYTHON)" -m venv .venv
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# Renew the lock: every package pinned, with the hashes of all its files. pip-compile leaves out the
# condition that pyproject.toml has for atheris, which elsewhere would have to be built.
FUZZING_MACHINES = platform_system == "Linux" and platform_machine == "x86_64" and python_version < "3.14"
lock:
	"$(PYTHON)" -m venv $(LOCKER)
	$(LOCKER)/bin/python -m pip -q install "$(PIP_TOOLS)"
	$(LOCKER)/bin/pip-compile --quiet --upgrade --extra dev --generate-hashes --allow-unsafe \
		--strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
		--no-emit-options --no-header --no-annotate -o requirements.lock pyproject.toml
	sed 's/^atheris==[^ ]*/& ; $(FUZZING_MACHINES)/' requirements.lock >requirements.lock.new
	mv requirements.lock.new requirements.lock

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find $(PACKAGES) tests -name __pycache__ -type d -prune -exec rm -rf {} +
