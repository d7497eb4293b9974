# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Failures of checks, told by the program at the end of a preview: all of them, each reason once.

If a check reports a failure to the engine, the engine interrupts the program at the first one.  So in a preview the check
succeeds and passes the failure on as a property, and the program ends with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pulumi

from ..resolver import CgrError, InvalidArgument
from .properties import CHECKS, LOCK, RULE, TRIGGERS

_ARGUMENTS = {"image", "images", "digest", "digests", TRIGGERS, LOCK, *CHECKS, *RULE}
_SHOWN = _ARGUMENTS - {TRIGGERS}  # which may be secrets
MOST_NAMES = 10
"""How many pins are named that fail for the same reason."""


class Failed(NamedTuple):
    """A pin without a digest, and the failure that its check passed on."""

    pin: pulumi.Resource
    failure: Mapping[str, Any]

    @property
    def sentence(self) -> str:
        """The reason, with the image and the argument it is about."""
        image, message, argument = (self.failure.get(name) for name in ("image", "message", "argument"))
        about = f"property {argument}: " if argument else ""
        return f"{about}{image}: {message}" if image else f"{about}{message}"


def failure_to_property(error: CgrError) -> dict[str, Any]:
    """Returns a failure as a property of a resource."""
    # A malformed setting is not an argument of the resource.
    is_about_argument = isinstance(error, InvalidArgument) and error.argument in _ARGUMENTS
    argument = error.argument if is_about_argument else None
    return {"error_code": error.error_code, "message": error.message, "image": error.image, "argument": argument}


def property_of(error: CgrError) -> str:
    """Returns the property that the engine names for a failure in an update, and whose value it shows; empty for none.

    It shows secrets, too, and has no value for a setting.
    """
    return error.argument if error.argument in _SHOWN else ""


def hide_arguments(error: CgrError) -> CgrError:
    """Returns an error about secret arguments, whose sentence could contain parts of them."""
    hidden = CgrError(
        f"an argument is a secret, so only the error code is shown: {error.error_code}. docs/reference/errors.md explains it."
    )
    hidden.error_code, hidden.argument = error.error_code, ""
    return hidden


def end_program(failed: Iterable[Failed]) -> pulumi.RunError:
    """Logs each reason once, on the first pin that has it, and returns the error to end the program with."""
    by_reason: dict[tuple[Any, Any], list[Failed]] = {}
    for each in failed:
        by_reason.setdefault((each.failure.get("message"), each.failure.get("argument")), []).append(each)
    for alike in by_reason.values():
        pulumi.log.error(_tell(alike), alike[0].pin)
    total = sum(map(len, by_reason.values()))
    what = f"{total} pins have no digest" if total > 1 else f"{_name(next(iter(by_reason.values()))[0])} has no digest"
    return pulumi.RunError(f"{what}, for the {'reasons' if len(by_reason) > 1 else 'reason'} shown.")


def _tell(alike: list[Failed]) -> str:
    if len(alike) == 1:
        return alike[0].sentence
    names = sorted(map(_name, alike))
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    without_image = Failed(alike[0].pin, {**alike[0].failure, "image": None})
    return f"{without_image.sentence}\nThe same for {len(names)} pins: {', '.join(names[:MOST_NAMES])}{more}."


def _name(failed: Failed) -> str:
    return str(failed.pin._name)
