# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The registry's clock against this machine's.  Pure: both times are arguments.

All rules go by the registry's clock.  If that is fast, a build looks older than it is, and an instant that is still to come
looks past: the answer to it may change.  If it is slow, there are only fewer builds to choose from.
"""

from __future__ import annotations

from ..errors import UntrustworthyAnswer
from ..model.duration import humanize_duration
from ..model.instant import HOUR, MINUTE, Instant
from ..model.rule import Rule

WARNED_ABOVE = 5 * MINUTE
REFUSED_ABOVE = HOUR


def clock_warning(registry: Instant | None, machine: Instant | None) -> str | None:
    """Returns a warning if two clocks are far apart; `None` means a clock that does not count."""
    if registry is None or machine is None or abs(registry - machine) <= WARNED_ABOVE:
        return None
    return f"{_both(registry, machine)} Set the one that is wrong: 'at' and 'min_age' go by the registry's clock."


def reject_fast_clock(rule: Rule, registry: Instant | None, machine: Instant | None) -> None:
    """Rejects a rule to which a registry whose clock is fast may give a wrong answer.

    Raises:
        UntrustworthyAnswer: the rule depends on a time that may be still to come.
    """
    if registry is None or machine is None or registry - machine <= REFUSED_ABOVE:
        return
    if rule.min_age:
        raise UntrustworthyAnswer(
            f"{_both(registry, machine)} So the age of a build is unknown, and 'min_age' has no answer. Set the clock that is"
            " wrong."
        )
    if rule.at:
        reject_future_instant(rule.at, "at", registry, machine)


def reject_future_instant(at: Instant, name: str, registry: Instant | None, machine: Instant | None) -> None:
    """Rejects an instant that has passed only by the clock of a registry that is fast.

    Raises:
        UntrustworthyAnswer: it has.
    """
    if registry is None or machine is None or registry - machine <= REFUSED_ABOVE or at <= machine:
        return
    raise UntrustworthyAnswer(
        f"{_both(registry, machine)} So it is unknown whether '{name}' {at} has passed. Set the clock that is wrong."
    )


def has_passed(at: Instant, registry: Instant | None, machine: Instant | None) -> bool:
    """Whether an instant has passed by both clocks."""
    return registry is not None and registry > at and (machine is None or machine > at)


def _both(registry: Instant, machine: Instant) -> str:
    apart = humanize_duration(abs(registry - machine))
    return (
        f"The registry's clock says {registry}, this machine's says {machine.with_digits(0)}: they are {apart} apart."
    )
