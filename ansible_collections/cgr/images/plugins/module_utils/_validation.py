# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Values that users of Ansible write in the wrong place or form, and the sentences that tell where they belong."""

from __future__ import annotations

import json
import platform
import re
import sys
from datetime import datetime
from typing import Any, Mapping

from ._resolver.errors import CgrError, InvalidImage, InvalidInstant, InvalidRule, MissingDependency
from ._resolver.model.rule import RULE_NAMES
from ._resolver.redaction import redact

IMAGE = "cgr.dev/ORG/IMAGE:TAG"
UTC_NOW = "now(utc=true, fmt='%Y-%m-%dT%H:%M:%SZ')"


def reject_misplaced(value: Any, name: str) -> None:
    """Rejects a value that is not an image, where one belongs.

    Args:
        value: the value.
        name: what the user calls it: `image`, `term` or `images[0]`.

    Raises:
        InvalidImage: it is not text, is empty, or is the text of a list or of a dictionary.
    """
    if value is None:
        raise InvalidImage(f"{name} is null: write {IMAGE}. A variable in it may be empty.", name)
    if isinstance(value, (list, tuple)):
        raise InvalidImage(f"{name} is a list. Write several images in 'images' of digest_info.", name)
    if isinstance(value, Mapping):
        raise InvalidImage(
            f"{name} is a dictionary. Write an image that has its own rule in 'images' of digest_info.", name
        )
    if not isinstance(value, str):
        raise InvalidImage(f"{name} is {redact(value)}, not text: write {IMAGE}.", name)
    if not value.strip():
        raise InvalidImage(f"{name} is empty: write {IMAGE}. A variable in it may be empty.", name)
    if _is_json(value):
        raise InvalidImage(
            f"{name} is the JSON text {redact(value)}. Write several images in 'images' of digest_info, as a list or a"
            " dictionary; the filter from_json makes one of text.",
            name,
        )


def read_images(images: Any) -> Any:
    """Returns the list or the dictionary that a user means by `images`.

    Args:
        images: a list, a dictionary, one image, or images with commas between them.

    Raises:
        InvalidImage, InvalidInstant, InvalidRule: it is something else, or a part of it is in the wrong place.
    """
    if isinstance(images, str) and _is_json(images):
        raise InvalidImage(
            f"images is the JSON text {redact(images)}. Write a list or a dictionary; the filter from_json makes one of text.",
            "images",
        )
    if isinstance(images, str):
        images = [image.strip() for image in images.split(",")]
    if not isinstance(images, (list, tuple, Mapping)):
        raise InvalidImage(f"images is {_described(images)}: write a list or a dictionary of images.", "images")
    entries = images.items() if isinstance(images, Mapping) else enumerate(images)
    for key, entry in entries:
        _reject_misplaced_entry(entry, f"images[{key}]")
    return images


def reject_empty(value: Any, name: str) -> None:
    """Rejects a part of a rule without a value, such as `at:`, which was meant to have one.

    Raises:
        InvalidInstant, InvalidRule: it is null or the empty text.
    """
    if value is None or value == "":
        kind = InvalidInstant if name == "at" or name.endswith(".at") else InvalidRule
        raise kind(f"{name} is empty: give it a value, or leave it out.", name)


def reject_naive(value: Any, name: str) -> None:
    """Rejects a `datetime` without a time zone: Ansible's `now()` is local time, and does not say so.

    Raises:
        InvalidInstant: it has no time zone.
    """
    if isinstance(value, datetime) and value.tzinfo is None:
        raise InvalidInstant(
            f"{name} {redact(value)} has no time zone, and may be local time: write {UTC_NOW} for the present, or an instant"
            " in quotes, such as '2026-01-31T12:00:00Z'.",
            name,
        )


def explain(error: CgrError) -> str:
    """Returns the sentence of an error; that about a missing library says where, and how to install it there."""
    if not isinstance(error, MissingDependency) or error.argument == "cosign":
        return str(error)
    library = "PyYAML" if "PyYAML" in error.message else "requests"
    pipx = re.search(r"/pipx/venvs/([^/]+)", sys.prefix)
    command = f"pipx inject {pipx.group(1)} {library}" if pipx else f"{sys.executable} -m pip install {library}"
    return f"The Python library {library} is missing on {platform.node()} for {sys.executable}. Install it there: {command}"


def _reject_misplaced_entry(entry: Any, name: str) -> None:
    if not isinstance(entry, Mapping):
        reject_misplaced(entry, name)
        return
    for part in RULE_NAMES:
        if part in entry:
            reject_empty(entry[part], f"{name}.{part}")
            reject_naive(entry[part], f"{name}.{part}")
    if "image" not in entry:
        raise InvalidImage(f"{name} has no image: write {IMAGE} as its 'image'.", name)
    reject_misplaced(entry["image"], f"{name}.image")


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in ("[", "{"):
        return False
    try:
        return isinstance(json.loads(text), (list, dict))
    except ValueError:
        return False


def _described(value: Any) -> str:
    return "null" if value is None else redact(value)
