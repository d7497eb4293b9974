# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Every error says what is the matter and what to do about it, and docs/reference/errors.md lists them all."""

from __future__ import annotations

import re

import pytest
import yaml

import pulumi_cgr.resolver
from ansible_collections.cgr.images.plugins.modules import digest_info
from pulumi_cgr.resolver import CgrError

from .support.documented import RESOLVER, module, one_line
from .support.pages import compare, table

INTRODUCTION = """\
# Errors

Whatever goes wrong ends in one sentence that says what to do, in an error of one of these kinds, and changes nothing. The word
stays the same between versions: it is `error_code` of an error of the resolver and of a failed task of Ansible. In Pulumi
the sentence stands on the resource, at the argument it is about, or ends the program.

What becomes of each fault of a registry and of the network, with the sentences themselves: [Failure modes](failure-modes.md).
Written by `make docs` from the classes in `errors.py`.
"""
ERRORS = module(f"{RESOLVER}/errors.py")


def kinds(base: type[CgrError] = CgrError) -> list[type[CgrError]]:
    """Returns the errors below one, each before those below it."""
    return [each for kind in base.__subclasses__() for each in (kind, *kinds(kind))]


def cause_and_cure(kind: type[CgrError]) -> tuple[str, str]:
    """Returns what the docstring says, each on one line."""
    cause, _cure, cure = ERRORS[kind.__name__].docstring.value.partition("Fix: ")
    return one_line(cause), one_line(cure.partition("\n\n")[0])


@pytest.mark.parametrize("kind", kinds())
def test_an_error_says_what_is_the_matter_and_what_to_do(kind: type[CgrError]) -> None:
    cause, cure = cause_and_cure(kind)

    assert cause.endswith(".")
    assert cure.endswith(".")
    assert kind.__name__ in ERRORS.docstring.value, "the tree above the classes shows it"
    assert kind.__name__ in pulumi_cgr.resolver.__all__


def test_each_word_is_of_one_error_and_ansible_lists_those_that_come() -> None:
    words = [kind.error_code for kind in kinds()]
    described = yaml.safe_load(digest_info.RETURN)["error_code"]["description"]

    assert len(set(words)) == len(words)
    families = {"not_found", "access_refused"}  # never raised themselves
    assert set(re.findall(r"\bV\((\w+)\)", " ".join(described))) == set(words) - families


@pytest.mark.page
def test_the_page_lists_every_error() -> None:
    parts = [INTRODUCTION]
    for family in CgrError.__subclasses__():
        cause, cure = cause_and_cure(family)
        below = kinds(family)
        parts.append(f"\n## {family.__name__}: `{family.error_code}`\n\n{cause} {cure}\n")
        rows = [(f"`{kind.error_code}`", f"`{kind.__name__}`", *cause_and_cure(kind)) for kind in below]
        parts.append("\n" + table(["word", "class", "what is the matter", "what to do"], rows) if rows else "")

    compare("docs/reference/errors.md", "".join(parts))
