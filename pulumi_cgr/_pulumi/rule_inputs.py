# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The parts of a rule as arguments of resources and functions; `at` is a parameter of its own there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypedDict

import pulumi

from .._bridge import RULE_NAMES


class RuleInputs(TypedDict, total=False):
    """Rules of resources, whose state already holds what is deployed; see `Rule` for what the parts mean."""

    min_age: pulumi.Input[str | timedelta] | None
    min_age_from: pulumi.Input[str] | None
    builds_back: pulumi.Input[int] | None
    exclude: pulumi.Input[Sequence[pulumi.Input[str]]] | None
    platform: pulumi.Input[str] | None
    pullable: pulumi.Input[bool] | None
    on_denied: pulumi.Input[str] | None
    check_mirror: pulumi.Input[bool] | None
    stale_after: pulumi.Input[str | timedelta] | None
    signed: pulumi.Input[bool] | None


class OutputRuleInputs(RuleInputs, total=False):
    """Rules of functions that take inputs."""

    current: pulumi.Input[str] | None
    details: pulumi.Input[bool] | None


class RuleValues(TypedDict, total=False):
    """Rules of functions that take plain values."""

    min_age: str | timedelta | None
    min_age_from: str | None
    builds_back: int | None
    exclude: Sequence[str] | None
    platform: str | None
    pullable: bool | None
    on_denied: str | None
    check_mirror: bool | None
    details: bool | None
    current: str | None
    stale_after: str | timedelta | None
    signed: bool | None


def reject_unknown(callee: str, given: Mapping[str, Any], without: frozenset[str] = frozenset()) -> None:
    """Raises what Python raises for a keyword that a function does not have.

    Args:
        callee: the name of the function.
        given: the keywords beside its own parameters.
        without: parts of a rule that it does not take.

    Raises:
        TypeError: one of them is not part of a rule.
    """
    for name in given:
        if name not in RULE_NAMES or name in without:
            raise TypeError(f"{callee}() got an unexpected keyword argument {name!r}")
