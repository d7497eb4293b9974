# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which build a rule chooses, and why.  Pure: no I/O, no clock; everything it knows is in its arguments.

The rules, in the order in which they apply:

1. `at`: only builds at or before the instant are considered.  `min_age`: only builds at least that old by the registry's
   clock, counted from when the tag moved, or from when they were built (`min_age_from`); a build is old enough if a newer one
   is.  Otherwise all are, unless the query belongs to a set: then those up to the set's instant.
2. `exclude`: builds with these digests are not considered.
3. The build with the greatest `updated_at` is chosen.
4. `builds_back`: that many builds before it.  A digest may return (A, B, A): builds are moves of the tag, never deduplicated
   by digest; only a move to the digest that the tag already points at does not count.
5. `current`: with `min_age`, a pin to a newer build is kept, so that nothing ever goes back in time; unless `builds_back` is
   given, or the pin is excluded.

A tag that was deleted, and not created again up to the instant, points at nothing, whatever it had pointed at before.

Two moves to different digests at the same instant have no order.  If the choice depends on it, it is an error.  So is a latest
build more than a day in the registry's own future: one of its clocks is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping, Sequence

from ..errors import UnknownTag, UntrustworthyAnswer
from ..model.build import CLOCK_TOLERANCE, Build, HistoryRange
from ..model.duration import format_duration, humanize_duration
from ..model.instant import DAY, Instant
from ..model.rule import Rule

LOOK_FOR_CURRENT = 100 * DAY
"""How far before the chosen build a current pin is searched, before it is called unknown."""

BUILD = "build"
"""The value of `min_age_from` with which an age counts from when a build was built."""

REPLACED = ", and was replaced"
"""How the reason ends if the current pin was unknown."""


@dataclass(frozen=True)
class Choice:
    """The chosen build and a `reason` for a person.

    The reason changes only when the choice changes, because deployments keep it in their state.
    """

    build: Build
    reason: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """Facts about builds beside their history.

    Attributes:
        built: when builds were built, by their digests; `None` for one that gives no time.
        passed_over: digests that may not be used.
    """

    built: Mapping[str, Instant | None] = field(default_factory=dict)
    passed_over: frozenset[str] = frozenset()


def choose(history: HistoryRange, rule: Rule, until: Instant | None = None, known: Known = Known()) -> Choice | None:
    """Chooses the build for a rule.

    Args:
        history: a range of the tag's history that reaches up to the instant of the rule.
        rule: the rule.
        until: the instant to take for the present; by default that is the end of the range.
        known: what is known about the builds; see `next_to_ask`.

    Returns:
        The choice, or `None` if the range does not hold it: it begins too late, or no build matches.

    Raises:
        UntrustworthyAnswer: builds contradict each other, the latest is in the future, or the registry gave no clock.
        UnknownTag: the tag was deleted.
    """
    end = _end(history, rule, until, known)
    old_enough = [build for build in history.builds if end is None or build.updated_at <= end]
    _reject_deleted(history, old_enough, rule.at or until or history.now)
    excluded = rule.exclude | known.passed_over
    moves = _moves([build for build in old_enough if build.digest not in excluded])
    if len(moves) <= rule.builds_back:
        return None
    chosen = moves[-1 - rule.builds_back]
    _reject_contradiction(moves[-1 - rule.builds_back :], old_enough, excluded)
    if _limit(rule, until or history.now) is None:  # whatever is taken for the present: the registry contradicts itself
        latest = _moves([build for build in history.builds if build.digest not in excluded])[-1 - rule.builds_back]
        _reject_future_build(latest, history.now)
    choice = Choice(chosen, _reason(chosen, rule, history))
    may_keep = rule.current and rule.min_age and rule.current not in known.passed_over
    return keep_current(choice, rule, history) if may_keep else choice


def next_to_ask(history: HistoryRange, rule: Rule, until: Instant | None = None, known: Known = Known()) -> str | None:
    """Returns the digest of the build whose build time must be known next, for an age that counts from it.

    Those that are too young by the time of the tag are asked, the newest first, until one is old enough.  None is asked that
    the tag's own time makes old enough: so no answer is older than without `min_age_from`.
    """
    limit = _limit(rule, until or history.now)
    if rule.min_age_from != BUILD or limit is None:
        return None
    present = until or history.now
    for build in reversed(history.builds):
        if (present and build.updated_at > present) or build.digest in rule.exclude | known.passed_over:
            continue
        if build.updated_at <= limit:
            return None
        if build.digest not in known.built:
            return build.digest
        if _is_built_by(build, limit, known):
            return None
    return None


def _is_built_by(build: Build, limit: Instant, known: Known) -> bool:
    built = known.built.get(build.digest)
    return built is not None and built <= limit


def _end(history: HistoryRange, rule: Rule, until: Instant | None, known: Known) -> Instant | None:
    """Returns the instant up to which builds are considered."""
    present = until or history.now
    limit = _limit(rule, present)
    if rule.min_age_from != BUILD or limit is None or present is None:
        return limit or until
    excluded = rule.exclude | known.passed_over
    built = [b for b in history.builds if b.updated_at <= present and b.digest not in excluded]
    return max([limit, *(build.updated_at for build in built if _is_built_by(build, limit, known))])


def _reject_deleted(history: HistoryRange, builds: Sequence[Build], end: Instant | None) -> None:
    """Rejects a tag that was deleted after the last of some builds."""
    since = builds[-1].updated_at if builds else None
    gone = [each for each in history.deletions if (since is None or each >= since) and (end is None or each <= end)]
    if not gone or (since is None and not history.has_first_build):
        return
    raise UnknownTag(
        f"the tag was deleted at {gone[-1]}, and no build that matches came after it. Ask for an instant before it, or for"
        " another tag."
    )


def keep_current(choice: Choice, rule: Rule, history: HistoryRange) -> Choice | None:
    """Compares a choice with the current pin.

    Returns:
        The choice; or the current pin, if that is a newer build; or `None` if the range begins too late to tell.
    """
    current = rule.current
    if current == choice.build.digest or current in rule.exclude or rule.builds_back:
        return choice
    known = [build for build in history.builds if build.digest == current]
    if known and known[-1].updated_at > choice.build.updated_at:
        return Choice(
            known[-1],
            f"the current pin, to which the tag had moved at {known[-1].updated_at}, is newer than {_aged(rule)}, and is kept:"
            " a pin never goes back in time",
        )
    if known:
        return choice
    if not history.has_first_build and choice.build.updated_at - history.start < LOOK_FOR_CURRENT:
        return None
    unknown = f"the current pin {current} is not in the tag's history since {history.start}"
    if history.has_first_build:
        unknown = f"the current pin {current} is not in the tag's history"
    warning = f"{unknown}; it is replaced by {choice.build.digest}."
    return Choice(choice.build, f"{choice.reason}; {unknown}{REPLACED}", (warning,))


def explain_no_build(
    history: HistoryRange, rule: Rule, until: Instant | None = None, known: Known = Known()
) -> str | None:
    """Says why no build matches, for a range that begins with the tag's first build; `None` if none was built by `at`."""
    limit = _end(history, rule, until, known)
    allowed = [build for build in history.builds if build.digest not in rule.exclude]
    moves = _moves([build for build in allowed if limit is None or build.updated_at <= limit])
    if rule.min_age and allowed and not moves:
        first = allowed[0].updated_at + rule.min_age
        by = "" if rule.min_age_from != BUILD else " at the latest"
        return f"no build is {format_duration(rule.min_age)} old yet; the first will be at {first}{by}."
    if history.builds and not allowed:
        return f"every build of the tag is excluded, {len({build.digest for build in history.builds})} in all."
    if moves:
        count = len(moves) - 1
        builds = f"{count} build{'s' * (count != 1)}"
        return f"builds_back {rule.builds_back} goes back too far: the tag has {builds} before the chosen one."
    return None


def stale_warning(build: Build, is_newest: bool, now: Instant | None, stale_after: int) -> str | None:
    """Returns a warning if a tag no longer moves."""
    if not stale_after or not is_newest or now is None or now - build.updated_at <= stale_after:
        return None
    return (
        f"the tag has not moved since {build.updated_at}, for {humanize_duration(now - build.updated_at)}, which is more than"
        f" {format_duration(stale_after)}. It may no longer be built: choose another tag."
    )


def _limit(rule: Rule, present: Instant | None) -> Instant | None:
    if not rule.min_age:
        return rule.at
    if present is None:
        raise UntrustworthyAnswer(
            "The registry gives no time of its own (a Date header that can be read), so the age of a build is unknown. A"
            " proxy may have removed or changed the header."
        )
    return present + -rule.min_age


def _moves(builds: Sequence[Build]) -> list[Build]:
    """Returns the builds that the tag pointed at one after another, each with the last of its records."""
    return [
        build
        for number, build in enumerate(builds)
        if number + 1 == len(builds) or builds[number + 1].digest != build.digest
    ]


def _reject_contradiction(stepped_over: Sequence[Build], builds: Sequence[Build], excluded: frozenset[str]) -> None:
    for move in stepped_over:
        same = [b.digest for b in builds if b.updated_at == move.updated_at and b.digest not in excluded]
        if len(same) > 1:
            raise UntrustworthyAnswer(
                f"The tag history gives {len(same)} digests for the instant {move.updated_at} ({', '.join(same)}), in no order."
                " Ask for an instant before it, or pin one of them yourself."
            )


def _reject_future_build(chosen: Build, now: Instant | None) -> None:
    if now is not None and chosen.updated_at > now + CLOCK_TOLERANCE:
        raise UntrustworthyAnswer(
            f"The tag history says that the tag will move to {chosen.digest} at {chosen.updated_at}, but the registry's own clock"
            f" says {now}. A build in the future is never chosen; ask for an instant that has passed."
        )


def _aged(rule: Rule) -> str:
    by = " by its own time" if rule.min_age_from == BUILD else ""
    return f"the newest build at least {format_duration(rule.min_age)} old{by}"


def _reason(chosen: Build, rule: Rule, history: HistoryRange) -> str:
    base = f"the build at {rule.at}" if rule.at else _aged(rule) if rule.min_age else "the latest build"
    if rule.exclude:
        base += ", without excluded ones"
    if rule.builds_back:
        base = f"{rule.builds_back} build{'s' * (rule.builds_back > 1)} before {base}"
    if rule.at is None:
        return f"{base}: the tag moved to it at {chosen.updated_at}"
    age = humanize_duration(rule.at - chosen.updated_at)
    return f"{base}: the tag had moved to it at {chosen.updated_at}, {age} before; {_how_long(chosen, history)}"


def _how_long(chosen: Build, history: HistoryRange) -> str:
    later = next((b for b in history.builds if b.updated_at > chosen.updated_at and b.digest != chosen.digest), None)
    if later is not None:
        return f"it was current for {humanize_duration(later.updated_at - chosen.updated_at)}, until {later.updated_at}"
    if history.now is not None and history.now < history.end:
        return "it was the latest build when it was looked up"
    return f"it was current for at least {humanize_duration(history.end - chosen.updated_at)}"
