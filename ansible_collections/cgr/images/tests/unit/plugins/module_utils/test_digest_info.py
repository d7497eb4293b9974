# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""digest_info where no registry is asked: an image that is already pinned, and arguments that are wrong."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.cgr.images.plugins.module_utils._digest_info import ARGUMENTS, failed, look_up
from ansible_collections.cgr.images.plugins.module_utils._resolver.errors import CgrError

DIGEST = "sha256:" + 64 * "a"
PINNED = f"cgr.dev/acme.com/python:3.12@{DIGEST}"


def params(**given: Any) -> dict[str, Any]:
    """Returns the arguments of a task as Ansible hands them over: all of them, and None for what is not given."""
    return {**dict.fromkeys(ARGUMENTS["argument_spec"]), **given}


def test_an_image_that_is_pinned_is_returned_as_it_is() -> None:
    result, warnings = look_up(params(image=PINNED))

    assert (result["digest"], result["ref"], result["changed"], warnings) == (DIGEST, PINNED, False, [])


@pytest.mark.parametrize(
    ("given", "code", "sentence"),
    [
        ({"image": "python:3.12"}, "invalid_image", "did you mean cgr.dev/chainguard/python:3.12?"),
        ({"image": PINNED, "at": "tomorrow"}, "invalid_at", "write it like 2026-01-31T12:00:00Z"),
        ({"image": "cgr.dev/acme.com/python", "builds_back": -1}, "invalid_rule", "is not a whole number"),
        ({"images": [{"image": PINNED, "at": None}]}, "invalid_at", "images[0].at is empty"),
    ],
)
def test_a_wrong_argument_says_what_to_write(given: dict[str, Any], code: str, sentence: str) -> None:
    with pytest.raises(CgrError) as error:
        look_up(params(**given))

    result = failed(error.value)
    assert (result["failed"], result["error_code"]) == (True, code)
    assert sentence in result["msg"]
