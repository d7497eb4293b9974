# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""What the module `digest_info` and its action plugin share: the arguments, and the answer to them."""

from __future__ import annotations

from typing import Any, Mapping

from ._resolver.errors import CgrError
from ._resolver.resolver import Resolver

ARGUMENTS: dict[str, Any] = {
    "argument_spec": {
        "image": {"type": "str"},
        "images": {"type": "list", "elements": "str"},
        "at": {"type": "raw"},
        "token": {"type": "str", "no_log": True},
        "registry": {"type": "str"},
        "timeout": {"type": "float"},
    },
    "mutually_exclusive": [("image", "images")],
    "required_one_of": [("image", "images")],
}


def look_up(params: Mapping[str, Any]) -> dict[str, Any]:
    """Answers a task.

    Args:
        params: the arguments of the task, validated against `ARGUMENTS`.

    Returns:
        The result of the task: the answer for `image`, or the list `images` of them; else `failed`, with the sentence
        `msg` and the word `failed_because`.
    """
    try:
        resolver = Resolver(token=params["token"], registry=params["registry"], timeout=params["timeout"])
        if params["image"] is not None:
            found: dict[str, Any] = dict(resolver.resolve(params["image"], at=params["at"]).as_dict())
        else:
            found = {"images": [resolver.resolve(image, at=params["at"]).as_dict() for image in params["images"]]}
    except CgrError as error:
        return {"changed": False, "failed": True, "msg": str(error), "failed_because": error.failed_because}
    return {"changed": False, **found}
