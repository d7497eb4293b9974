# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Answers out of a lock: without a network, without credentials, and only what is in it."""

from __future__ import annotations

import os
import shlex
import threading
from typing import Iterator

from .._resolver.errors import InvalidRule, NotLocked
from .._resolver.model.query import Query
from .._resolver.model.reference import Reference
from .._resolver.model.resolution import Resolution
from .._resolver.model.rule import Rule
from .codec import read_if_there
from .model import LOCK_FILE_NAME, Entry, Lock, lock_key, locked_rule


class LockLookup:
    """What a lock answers.  It is read when it is first asked; threads may share it.

    Args:
        path: the file.
    """

    def __init__(self, path: str) -> None:
        self.path = os.path.expanduser(path)
        self._reading = threading.Lock()
        self._lock: Lock | None = None

    def resolve(self, query: Query) -> Resolution:
        """Answers a question.

        Raises:
            NotLocked: the lock has no such image and rule; the sentence ends with the command that adds it.
            InvalidLock: it is no lock.
            InvalidRule: there is a `stale_after`, which only the registry could answer.
        """
        image = query.reference.image
        if query.rule.stale_after:
            raise InvalidRule(
                "stale_after and a lock file cannot be combined, because nothing is looked up. Remove one of them;"
                " cgr-images check --max-age checks the age of locked builds.",
                "stale_after",
                image=image,
            )
        entry = self._read().find(query)
        if entry is None:
            raise NotLocked(
                f"not in the lock file {self.path}{_under(query)}. Add it: {self._command(query)}", image=image
            )
        refuse_other_upstream(entry, query, self.path)
        reason = f"locked in {os.path.basename(self.path)} at {entry.resolved}: the tag had moved to it at {entry.updated_at}"
        return Resolution.of(query, entry.digest, entry.updated_at, reason)

    def _read(self) -> Lock:
        with self._reading:
            if self._lock is None:
                self._lock = read_if_there(self.path) or Lock()
            return self._lock

    def _command(self, query: Query) -> str:
        return lock_command(query, self.path)


def refuse_other_upstream(entry: Entry, query: Query, path: str = LOCK_FILE_NAME) -> None:
    """Refuses an entry whose image was looked up elsewhere than the mirrors of today say.

    Raises:
        NotLocked: it was.
    """
    reference = query.reference
    upstream = reference.upstream if reference.is_mirrored else None
    if entry.upstream != upstream:
        raise NotLocked(
            f"{entry.image} was locked as {entry.upstream or entry.image}, and is {upstream or 'on no mirror'} by 'mirrors' now."
            f" Lock it anew: {lock_command(query, path)}"
        )


def lock_command(query: Query, path: str = LOCK_FILE_NAME) -> str:
    """Returns the command that adds an image and a rule to a lock, as one writes it in a shell."""
    words = ["cgr-images", "lock", lock_key(query).image, *rule_options(query.rule), *_mirror(query.reference)]
    return shlex.join(words if path == LOCK_FILE_NAME else [*words, "--lock", path])


def pin_command(query: Query, file: str, path: str = LOCK_FILE_NAME) -> str:
    """Returns the command that pins a file out of a lock, as one writes it in a shell."""
    file = f"./{file}" if file.startswith("-") else file
    return shlex.join(["cgr-images", "pin", file, *_mirror(query.reference), "--lock", path])


def _mirror(reference: Reference) -> tuple[str, ...]:
    return ("--mirror", f"{reference.repository}={reference.upstream}") if reference.is_mirrored else ()


def rule_options(rule: Rule) -> Iterator[str]:
    """Yields the options of the command for the parts of a rule that belong to a lock entry."""
    for name, value in locked_rule(rule).items():
        for each in value if isinstance(value, list) else [value]:
            yield from (f"--{name.replace('_', '-')}", str(each))


def _under(query: Query) -> str:
    return " with this rule" if lock_key(query).rule != "{}" else ""
