# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The schema of the plugin, made from what the resources, the function, the rule and the settings say of themselves.

A part of a rule, a setting or an output that is declared is in the schema, with the type of its annotation and its text.
https://www.pulumi.com/docs/iac/extending-pulumi/schema/ describes the format.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from ansible_collections.cgr.images.plugins.module_utils._changes.contents import CONFIGURATION
from pulumi_cgr._bridge import PARTS, SETTINGS
from pulumi_cgr._pulumi.resource_type import IMAGE_DIGEST, IMAGE_DIGESTS, ResourceType
from pulumi_cgr._pulumi.set_query import INDEXES
from pulumi_cgr.plugin.names import camel, respell

from .documented import Documented, arguments, attributes, module, text_of, unwrapped
from .environments import ROOT

GALAXY = yaml.safe_load((ROOT / "ansible_collections/cgr/images/galaxy.yml").read_text())
FUNCTIONS = module("pulumi_cgr/functions.py")
CHANGES = module("pulumi_cgr/image_changes.py")
ANY = {"$ref": "pulumi.json#/Any"}
IMAGES = {
    "type": "object",
    "additionalProperties": {"oneOf": [{"type": "string"}, {"$ref": "#/types/cgr:index:ImageRule"}]},
}
NAMED: dict[str, dict[str, Any]] = {"images": IMAGES, "config": {"$ref": "#/types/cgr:index:ConfigurationChanges"}}
"""The types of properties that have a type of their own in other languages."""
PLAIN: dict[str, dict[str, Any]] = {
    "str": {"type": "string"},
    "AtLike": {"type": "string"},
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "Any": ANY,
    "Build": {"$ref": "#/types/cgr:index:Build"},
    "Signed": {"$ref": "#/types/cgr:index:Signed"},
    "PackageChanges": {"$ref": "#/types/cgr:index:PackageChanges"},
}
OF_SETTINGS: dict[str, dict[str, Any]] = {
    "seconds": PLAIN["float"],
    "count": PLAIN["int"],
    "flag": PLAIN["bool"],
    "mapping": {"type": "object", "additionalProperties": PLAIN["str"]},
    "signers": {"type": "object", "additionalProperties": ANY},
}
PYTHON_ONLY = {"None", "timedelta", "date", "datetime"}
"""Types of values for which other languages have text."""

Schema = dict[str, Any]


def schema_of(annotation: str) -> Schema:
    """Returns the type of a value in the schema for an annotation in Python."""
    return _schema_of(ast.parse(unwrapped(annotation), mode="eval").body)


def _schema_of(node: ast.expr) -> Schema:
    if isinstance(node, ast.BinOp):
        found = [_schema_of(each) for each in _members(node) if ast.unparse(each) not in PYTHON_ONLY]
        unique = [each for number, each in enumerate(found) if each not in found[:number]]
        if len(unique) == 1:
            return unique[0]
        return {"oneOf": unique} if all(each.get("type") != "object" for each in unique) else ANY
    if isinstance(node, ast.Subscript):
        name = ast.unparse(node.value)
        inner = node.slice.elts[-1] if isinstance(node.slice, ast.Tuple) else node.slice
        if name in ("Mapping", "dict"):
            return {"type": "object", "additionalProperties": _schema_of(inner)}
        assert name in ("Sequence", "Iterable", "list"), ast.unparse(node)
        return {"type": "array", "items": _schema_of(inner)}
    return PLAIN[ast.unparse(node)]


def _members(node: ast.expr) -> Iterable[ast.expr]:
    if isinstance(node, ast.BinOp):
        yield from _members(node.left)
        yield from _members(node.right)
    else:
        yield node


def described(each: Documented) -> Schema:
    """Returns a property: its type and what it means."""
    kind = NAMED[each.name] if each.name in NAMED else schema_of(each.type)
    return {**kind, "description": _text(each.text)}


def properties(found: Mapping[str, Documented], names: Iterable[str] | None = None) -> Schema:
    """Returns properties by their names in the schema, in alphabetical order."""
    chosen = found if names is None else [name for name in names if name in found]
    return dict(sorted((camel(name), described(found[name])) for name in chosen))


def rule_of(kind: str) -> dict[str, Documented]:
    """Returns the parts of a rule that a resource or function takes, by the name of the type of its keywords."""
    kinds = module("pulumi_cgr/_pulumi/rule_inputs.py")
    typed = {each.name: each for base in (kinds[kind], *kinds[kind].mro()) for each in attributes(base).values()}
    parts = {part.name: part for part in PARTS if part.name in typed}
    return {name: Documented(name, typed[name].type, None, part.text) for name, part in parts.items()}


def arguments_of(function: Any, rule: str) -> dict[str, Documented]:
    """Returns the arguments of a resource or function, and those of its rule; a text that only refers to another is that text."""
    own = arguments(module("pulumi_cgr/image_digest.py")["ImageDigest"]["__init__"])
    taken = {name: each for name, each in arguments(function).items() if name not in ("resource_name", "opts", "rule")}
    for name, each in taken.items():
        if each.text.lower().startswith("see `imagedigest`"):
            taken[name] = own[name]
    at = next(part.text for part in PARTS if part.name == "at")
    taken["at"] = Documented("at", "AtLike | None", None, at)
    return {**taken, **rule_of(rule)}


def resource(path: str, kind: ResourceType) -> Schema:
    """Returns a resource: its arguments, and its outputs, among which are the arguments that the state keeps."""
    documented = module(path)[kind.name]
    taken, held = arguments_of(documented["__init__"], "RuleInputs"), attributes(documented)
    kept = {name: taken[name] for name in kind.kept if name in taken and name not in held}
    return {
        "description": _text(text_of(documented)),
        "properties": properties({**held, **kept}),
        "required": required(held),
        "inputProperties": properties(taken),
        "requiredInputs": required(taken),
    }


def required(found: Mapping[str, Documented]) -> list[str]:
    """Returns the names of those that always have a value; the state has `indexes` only for images with a platform."""
    return sorted(camel(name) for name, each in found.items() if "None" not in each.type and name != INDEXES)


def types() -> Schema:
    """Returns the types of nested objects."""
    taken = arguments_of(module("pulumi_cgr/image_digest.py")["ImageDigest"]["__init__"], "RuleInputs")
    own_rule = properties(taken, ("image", "at", *rule_of("RuleInputs")))
    return {
        **{f"cgr:index:{name}": result_type(FUNCTIONS[name]) for name in ("Build", "Signed")},
        "cgr:index:PackageChanges": result_type(CHANGES["PackageChanges"]),
        "cgr:index:ConfigurationChanges": configuration_type(),
        "cgr:index:ImageRule": {
            "type": "object",
            "description": "An image with a rule of its own.",
            "properties": own_rule,
            "required": ["image"],
        },
    }


def result_type(kind: Any) -> Schema:
    """Returns the type of a nested object that a function returns."""
    found = attributes(kind)
    return {
        "type": "object",
        "description": _text(text_of(kind)),
        "properties": properties(found),
        "required": required(found),
    }


def configuration_type() -> Schema:
    """Returns the type of the differences of two configurations."""
    value = {"type": "array", "items": ANY, "description": "The old and the new value, if they differ."}
    return {
        "type": "object",
        "description": "The parts of the configuration that differ between two builds.",
        "properties": dict(sorted((camel(name), value) for name in CONFIGURATION)),
    }


def functions() -> Schema:
    """Returns the functions."""
    digest, changes = FUNCTIONS["get_image_digest"], CHANGES["get_image_changes"]
    return {
        "cgr:index:getImageDigest": function(
            "Resolves an image without a resource, in every run.",
            arguments_of(digest, "RuleValues"),
            FUNCTIONS["GetImageDigestResult"],
        ),
        "cgr:index:getImageChanges": function(text_of(changes), arguments(changes), CHANGES["GetImageChangesResult"]),
    }


def function(text: str, taken: Mapping[str, Documented], result: Any) -> Schema:
    """Returns a function with some arguments and a result."""
    found = attributes(result)
    return {
        "description": _text(text),
        "inputs": {"type": "object", "properties": properties(taken), "required": ["image"]},
        "outputs": {"type": "object", "properties": properties(found), "required": required(found)},
    }


def settings() -> Schema:
    """Returns the settings."""
    return {
        camel(setting.name): {
            **OF_SETTINGS.get(setting.kind, PLAIN["str"]),
            "description": _text(setting.text),
            **({"secret": True} if setting.is_secret else {}),
        }
        for setting in SETTINGS
    }


def languages() -> Schema:
    """Returns what the packages for each language are called."""
    own = {"respectSchemaVersion": True}
    return {
        "csharp": {"rootNamespace": "PulumiCgr", "namespaces": {"cgr": "Cgr"}, **own},
        "go": {"importBasePath": f"{GALAXY['repository'].removeprefix('https://')}/sdk/go/cgr", **own},
        "java": {"basePackage": "io.github.pulumi_cgr", "buildFiles": "gradle"},
        "nodejs": {"packageName": "@pulumi-cgr/cgr", **own},
        # `pulumi_cgr` has the dynamic resources.
        "python": {"packageName": "pulumi_cgr_plugin", "pyproject": {"enabled": True}, **own},
    }


def schema() -> Schema:
    """Returns the whole schema, without the version, which the plugin adds."""
    return {
        "name": "cgr",
        "displayName": "Chainguard image pins",
        "description": f"{GALAXY['description']}.",
        "keywords": ["pulumi", "chainguard", "container", "digest", "pin", "category/utility", "kind/native"],
        "homepage": GALAXY["homepage"],
        "repository": GALAXY["repository"],
        "publisher": "the pulumi-cgr authors",
        "license": "Apache-2.0",
        "meta": {"moduleFormat": "(.*)(?:/[^/]*)"},
        "config": {"variables": settings()},
        "provider": {
            "description": "The provider, with the settings of its lookups.",
            "inputProperties": settings(),
        },
        "types": types(),
        "resources": {
            "cgr:index:ImageDigest": resource("pulumi_cgr/image_digest.py", IMAGE_DIGEST),
            "cgr:index:ImageDigests": resource("pulumi_cgr/image_digests.py", IMAGE_DIGESTS),
        },
        "functions": functions(),
        "language": languages(),
    }


def _text(text: str) -> str:
    """Returns a text with the names of other languages, without examples in Python."""
    prose = text.partition(" web = ")[0].partition(" release = ")[0]
    spelled = respell(prose).replace("=[", ": [")
    return spelled[:1].upper() + spelled[1:]
