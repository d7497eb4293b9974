# make demo, make test and make check make the environment they need, in .venv and .build.
VENV := .venv
READY := $(VENV)/.ready
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)

.PHONY: help demo test check format docs bench mutants release clean

help:
	@echo "make demo    a playbook and a Pulumi program pin images, out of recorded histories"
	@echo "make test    all tests"
	@echo "make check   format, lint, types, and the gates in .ci, on several Pythons and ansible-cores"
	@echo "make format  mend format and lint"
	@echo "make docs    write the pages that tests generate"
	@echo "make bench   measure what the work costs, and write docs/maintaining/performance.md (under ten minutes)"
	@echo "make mutants changes what chooses a digest, and looks whether a test fails (under ten minutes)"
	@echo "make release VERSION=1.2.3   changelogs and packages of a release, up to where it needs an account"
	@echo "make clean   remove what the others made"

demo: $(READY)
	@$(VENV)/bin/python examples/demo.py

test: $(READY)
	$(VENV)/bin/python -m pytest -n auto --dist loadfile $(ARGS)

check: $(READY)
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	.ci/gates 'ansible-test 3.11' 'ansible-test 3.12' collection-package collection-docs \
		'tests-on 3.10 lowest' 'tests-on 3.11' 'tests-on 3.13 coverage' types api-pages audit release-rehearsal

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
