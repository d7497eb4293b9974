# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The images in HCL: Terraform and OpenTofu, Nomad jobs, Packer, and the build files of Docker Bake."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Iterator

from ..dockerfile.images import images_in_dockerfile
from ..matcher import Matcher
from ..occurrence import Occurrence, Parsed, in_order, shifted, with_target
from ..text.dialects import SCRIPT
from ..text.images import NO_COMMENT, Line, lines_of, registry_alone
from ..text.lines import LineNumbers
from ..text.references import Found, occurrence_of, references_in
from ..text.usage import BUILT_OR_PUSHED, TAKEN_APART, Variables, why_target_skipped
from .source import Literal, literals

# Attributes that name what is built: of Docker Bake, and of the Terraform providers for Docker.
_BUILT = frozenset(
    ["tags", "cache-to", "cache-from", "cache_to", "cache_from", "output", "target_image", "destination"]
)
# Blocks whose `image` is `latest` without a tag: of the Terraform provider for Kubernetes, and Nomad's driver for Docker.
_LATEST = frozenset(["container", "init_container", "config"])
# The arguments of a function that takes texts apart or adds to them, up to the end of the line; and a template that adds to one.
_GIVEN = re.compile(r"\b(?:split|replace|regex|regexall|substr|trim|trimprefix|trimsuffix|format|join)\(([^\n]*)")
_ADDED_TO = re.compile(r"\$\{\s*([\w.-]+)\s*\}(?:\w|[-.@/:][\w$]|\$)")
_VALUE = re.compile(r"[A-Za-z_][\w.-]*")
# A list of what is built or pushed, and the texts in it without templates.
_BUILT_LIST = re.compile(rf"(?m)^[ \t]*(?:{'|'.join(sorted(_BUILT))})[ \t]*=[ \t]*\[([^\]]*)")
_PLAIN = re.compile(r'"[^"$\n]*"')
_REGISTRY_IN_USE = re.compile(r"\$\{(?:var\.|local\.)?\w+\}/")


def images_in_hcl(text: str, names: Matcher) -> list[Occurrence]:
    """Finds the images in a text, in their order.

    Raises:
        Unreadable: it is not HCL.
    """
    reader = _Images(text, names)
    return in_order(
        with_target(occurrence, parsed_hcl, literal.start, literal.start)
        for literal in literals(text)
        for occurrence in reader.in_literal(literal)
    )


def parsed_hcl(text: str) -> Iterator[Parsed]:
    """Yields the texts in HCL, for the check of what is written; the path of one is where it begins.

    Raises:
        Unreadable: it is not HCL.
    """
    for each in literals(text):
        yield Parsed(
            each.start, text[each.start : each.end], (tuple(block.type for block in each.blocks), each.attribute)
        )


class _Images:
    """Finds the images in the literals of one text."""

    def __init__(self, text: str, names: Matcher) -> None:
        self._text = text
        self._names = names
        self._numbers = LineNumbers(text)
        self._variables = Variables(text)
        given = {name for found in _GIVEN.finditer(text) for name in _VALUE.findall(found[1])}
        self._taken_apart = given.union(found[1] for found in _ADDED_TO.finditer(text))
        lists = [_PLAIN.sub("", found[1]) for found in _BUILT_LIST.finditer(text)]
        self._built = {name for each in lists for name in _VALUE.findall(each)}
        self._uses_registries = bool(_REGISTRY_IN_USE.search(text))

    def in_literal(self, literal: Literal) -> Iterator[Occurrence]:
        held = self._text[literal.start : literal.end]
        if not self._names.may_be_in(held):
            return
        first = self._numbers.of(literal.start)
        if literal.attribute == "dockerfile-inline" and literal.is_heredoc:
            yield from self._in_dockerfile(held, literal.start, first)
            return
        alone = registry_alone(held, self._names, first)
        if alone and self._uses_registries:
            yield alone
        for line in lines_of(held, SCRIPT.comment if literal.is_heredoc else NO_COMMENT):
            for found in references_in(line.text, self._names):
                occurrence = self._occurrence(literal, line, found, first + line.number - 1)
                if occurrence:
                    yield occurrence

    def _in_dockerfile(self, held: str, start: int, first: int) -> Iterator[Occurrence]:
        for each in images_in_dockerfile(held, self._names):
            place = each.place and shifted(each.place, start)
            first_line = each.first_line and each.first_line + first - 1
            yield replace(each, line=each.line + first - 1, first_line=first_line, place=place)

    def _occurrence(self, literal: Literal, line: Line, found: Found, number: int) -> Occurrence | None:
        before, behind = line.text[: found.start], line.text[found.end :]
        is_built = _is_built(literal) or _is_used_in(self._built, literal)
        reason = BUILT_OR_PUSHED if is_built else why_target_skipped(before, behind, self._variables)
        if not reason and _is_used_in(self._taken_apart, literal):
            reason = TAKEN_APART
        is_latest = literal.attribute == "image" and bool(literal.blocks) and literal.blocks[-1].type in _LATEST
        offset = literal.start + line.start
        return occurrence_of(
            line.text, found, offset, number, self._names, reason, is_latest and not before and not behind
        )


def _is_used_in(names: set[str], literal: Literal) -> bool:
    """Whether the variable or the local value that holds a text is among some names."""
    return not names.isdisjoint(_names_of_value(literal))


def _names_of_value(literal: Literal) -> tuple[str, ...]:
    """Returns by what names the file uses the value that a text is: Terraform's `var.x` and `local.x`, and Bake's `x`."""
    block = literal.blocks[-1] if len(literal.blocks) == 1 else None
    if block and block.type == "variable" and literal.attribute == "default" and block.labels:
        return f"var.{block.labels[0]}", block.labels[0]
    return (f"local.{literal.attribute}",) if block and block.type == "locals" and literal.attribute else ()


def _is_built(literal: Literal) -> bool:
    """Whether a text names what is built or pushed, rather than what is pulled."""
    if literal.attribute in _BUILT:
        return True
    block = literal.blocks[-1] if literal.blocks else None
    if block is None or literal.attribute != "name" or block.type != "resource":
        return False
    is_pushed = block.labels[:1] == ("docker_registry_image",)
    return is_pushed or (block.labels[:1] == ("docker_image",) and "build" in block.children)
