# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which files hold images, and how each of them is read: by their names, and where these say nothing, by what is in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import Callable

from .dockerfile.images import images_in_dockerfile
from .dockerfile.source import is_dockerfile
from .hcl.images import images_in_hcl
from .json.images import images_in_json, images_in_jsonc
from .matcher import Matcher
from .occurrence import Occurrence, Unreadable
from .starlark.images import images_in_starlark
from .text.dialects import EARTHFILE, ENVIRONMENT, GROOVY, QUADLET, SCRIPT
from .text.images import Dialect, images_in_text
from .tree.embedded import FindInFile
from .tree.scalars import IN_TEXT
from .yaml.images import images_in_yaml

NOT_READ = "is neither YAML, JSON nor a Dockerfile; not read"

Finder = Callable[[str, Matcher], list[Occurrence]]


@dataclass(frozen=True)
class Format:
    """A kind of files.

    Attributes:
        name: what it is called.
        patterns: the names of its files, in lower case, as shell patterns.
        find: finds the images in a text; raises `Unreadable` where the text is something else.
    """

    name: str
    patterns: tuple[str, ...]
    find: Finder


def _text(name: str, dialect: Dialect, *patterns: str) -> Format:
    return Format(name, patterns, partial(_images_in_text, dialect))


def _images_in_text(dialect: Dialect, text: str, names: Matcher) -> list[Occurrence]:
    return images_in_text(text, names, dialect)


def _with_texts(find: Callable[[str, Matcher, FindInFile], list[Occurrence]]) -> Finder:
    """Returns the finder of a format whose files contain texts of any format."""
    return lambda text, names: find(text, names, find_in_file)


def find_in_file(name: str, text: str, names: Matcher) -> list[Occurrence]:
    """Finds the images in a file, by its name; raises `Unreadable` where it is not of its format."""
    return format_of(name, text).find(text, names)


YAML = Format("YAML", ("*.yaml", "*.yml"), _with_texts(images_in_yaml))
DOCKERFILE = Format("Dockerfile", ("*dockerfile*", "*containerfile*"), images_in_dockerfile)
"""Whatever stands before or behind `Dockerfile` and `Containerfile`, as BuildKit and Podman take any name with `-f`."""

SHELL = _text("shell script", SCRIPT, "*.sh", "*.bash", "*.zsh", "*.ksh")

JSON = Format("JSON", (), _with_texts(images_in_json))
JSONC = Format("JSON with comments", ("*devcontainer.json", "*.jsonc"), _with_texts(images_in_jsonc))

FORMATS = (
    YAML,
    JSON,
    JSONC,
    Format("HCL", ("*.tf", "*.tfvars", "*.tofu", "*.hcl", "*.nomad"), images_in_hcl),
    SHELL,
    _text("quadlet", QUADLET, "*.container", "*.image", "*.volume", "*.build"),
    _text("Makefile", SCRIPT, "makefile*", "gnumakefile", "*.mk", "*.mak"),
    _text("environment file", ENVIRONMENT, ".env", ".env.*", "*.env", ".envrc"),
    _text("Earthfile", EARTHFILE, "earthfile", "*.earth"),
    _text("Jenkinsfile", GROOVY, "*jenkinsfile*"),
    _text("TOML", SCRIPT, "*.toml"),
    Format("Starlark", ("*.bazel", "workspace", "build", "*.bzl"), images_in_starlark),
    DOCKERFILE,
)
"""All of them; a name that fits several is one of the first."""

PATTERNS = (
    *(pattern for each in FORMATS for pattern in each.patterns),
    *("docker-bake*.json", "*.tf.json", "*.tfvars.json"),
    *("*.j2", "*.tpl"),
)
"""The files that are looked at in a folder, if nothing else is said; in upper or lower case."""

# A template of a file has the format of what it makes: web.yaml.j2.
_TEMPLATE = re.compile(r"\.(?:j2|jinja2?|tpl|tmpl|gotmpl)$", re.IGNORECASE)
_SHEBANG = re.compile(r"#!.*\b(?:ba|da|k|z|a)?sh\b")
# Files that only speak of Dockerfiles, and backups of editors.
_NOT_DOCKERFILES = re.compile(
    r".*(?:\.(?:dockerignore|md|rst|txt|py|go|rs|js|ts|java|rb|php|c|h|html?|css|snap|lock|json|xml|vim|lua|exs?|ya?ml|bak|orig"
    r"|rej|swp|zip|t?gz|png|svg)|~)",
    re.IGNORECASE,
)


def format_of(name: str, text: str) -> Format:
    """Returns the format of a file.

    Args:
        name: the name of the file; empty for a text without a name, such as standard input, which is YAML unless its content
            says otherwise.
        text: its content, which says what it is where the name does not.
    """
    if not name:
        return _by_content(text) or YAML
    by_name = _by_name(_TEMPLATE.sub("", name))
    if by_name is None or by_name.name == "quadlet":
        return _by_content(text) or by_name or _UNKNOWN
    return by_name


def is_looked_at(name: str) -> bool:
    """Whether a file of a folder is looked at, if no patterns are given."""
    name = name.lower()
    fitting = [pattern for pattern in PATTERNS if fnmatchcase(name, pattern)]
    return bool(fitting) and not (set(fitting) <= set(DOCKERFILE.patterns) and _NOT_DOCKERFILES.fullmatch(name))


def _by_name(name: str) -> Format | None:
    name = name.lower()
    fitting = (each for each in FORMATS if any(fnmatchcase(name, pattern) for pattern in each.patterns))
    found = next(fitting, None)
    if name.endswith(".json") and found is not JSONC:
        return JSON
    return None if found is DOCKERFILE and _NOT_DOCKERFILES.fullmatch(name) else found


def _by_content(text: str) -> Format | None:
    if _SHEBANG.match(text):
        return SHELL
    return DOCKERFILE if is_dockerfile(text) else None


def _images_in_unknown(text: str, names: Matcher) -> list[Occurrence]:
    """Finds the images in a file whose name tells no format: it is read as YAML, which includes JSON."""
    try:
        found = YAML.find(text, names)
    except Unreadable as error:
        raise Unreadable(NOT_READ) from error
    if all(each.reason == IN_TEXT for each in found):  # any text is a scalar of YAML
        raise Unreadable(NOT_READ)
    return found


_UNKNOWN = Format("unknown", (), _images_in_unknown)
