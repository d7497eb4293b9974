# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Images that playbooks and Pulumi programs in YAML resolve themselves, with their rules.  Pure: no I/O.

Read are the arguments of modules `cgr.images.*`, `lookup('cgr.images.…', …)`, and resources and functions of the package `cgr`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from .._bridge import RULE_NAMES

_MODULE = re.compile(r"cgr\.images\.\w+")
_RESOURCE = re.compile(r"cgr:(?:index:)?\w*ImageDigests?")
_LOOKUP = re.compile(r"""cgr\.images\.\w+['"]\s*,\s*['"]([^'"]+)['"]([^)}\n]*)""")
_KEYWORD = re.compile(r"""(\w+)\s*=\s*['"]([^'"]*)['"]""")
_CAPITAL = re.compile(r"(?<=[a-z])[A-Z]")
_TEMPLATE = ("{{", "{%", "${")


@dataclass(frozen=True)
class ProgramImage:
    """An image that a program resolves.

    Attributes:
        line: the line where it is written, counted from 1.
        image: the image.
        rule: the parts of its rule; `None` if a part is known only when the program runs.
        uses_lock: whether the program says that it resolves the image from a lock file; `None` if it does not say.
    """

    line: int
    image: str
    rule: Mapping[str, Any] | None
    uses_lock: bool | None = None


def images_in_programs(text: str) -> list[ProgramImage]:
    """Returns the images that a playbook or program resolves; none for text that is not YAML."""
    if "cgr.images." not in text and "cgr:" not in text:
        return []
    try:
        roots = list(yaml.compose_all(text, yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError, ValueError):
        return []
    found = [image for root in roots if root for node in _mappings(root) for image in _of_mapping(node)]
    return [*found, *_of_lookups(text)]


def _mappings(root: yaml.Node) -> Iterator[yaml.MappingNode]:
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen or isinstance(node, yaml.ScalarNode):
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield node
            waiting += [value for _key, value in reversed(node.value)]
        else:
            waiting += reversed(node.value)


def _of_mapping(node: yaml.MappingNode) -> Iterator[ProgramImage]:
    values = _values(node)
    for key, value in values.items():
        if _MODULE.fullmatch(key) and isinstance(value, yaml.MappingNode):
            yield from _of_arguments(value)
    for kind, arguments in (("type", "properties"), ("function", "arguments")):
        name, given = values.get(kind), values.get(arguments)
        if (
            isinstance(name, yaml.ScalarNode)
            and _RESOURCE.fullmatch(name.value)
            and isinstance(given, yaml.MappingNode)
        ):
            yield from _of_arguments(given)


def _of_arguments(node: yaml.MappingNode) -> Iterator[ProgramImage]:
    given = _values(node)
    shared, lock = _rule(given), given.get("lock")
    uses_lock = None if lock is None else bool(lock.value)
    images = given.get("images")
    several: list[yaml.Node] = []
    if images is not None and not isinstance(images, yaml.ScalarNode):
        several = [value for _key, value in images.value] if isinstance(images, yaml.MappingNode) else images.value
    for image in [*([given["image"]] if "image" in given else []), *several]:
        own = _values(image) if isinstance(image, yaml.MappingNode) else {}
        rule = _rule(own) if own else shared
        named = own.get("image", image)
        if isinstance(named, yaml.ScalarNode) and not _is_template(named.value):
            yield ProgramImage(named.start_mark.line + 1, named.value, rule, uses_lock)


def _rule(given: Mapping[str, yaml.Node]) -> dict[str, Any] | None:
    rule: dict[str, Any] = {}
    for name in RULE_NAMES:
        value = given.get(name)
        if value is None or name in ("current", "stale_after"):
            continue
        items = value.value if isinstance(value, yaml.SequenceNode) else [value]
        if not all(isinstance(item, yaml.ScalarNode) and not _is_template(item.value) for item in items):
            return None
        rule[name] = [item.value for item in items] if name == "exclude" else items[0].value
    return rule


def _of_lookups(text: str) -> Iterator[ProgramImage]:
    for found in _LOOKUP.finditer(text):
        keywords = dict(_KEYWORD.findall(found[2]))
        rule = {name: value for name, value in keywords.items() if name in RULE_NAMES}
        lock = keywords.get("lock")
        line = text.count("\n", 0, found.start()) + 1
        yield ProgramImage(line, found[1], rule or None, None if lock is None else bool(lock))


def _values(node: yaml.MappingNode) -> dict[str, yaml.Node]:
    """Returns what a mapping contains, with names such as `minAge` as `min_age`."""
    return {
        _CAPITAL.sub(lambda letter: f"_{letter[0].lower()}", key.value): value
        for key, value in node.value
        if isinstance(key, yaml.ScalarNode)
    }


def _is_template(text: str) -> bool:
    return any(sign in text for sign in _TEMPLATE)
