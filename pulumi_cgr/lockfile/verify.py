# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of a lock: against the files that use it, without a network, and against the registry.

>>> from pulumi_cgr.lockfile.verify import check
>>> from pulumi_cgr.resolver import read_lock
>>> for finding in check(read_lock("cgr.lock.json"), uses):
...     print(finding)
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._bridge import (
    LOCK_FILE_NAME,
    Entry,
    Key,
    Lock,
    Progress,
    Query,
    humanize_duration,
    lock_command,
    lock_key,
    parse_ref,
    pin_command,
    refuse_other_upstream,
    run_concurrently,
)
from ..resolver import CgrError, Instant, NoSuchBuild, NotLocked, Resolution, Resolver, SeveralFailed
from .update import Use

UNPINNED, DIFFERS, NOT_LOCKED, UNUSED, TOO_OLD, NEVER_WAS = (
    "unpinned",
    "differs",
    "not_locked",
    "unused",
    "too_old",
    "never_was",
)


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be.

    Attributes:
        kind: `without_digest`, `differs`, `not_locked`, `unused`, `too_old` or `never_was`.
        message: one sentence that says what, and what to do.
        image: the image.
        rule: its rule.
        file: the file where it is used, if it is about one.
        line: the line in it.
    """

    kind: str
    message: str
    image: str
    rule: Mapping[str, Any]
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.file else self.message


def check(
    lock: Lock,
    uses: Sequence[Use] | None = None,
    max_age: int = 0,
    now: Instant | None = None,
    path: str = LOCK_FILE_NAME,
) -> tuple[Finding, ...]:
    """Holds files against a lock, without a network.

    Args:
        lock: the lock (see `read_lock`).
        uses: all the places where images are used; `None` if there are no files to look at.
        max_age: how long ago a tag may have moved to what is locked, in nanoseconds; 0 for any time.
        now: the present, for `max_age`.
        path: the file of the lock, for the commands in the sentences.

    Returns:
        What is wrong: first by file and line, then in the order of the lock.
    """
    found = [finding for use in uses or () if (finding := _of_use(lock, use, path))]
    used = {key for use in uses or () for key in _keys(lock, use)}
    for entry in lock.entries:
        if uses is not None and entry.key not in used:
            found.append(
                _of_entry(
                    UNUSED,
                    entry,
                    "is in the lock and used in none of these files. Take it out:"
                    f" {shlex.join(['cgr-images', 'lock', '--lock', path])} --prune, with all the --files",
                )
            )
        if max_age and now and now - entry.updated_at > max_age:
            age, update = humanize_duration(now - entry.updated_at), lock_command(entry.query, path)
            found.append(_of_entry(TOO_OLD, entry, f"is locked to a build that is {age} old. Update it: {update}"))
    return tuple(found)


def check_online(
    lock: Lock, resolver: Resolver, progress: Progress | None = None, path: str = LOCK_FILE_NAME
) -> tuple[Finding, ...]:
    """Asks the registry whether each pin really is what its rule chose at the instant of its resolution.

    Args:
        lock: the lock.
        resolver: asks the registry.
        progress: see `Resolver.resolve_all`.
        path: the file of the lock, for the commands in the sentences.

    Raises:
        SeveralFailed: some cannot be checked: the registry cannot be reached, or refuses.
    """
    asking = resolver.with_lock(None)
    found: dict[Key, Finding | None] = {}
    failed: dict[str, CgrError] = {}
    for entry, outcome in run_concurrently(
        lambda entry: _online(entry, asking, path), lock.entries, resolver.concurrency
    ):
        try:
            found[entry.key] = outcome.result()
        except CgrError as error:
            failed[f"{entry.image} {entry.key.rule}"] = error
        if progress:
            progress(len(found) + len(failed), len(lock.entries), entry.image)
    if failed:
        raise SeveralFailed(failed, len(lock.entries))
    return tuple(finding for entry in lock.entries if (finding := found[entry.key]))


def _of_use(lock: Lock, use: Use, path: str) -> Finding | None:
    key, pinned, reference = lock_key(use.query), use.pinned_to, use.query.reference
    image = key.image if reference.tag else reference.image

    def finding(kind: str, message: str) -> Finding:
        return Finding(kind, f"{image} {message}", image, json.loads(key.rule), use.file, use.line)

    if reference.tag is None:
        elsewhere = finding(NOT_LOCKED, "is pinned to what is not in the lock. Write its tag, too.")
        return None if _keys(lock, use) else elsewhere
    entry, pin = lock.find(use.query), pin_command(use.query, use.file, path)
    if entry is None:
        return finding(NOT_LOCKED, f"is not in the lock. Add it: {lock_command(use.query, path)}")
    try:
        refuse_other_upstream(entry, use.query, path)
    except NotLocked as error:
        return Finding(NOT_LOCKED, str(error), image, entry.rule, use.file, use.line)
    if pinned is None:
        return finding(UNPINNED, f"is not pinned; the lock says {entry.digest}. Pin it: {pin}")
    if pinned != entry.digest:
        return finding(DIFFERS, f"is pinned to {pinned}; the lock says {entry.digest}. Pin it: {pin}")
    return None


def _of_entry(kind: str, entry: Entry, message: str) -> Finding:
    return Finding(kind, f"{entry.image} {message}", entry.image, entry.rule)


def _keys(lock: Lock, use: Use) -> Iterable[Key]:
    """Returns the entries that a use makes use of; a digest without a tag belongs to whatever has it."""
    reference = use.query.reference
    if reference.tag is not None:
        return [lock_key(use.query)]
    return [
        entry.key for entry in lock.entries if f"{parse_ref(entry.image).repository}@{entry.digest}" == reference.image
    ]


def _online(entry: Entry, resolver: Resolver, path: str) -> Finding | None:
    query = resolver.parse_query(entry.image, **entry.rule)
    try:
        refuse_other_upstream(entry, query, path)
    except NotLocked as error:
        return Finding(NOT_LOCKED, str(error), entry.image, entry.rule)
    once = entry.once_asked(query)
    chosen = _resolution(once, resolver)
    if chosen and _is_of(chosen, entry):
        return None
    # With an age, a newer build that was locked before stays: then it must have stood once.
    if query.rule.min_age and (chosen is None or not chosen.updated_at or chosen.updated_at < entry.updated_at):
        then = _resolution(once.with_rule(at=entry.updated_at, builds_back=0, exclude=frozenset()), resolver)
        if then and _is_of(then, entry):
            return None
    right = f"it was {chosen.digest}, of {chosen.updated_at}" if chosen else "there was no such build"
    return _of_entry(
        NEVER_WAS,
        entry,
        f"is locked to {entry.digest}, of {entry.updated_at}, but by the registry {right}. Find out who changed the lock; to lock"
        f" it anew, take the entry out and run: {lock_command(entry.query, path)}",
    )


def _resolution(query: Query, resolver: Resolver) -> Resolution | None:
    try:
        return resolver.resolve_query(query)
    except NoSuchBuild:
        return None


def _is_of(resolution: Resolution, entry: Entry) -> bool:
    return (resolution.digest, resolution.updated_at) == (entry.digest, entry.updated_at)
