# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Errors of the caller: an argument, a setting, or a library or program that is not installed."""

from __future__ import annotations

from typing import Sequence

from .base import CgrError


class InvalidArgument(CgrError):
    """An argument or a setting is wrong.

    Fix: Change the argument, setting or variable that the message names.
    """

    error_code = "invalid"


class InvalidImage(InvalidArgument):
    """The image is not a reference, is in another registry than `cgr.dev`, or still contains a template.

    Fix: Write `cgr.dev/ORG/IMAGE[:TAG]`, and render templates before.
    """

    error_code = "invalid_image"


class InvalidInstant(InvalidArgument):
    """`at` is not an instant, or is in the future by the registry's clock.

    Fix: Write it like `2026-01-31T12:00:00Z` or `2026-01-31`; omit it to get the latest build.
    """

    error_code = "invalid_at"
    argument = "at"


class InvalidRule(InvalidArgument):
    """A part of the rule is malformed, or cannot be combined with another; `argument` names it.

    Fix: Correct that part, or remove one of the two.
    """

    error_code = "invalid_rule"


def all_of(errors: Sequence[InvalidArgument]) -> InvalidArgument:
    """Returns one error for several arguments or settings that are wrong, so that they can be corrected at once.

    Args:
        errors: the errors, at least one; the kind and the argument are those of the first.
    """
    first = errors[0]
    return first if len(errors) == 1 else type(first)(" ".join(each.message for each in errors), first.argument)


class MissingDependency(CgrError):
    """A library or program is not installed: requests, PyYAML to read YAML files, or cosign to verify signatures.

    Fix: Install a library with the Python that runs Ansible or the program: `python -m pip install requests PyYAML`; for
    cosign, see https://docs.sigstore.dev/cosign/system_config/installation/.
    """

    error_code = "missing_dependency"
