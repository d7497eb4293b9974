# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Reads names, types, defaults and texts from docstrings, without importing the code, and from Ansible's documentation."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import griffe
import yaml

from .environments import ROOT

RESOLVER = "ansible_collections/cgr/images/plugins/module_utils/_resolver"
PLUGINS = ROOT / "ansible_collections/cgr/images/plugins"


@dataclass(frozen=True)
class Documented:
    """An argument, attribute or class, its default as source text, and its text on one line."""

    name: str
    type: str
    default: str | None
    text: str


def module(path: str) -> Any:
    """Reads a Python file, by its path in the repository."""
    file = ROOT / path
    return griffe.visit(file.stem, filepath=file, code=file.read_text(), docstring_parser="google")


def arguments(function: Any) -> dict[str, Documented]:
    """Returns the arguments of a function, except `self` and `cls`."""
    texts = _section(function, "parameters")
    return {
        parameter.name: Documented(
            parameter.name, str(parameter.annotation), _source(parameter.default), texts.get(parameter.name, "")
        )
        for parameter in function.parameters
        if parameter.name not in ("self", "cls")
    }


def attributes(kind: Any) -> dict[str, Documented]:
    """Returns the public attributes and properties of a class; their texts follow them, or are in the docstring of the class."""
    texts = _section(kind, "attributes")
    return {
        name: Documented(name, str(each.annotation), _source(each.value), texts.get(name) or text_of(each))
        for name, each in kind.attributes.items()
        if not name.startswith("_") and each.annotation is not None
    }


def unwrapped(annotation: str) -> str:
    """Returns the type of a Pulumi argument or output without `pulumi.Input` and `pulumi.Output`."""
    return ast.unparse(_Unwrapped().visit(ast.parse(annotation, mode="eval")))


class _Unwrapped(ast.NodeTransformer):
    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        return node.slice if ast.unparse(node.value) in ("pulumi.Input", "pulumi.Output") else node


def documentation_of(plugin: str) -> str:
    """Returns the documentation of an Ansible plugin, such as `lookup.ref`, from its file or from the YAML file beside it."""
    beside = PLUGINS / f"{plugin.replace('.', '/')}.yml"
    if beside.exists():
        return yaml.safe_dump(yaml.safe_load(beside.read_text())["DOCUMENTATION"])
    return str(import_module(f"ansible_collections.cgr.images.plugins.{plugin}").DOCUMENTATION)


def options_of(documentation: str) -> dict[str, Any]:
    """Returns the options of an Ansible plugin, with those of the fragments it extends."""
    own = yaml.safe_load(documentation)
    options: dict[str, Any] = {}
    for fragment in own.get("extends_documentation_fragment", []):
        name, _dot, part = fragment.removeprefix("cgr.images.").partition(".")
        code = import_module(f"ansible_collections.cgr.images.plugins.doc_fragments.{name}").ModuleDocFragment
        documented = yaml.safe_load(getattr(code, part.upper() or "DOCUMENTATION"))
        for option, value in documented.get("options", {}).items():
            options[option] = {**options.get(option, {}), **value}
    return {**options, **own.get("options", {})}


def text_of(documented: Any) -> str:
    """Returns the first paragraphs of a docstring, on one line."""
    sections = documented.docstring.parsed if documented.docstring else []
    return one_line(" ".join(section.value for section in sections if section.kind.value == "text"))


def one_line(text: str) -> str:
    """Returns a text on one line."""
    return " ".join(text.split())


def _section(documented: Any, kind: str) -> dict[str, str]:
    sections = documented.docstring.parsed if documented.docstring else []
    return {
        each.name: one_line(each.description)
        for section in sections
        if section.kind.value == kind
        for each in section.value
    }


def _source(value: Any) -> str | None:
    return None if value is None else str(value)
