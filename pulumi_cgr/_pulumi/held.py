# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The pins in the state of the stack, as the program can read them: they need not be looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

_OURS = "pulumi-python:dynamic/cgr:ImageDigest"
# Part of the engine, but of no SDK: every failure to call it must be expected.
_READ_STATE = "pulumi:pulumi:readStackResourceOutputs"


async def read_held() -> list[Mapping[str, Any]]:
    """Returns the properties of the pins in the state of this stack, with placeholders for secrets.

    Raises:
        Exception: the state cannot be read here, for whatever reason.
    """
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    read = await pulumi.runtime.invoke_async(_READ_STATE, {"stackName": stack})
    return [each["outputs"] for each in read["outputs"].values() if str(each["type"]).startswith(_OURS)]
