# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Checking a lock: against the files that use it, without a network, and against the registry.

>>> from pulumi_cgr.lockfile.verify import check
>>> from pulumi_cgr.resolver import read_lock
>>> for finding in check(read_lock("cgr.lock.json"), files):
...     print(finding)
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
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
    locked_rule,
    naming_options,
    pin_command,
    reject_other_upstream,
    run_concurrently,
)
from ..resolver import (
    CgrError,
    Gone,
    Instant,
    NoSuchBuild,
    NotLocked,
    Resolution,
    Resolver,
    SeveralFailed,
    SignatureError,
)
from .uses import FileUses, Use, keys_of, unused_entries

UNPINNED, DIFFERS, NOT_LOCKED, UNUSED, TOO_OLD, NEVER_WAS, NOT_SIGNED = (
    "unpinned",
    "differs",
    "not_locked",
    "unused",
    "too_old",
    "never_was",
    "not_signed",
)


@dataclass(frozen=True)
class Finding:
    """A difference between a lock and files, or the registry.

    Attributes:
        kind: `unpinned`, `differs`, `not_locked`, `unused`, `too_old`, `never_was` or `not_signed`.
        message: one or two sentences that say what is wrong, and what to do.
        image: the image.
        rule: its rule.
        file: the file that uses it, if it is about a file.
        line: the line in it, counted from 1.
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
    files: FileUses | None = None,
    max_age: int = 0,
    now: Instant | None = None,
    path: str = LOCK_FILE_NAME,
) -> tuple[Finding, ...]:
    """Compares files with a lock, without a network.

    Args:
        lock: the lock (see `read_lock`).
        files: all the files that use images; `None` to check the lock alone.
        max_age: how long ago a tag may have moved to what is locked, in nanoseconds; 0 for any time.
        now: the present, for `max_age`.
        path: the lock file, for the commands in the messages.

    Returns:
        What is wrong: first by file and line, then in the order of the lock.
    """
    found = list(_of_uses(lock, files.uses, path)) if files else []
    unused = unused_entries(lock, files) if files else []
    for entry in lock.entries:
        if entry in unused:
            message = f"is in the lock, but none of these files uses it any more. Take it out: {_prune_command(path)}"
            found.append(_of_entry(UNUSED, entry, f"{message}, with all the --files"))
        if max_age and now and now - entry.updated_at > max_age:
            age, update = humanize_duration(now - entry.updated_at), lock_command(entry.query, path, "--upgrade")
            found.append(_of_entry(TOO_OLD, entry, f"is locked to a build that is {age} old. Update it: {update}"))
    return tuple(found)


def check_online(
    lock: Lock, resolver: Resolver, progress: Progress | None = None, path: str = LOCK_FILE_NAME
) -> tuple[Finding, ...]:
    """Asks the registry whether each pin is what its rule chose at the instant of its resolution.

    Args:
        lock: the lock.
        resolver: resolves the images.
        progress: see `Resolver.resolve_all`.
        path: the lock file, for the commands in the messages.

    Raises:
        SeveralFailed: some cannot be checked: the registry cannot be reached, or refuses.
    """
    asking = resolver.with_lock(None)
    return _each_entry(lock, lambda entry: _online(entry, asking, path), resolver, progress)


def check_signed(
    lock: Lock, resolver: Resolver, progress: Progress | None = None, path: str = LOCK_FILE_NAME
) -> tuple[Finding, ...]:
    """Verifies that each pin is signed by somebody who may sign it; arguments are those of `check_online`.

    Raises:
        SeveralFailed: some cannot be checked: the registry cannot be reached, or cosign is not installed.
    """
    return _each_entry(lock, lambda entry: _signed(entry, resolver, path), resolver, progress)


def _each_entry(
    lock: Lock, work: Callable[[Entry], Finding | None], resolver: Resolver, progress: Progress | None
) -> tuple[Finding, ...]:
    found: dict[Key, Finding | None] = {}
    failed: dict[str, CgrError] = {}
    for entry, outcome in run_concurrently(work, lock.entries, resolver.concurrency):
        try:
            found[entry.key] = outcome.result()
        except CgrError as error:
            failed[f"{entry.image} {entry.key.rule}"] = error
        if progress:
            progress(len(found) + len(failed), len(lock.entries), entry.image)
    if failed:
        raise SeveralFailed(failed, len(lock.entries))
    return tuple(finding for entry in lock.entries if (finding := found[entry.key]))


def _prune_command(path: str) -> str:
    return shlex.join(["cgr-images", "lock", "--lock", path, "--prune"])


def _of_uses(lock: Lock, uses: Iterable[Use], path: str) -> Iterable[Finding]:
    """Yields what is wrong with each image in a file, once for all the rules that it may mean."""
    written = [use for use in uses if not use.is_program]
    for _place, group in groupby(written, lambda use: (use.file, use.line, use.query.reference)):
        meant = list(group)
        findings = [finding for use in meant if (finding := _of_use(lock, use, path))]
        if len(findings) < len(meant):
            continue  # it is as one of the rules says
        yield _ambiguous(lock, meant, path) if len(meant) > 1 else findings[0]


def _ambiguous(lock: Lock, meant: Sequence[Use], path: str) -> Finding:
    use = meant[0]
    image = lock_key(use.query).image
    pinned = f"is pinned to {use.pinned_to}" if use.pinned_to else "is not pinned"
    ways = [pin_command(each.query, each.shown, path, *naming_options(each.query.rule)) for each in meant]
    message = (
        f"{image} {pinned}, and the lock has {len(meant)} rules for it. Pin it by one of them: {', or: '.join(ways)}"
    )
    return Finding(DIFFERS if use.pinned_to else UNPINNED, message, image, {}, use.shown, use.line)


def _of_use(lock: Lock, use: Use, path: str) -> Finding | None:
    key, pinned, reference = lock_key(use.query), use.pinned_to, use.query.reference
    image = key.image if reference.tag else reference.image

    def finding(kind: str, message: str) -> Finding:
        return Finding(kind, f"{image} {message}", image, locked_rule(use.query.rule), use.shown, use.line)

    if reference.tag is None:
        return _of_digest_alone(lock, use, finding)
    entry, pin = lock.find(use.query), pin_command(use.query, use.shown, path)
    if entry is None:
        return finding(NOT_LOCKED, f"is not in the lock. Add it: {lock_command(use.query, path)}")
    try:
        reject_other_upstream(entry, use.query, path)
    except NotLocked as error:
        return Finding(NOT_LOCKED, str(error), image, entry.rule, use.shown, use.line)
    if pinned is None:
        return finding(UNPINNED, f"is not pinned; the lock says {entry.digest}. Pin it: {pin}")
    if pinned != entry.digest:
        return finding(DIFFERS, f"is pinned to {pinned}; the lock says {entry.digest}. Pin it: {pin}")
    return None


def _of_digest_alone(lock: Lock, use: Use, finding: Callable[[str, str], Finding]) -> Finding | None:
    used = [lock.by_key[key] for key in keys_of(lock, use)]
    if not used:
        return finding(NOT_LOCKED, "is pinned to a digest that is not in the lock. Write its tag, too.")
    if all(entry.digest != use.pinned_to for entry in used):
        said = ", ".join(f"{entry.digest} for {entry.image}" for entry in used)
        return finding(
            DIFFERS, f"is pinned to a digest that is no longer in the lock, which says {said}. Write its tag, too."
        )
    return None


def _of_entry(kind: str, entry: Entry, message: str) -> Finding:
    return Finding(kind, f"{entry.image} {message}", entry.image, entry.rule)


def _online(entry: Entry, resolver: Resolver, path: str) -> Finding | None:
    query = resolver.parse_query(entry.image, **entry.rule)
    try:
        reject_other_upstream(entry, query, path)
    except NotLocked as error:
        return Finding(NOT_LOCKED, str(error), entry.image, entry.rule)
    once = entry.once_asked(query)
    chosen = _resolution(once, resolver)
    if chosen and _is_of(chosen, entry):
        return None
    # With an age, a newer build that was locked before stays: then the tag must have pointed at it once.
    if query.rule.min_age and (chosen is None or not chosen.updated_at or chosen.updated_at < entry.updated_at):
        then = _resolution(once.with_rule(at=entry.updated_at, builds_back=0, exclude=frozenset()), resolver)
        if then and _is_of(then, entry):
            return None
    right = f"it was {chosen.digest}, of {chosen.updated_at}" if chosen else "there was no such build"
    return _of_entry(
        NEVER_WAS,
        entry,
        f"is locked to {entry.digest}, of {entry.updated_at}, but according to the registry {right}. Find out who changed the"
        f" lock. Lock it again: {lock_command(entry.query, path, '--upgrade')}",
    )


def _signed(entry: Entry, resolver: Resolver, path: str) -> Finding | None:
    try:
        reject_other_upstream(entry, resolver.parse_query(entry.image, **entry.rule), path)
        resolver.verify(entry.image, entry.index_digest)
    except NotLocked as error:
        return Finding(NOT_LOCKED, str(error), entry.image, entry.rule)
    except SignatureError as error:
        return _of_entry(NOT_SIGNED, entry, f"is locked to {entry.digest}, but {error.message}")
    return None


def _resolution(query: Query, resolver: Resolver) -> Resolution | None:
    try:
        return resolver.resolve_query(query)
    except Gone:
        raise  # the tag pointed at it, but the image for the platform cannot be compared
    except NoSuchBuild:
        return None


def _is_of(resolution: Resolution, entry: Entry) -> bool:
    return (resolution.digest, resolution.updated_at) == (entry.digest, entry.updated_at)
