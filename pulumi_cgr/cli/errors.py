# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Errors of the command, and its exit status for each."""

from __future__ import annotations

from typing import Any

from ..resolver import CgrError, InvalidArgument, SeveralFailed
from .output import print_json, say


def refuse(error: CgrError, as_json: bool) -> int:
    """Prints an error, and returns the exit status: 2 for invalid arguments, 1 for other errors."""
    say(str(error))
    if as_json:
        print_json({"error": _as_dict(error)})
    several = error.errors.values() if isinstance(error, SeveralFailed) else [error]
    return 2 if all(isinstance(each, InvalidArgument) for each in several) else 1


def _as_dict(error: CgrError) -> dict[str, Any]:
    several = error.errors if isinstance(error, SeveralFailed) else {}
    return {
        "error_code": error.error_code,
        "message": str(error),
        "images": {image: _as_dict(each) for image, each in several.items()},
    }
