# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The error of a set of images, and reading errors of another process."""

from __future__ import annotations

from typing import Any, Mapping

from .base import CgrError

MOST_ALIKE = 5
"""How many images of a set are listed one by one that fail for the same reason."""


class SeveralFailed(CgrError):
    """Some images of a set cannot be resolved, so none is; `errors` holds the reasons, by the keys of the set.

    Fix: Handle each of them by its own error code; if all have the same one, the set has it, too.
    """

    error_code = "several_failed"
    argument = "images"

    def __init__(self, errors: Mapping[str, CgrError], total: int) -> None:
        head = f"{len(errors)} of {total} images cannot be resolved, so none is:"
        super().__init__("\n".join([head, *_listed(errors)]))
        self.errors = dict(errors)
        self.total = total
        codes = {error.error_code for error in errors.values()}
        self.error_code = codes.pop() if len(codes) == 1 else type(self).error_code

    def to_dict(self) -> dict[str, Any]:
        """Returns the error and those it consists of as JSON data."""
        errors = {key: error.to_dict() for key, error in self.errors.items()}
        return {**super().to_dict(), "errors": errors, "total": self.total}


def _listed(errors: Mapping[str, CgrError]) -> list[str]:
    """Returns a line for each error, or one for all that have the same message if they are many."""
    alike: dict[str, list[str]] = {}
    for key, error in errors.items():
        alike.setdefault(error.message, []).append(key)
    lines = []
    for key, error in errors.items():
        keys = alike[error.message]
        if len(keys) <= MOST_ALIKE:
            lines.append(f"- {error}" if error.image == key else f"- {key}: {error}")
        elif key == keys[0]:
            lines.append(f"- {', '.join(keys[:MOST_ALIKE])} and {len(keys) - MOST_ALIKE} more: {error.message}")
    return lines


def error_from_dict(data: Mapping[str, Any]) -> CgrError:
    """Reads what `CgrError.to_dict` returned, in this process or another one.

    Raises:
        KeyError, TypeError, AttributeError: it is something else.
    """
    if "errors" in data:
        errors = {str(key): error_from_dict(error) for key, error in data["errors"].items()}
        return SeveralFailed(errors, int(data["total"]))
    code = data["error_code"]
    kind = next((kind for kind in _all_kinds() if kind.error_code == code), CgrError)
    return kind(str(data["message"]), data.get("argument"), image=data.get("image"))  # Pulumi drops what is None


def _all_kinds() -> list[type[CgrError]]:
    kinds: list[type[CgrError]] = [CgrError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return kinds
