# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""What the module `digest_info` and its action plugin share: the arguments, and the answer to them."""

from __future__ import annotations

from typing import Any, Mapping

from ._resolver.errors import CgrError
from ._resolver.resolver import Resolver, Trace
from ._resolver.settings import NAMES

ARGUMENTS: dict[str, Any] = {
    "argument_spec": {
        "image": {"type": "str"},
        "images": {"type": "list", "elements": "str"},
        "at": {"type": "raw"},
        "token": {"type": "str", "no_log": True},
        "username": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "identity": {"type": "str"},
        "identity_token": {"type": "str", "no_log": True},
        "identity_token_file": {"type": "path"},
        "credentials": {"type": "str", "choices": ["anonymous"]},
        "registry": {"type": "str"},
        "issuer": {"type": "str"},
        "timeout": {"type": "float"},
    },
    "mutually_exclusive": [("image", "images")],
    "required_one_of": [("image", "images")],
    "required_together": [("username", "password")],
}


def look_up(params: Mapping[str, Any], trace: Trace | None = None) -> tuple[dict[str, Any], list[str]]:
    """Answers a task.

    Args:
        params: the arguments of the task, validated against `ARGUMENTS`.
        trace: see `Resolver`.

    Returns:
        The result of the task: the answer for `image`, or the list `images` of them; else `failed`, with the sentence
        `msg` and the word `failed_because`.  And the warnings to show.
    """
    single = params["image"] is not None
    try:
        resolver = Resolver(**{name: params[name] for name in NAMES}, trace=trace)
        images = [params["image"]] if single else params["images"]
        answers = [resolver.resolve(image, at=params["at"]) for image in images]
    except CgrError as error:
        return {"changed": False, "failed": True, "msg": str(error), "failed_because": error.failed_because}, []
    found = [answer.as_dict() for answer in answers]
    warnings = [warning for answer in answers for warning in answer.warnings]
    return {"changed": False, **(found[0] if single else {"images": found})}, warnings
