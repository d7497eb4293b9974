# Every target creates the environment that it needs, in .venv or .build.
VENV := .venv
READY := $(VENV)/.ready
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)

.PHONY: help demo test fuzz check format docs bench mutants release clean

help:
	@echo "make demo     pin the same images with Ansible and Pulumi, from recorded histories"
	@echo "make test     run the tests (under five minutes); ARGS=tests/resolver runs some"
	@echo "make fuzz     test with many random responses, configurations, settings and uses of the lock file (long)"
	@echo "make check    check format, lint and types, and run the checks in .ci on several versions of Python and ansible-core"
	@echo "make format   fix format and lint"
	@echo "make docs     write the generated pages"
	@echo "make bench    measure, and write docs/maintaining/performance.md (about ten minutes)"
	@echo "make mutants  run the mutation tests (long)"
	@echo "make release VERSION=1.2.3  build and tag a release"
	@echo "make clean    remove all generated files"

demo: $(READY)
	@$(VENV)/bin/python examples/demo.py

test: $(READY)
	$(VENV)/bin/python -m pytest -n $(if $(findstring .py,$(ARGS)),0,auto) --dist worksteal $(ARGS)

fuzz: $(READY)
	CGR_FUZZ=$${CGR_FUZZ:-100000} CGR_FUZZ_SECONDS=$${CGR_FUZZ_SECONDS:-600} $(VENV)/bin/python -m pytest -q -n auto -m slow \
		tests/test_fuzz.py tests/lock/test_random.py

check: $(READY)
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	.ci/gates 'ansible-test 3.11' 'ansible-test 3.13' 'ansible-test 3.12' collection-package collection-docs \
		'slow-tests tests --ignore=tests/ansible' 'slow-tests tests/ansible' \
		'tests-on 3.10 lowest' 'tests-on 3.11 lowest' 'tests-on 3.13 coverage' types without-posix api-pages audit release-rehearsal

format: $(READY)
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

docs: $(READY)
	CGR_WRITE_DOCS=1 $(VENV)/bin/python -m pytest -q -m page

bench: $(READY)
	$(VENV)/bin/python -m tests.bench

mutants:
	.ci/mutants

release:
	@.ci/release "$(VERSION)"

clean:
	rm -rf $(VENV) .build dist examples/ansible/out ansible_collections/cgr/images/tests/output

$(READY): pyproject.toml constraints.txt
	@python="$$(PYTHON=$(PYTHON) .ci/python)" && echo "Making $(VENV) with $$python" && rm -rf $(VENV) && "$$python" -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --upgrade pip
	@$(VENV)/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[pulumi,ansible,cli]' --group test --group check --group bench
	@touch $@
