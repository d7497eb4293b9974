# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Resolving from a lock file: without a network and without credentials, and only what it contains."""

from __future__ import annotations

import os
import shlex
import threading
from typing import Iterator

from .._resolver.errors import InvalidRule, NotLocked
from .._resolver.model.details import Details
from .._resolver.model.query import Query
from .._resolver.model.reference import Reference
from .._resolver.model.resolution import Resolution
from .._resolver.model.rule import Rule
from .codec import read_if_there
from .model import LOCK_FILE_NAME, Entry, Lock, lock_key, locked_rule, upstream_of


class LockLookup:
    """Resolves from a lock file.  The file is read when it is first needed; threads may share the object.

    Args:
        path: the file.
    """

    def __init__(self, path: str) -> None:
        self.path = os.path.expanduser(path)
        self._reading = threading.Lock()
        self._lock: Lock | None = None

    def resolve(self, query: Query) -> Resolution:
        """Resolves a query.

        Raises:
            NotLocked: the lock does not contain the image and rule; the message ends with the command that adds them.
            InvalidLock: the lock file is not valid.
            InvalidRule: the rule has a part that only the registry can answer, such as `stale_after` or `pullable`.
        """
        image = query.reference.image
        _reject_parts_to_look_up(query)
        entry = self._read().find(query)
        if entry is None:
            under = " with this rule" if locked_rule(query.rule) else ""
            command = lock_command(query, self.path)
            raise NotLocked(f"not in the lock file {self.path}{under}. Add it: {command}", image=image)
        reject_other_upstream(entry, query, self.path)
        reason = f"locked in {os.path.basename(self.path)} at {entry.resolved}: the tag had moved to it at {entry.updated_at}"
        resolution = Resolution.of(query, entry.index_digest, entry.updated_at, reason)
        if entry.signed:
            resolution = resolution.with_signature(entry.signed)
        if not entry.index:
            return resolution
        platform = str(query.rule.platform)
        return resolution.with_details(Details(entry.index, platform, {platform: entry.digest}, entry.created))

    def _read(self) -> Lock:
        with self._reading:
            if self._lock is None:
                self._lock = read_if_there(self.path) or Lock()
            return self._lock


def _reject_parts_to_look_up(query: Query) -> None:
    hints = {
        "stale_after": "cgr-images check --max-age checks the age of locked builds.",
        "pullable": "cgr-images lock --pullable checks builds when they are locked.",
        "check_mirror": "cgr-images lock --check-mirror checks builds when they are locked.",
        "details": "cgr-images resolve --details returns them.",
    }
    for name, hint in hints.items():
        if getattr(query.rule, name):
            raise InvalidRule(
                f"{name} and a lock file cannot be combined, because nothing is looked up. Remove one of them; {hint}",
                name,
                image=query.reference.image,
            )


def reject_other_upstream(entry: Entry, query: Query, path: str = LOCK_FILE_NAME) -> None:
    """Rejects an entry that was resolved in another repository than `mirrors` gives now.

    Raises:
        NotLocked: it was.
    """
    upstream = upstream_of(query)
    if entry.upstream != upstream:
        raise NotLocked(
            f"{entry.image} was locked as {entry.upstream or entry.image}, but 'mirrors' now says that it"
            f" {f'is {upstream}' if upstream else 'is not on a mirror'}. Lock it again: {lock_command(query, path)}"
        )


def lock_command(query: Query, path: str = LOCK_FILE_NAME, *options: str) -> str:
    """Returns the command that adds an image and a rule to a lock, as a user types it in a shell.

    Args:
        query: the image and the rule.
        path: the lock file.
        options: further options, such as `--upgrade`.
    """
    words = [
        "cgr-images",
        "lock",
        lock_key(query).image,
        *rule_options(query.rule),
        *_mirror(query.reference),
        *options,
    ]
    return shlex.join(words if path == LOCK_FILE_NAME else [*words, "--lock", path])


def pin_command(query: Query, file: str, path: str = LOCK_FILE_NAME, *options: str) -> str:
    """Returns the command that pins a file from a lock, as a user types it in a shell; for the arguments, see `lock_command`."""
    file = f"./{file}" if file.startswith("-") and file != "-" else file  # "-" alone is standard input
    return shlex.join(["cgr-images", "pin", file, *options, *_mirror(query.reference), "--lock", path])


def _mirror(reference: Reference) -> tuple[str, ...]:
    return ("--mirror", f"{reference.repository}={reference.upstream}") if reference.is_mirrored else ()


def rule_options(rule: Rule) -> Iterator[str]:
    """Yields the command's options for the parts of a rule that belong to the key of a lock entry."""
    for name, value in locked_rule(rule).items():
        option = f"--{name.replace('_', '-')}"
        if value is True:
            yield option
            continue
        for each in value if isinstance(value, list) else [value]:
            yield from (option, str(each))


def naming_options(rule: Rule) -> list[str]:
    """Returns the command's options that name a rule where the lock has several for an image; the empty rule, too."""
    return list(rule_options(rule)) or ["--builds-back", "0"]
