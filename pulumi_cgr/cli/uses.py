# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which images files use, and by which rules: those that the lock has for them, unless a rule is given."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._bridge import IGNORED, Entry, Lock, Query, lock_key, naming_options, read_lock_if_there
from ..lockfile.uses import STDIN, FileUses, Use, entries_for
from ..resolver import CgrError, InvalidArgument, InvalidRule, Resolver

if TYPE_CHECKING:
    from ..files import Occurrence, ScannedFile, ScanResult

Rule = Mapping[str, Any]

NO_FILE = "no file matches the paths and patterns"
_YAML = (".yaml", ".yml")


def scan_files(
    paths: Sequence[str],
    resolver: Resolver,
    patterns: Sequence[str] | None,
    exclude: Sequence[str] | None,
    no_ignore: bool,
) -> ScanResult:
    """Reads files, and standard input for the path `-`; the arguments are those of `pulumi_cgr.files.scan`."""
    from ..files import Matcher, ScanResult, scan  # takes PyYAML

    matcher = Matcher(resolver.mirrors)
    named = [path for path in paths if path != STDIN]
    is_empty = not named and STDIN in paths
    found = (
        ScanResult() if is_empty else scan(named, patterns, matcher, exclude_patterns=exclude, gitignore=not no_ignore)
    )
    if STDIN in paths:
        found.files.append(_scan_stdin(matcher))
        found.looked_at += 1
    return found


def read_stdin() -> str:
    """Returns the text on standard input.

    Raises:
        InvalidArgument: it is closed, or not UTF-8.
    """
    try:
        return sys.stdin.buffer.read().decode()
    except (AttributeError, OSError, ValueError) as error:
        raise InvalidArgument("-: standard input cannot be read, or is not UTF-8.", "files") from error


def uses_of(found: ScanResult, resolver: Resolver, lock: Lock, rule: Rule, folder: str = "") -> FileUses:
    """Returns the uses of images in files.

    An image that is in the lock has the rule of its entry, unless a rule is given; if several fit, it uses them all (see
    `entries_for`). An image that a program or playbook resolves has the rule that is written there.

    Args:
        found: what was found in the files.
        resolver: reads the images.
        lock: the lock.
        rule: the rule that is given; empty if none is.
        folder: the folder from which files are named; by default the working directory.
    """
    reader = _Reader(resolver, lock, rule, folder)
    uses = [use for path in found.paths if path.lower().endswith(_YAML) for use in reader.of_programs(path)]
    resolved = {(use.file, use.line) for use in uses} | reader.not_from_a_lock
    for read in found.files:
        file = reader.named(read.path)
        written = (each for each in read.occurrences if (file, each.line) not in resolved and each.reason != IGNORED)
        uses += [use for occurrence in written for use in reader.of_occurrence(read.path, occurrence)]
    gone = {file for entry in lock.entries for file in entry.used if not os.path.exists(os.path.join(folder, file))}
    return FileUses(tuple(uses), frozenset({*map(reader.named, found.paths), *gone}))


def own_rule(lock: Lock, image: str, rule: Rule, resolver: Resolver) -> Query:
    """Returns the query for an image: with the rule that is given, or else with its only one in the lock.

    Raises:
        InvalidArgument: it is malformed, or the lock has several rules for the image.
    """
    query = resolver.parse_query(image, **rule)
    known = [] if rule else [entry for entry in lock.entries if entry.image == lock_key(query).image]
    return _only(known, query, resolver)


def queries_from_lock(resolver: Resolver, rule: Rule) -> Callable[[str, Occurrence], Query] | None:
    """Returns what says which rule of the lock applies to an image in a file; `None` without a lock, or if a rule is given."""
    if rule or resolver.lock is None:
        return None
    lock, folder = read_lock_if_there(resolver.lock) or Lock(), os.path.dirname(resolver.lock)

    def query_for(path: str, occurrence: Occurrence) -> Query:
        query = resolver.parse_query(occurrence.asked)
        entries = entries_for(lock, lock_key(query).image, relative(path, folder), occurrence.digest)
        return _only(entries, query, resolver)

    return query_for


def relative(path: str, folder: str) -> str:
    """Returns a path as the lock names it: relative to the folder of the lock file, with `/`."""
    return path if path == STDIN else os.path.relpath(path, folder or ".").replace(os.sep, "/")


def _only(entries: list[Entry], query: Query, resolver: Resolver) -> Query:
    """Returns the query of the only entry; without an entry, the query itself."""
    if len(entries) > 1:
        options = ", or ".join(" ".join(naming_options(entry.query.rule)) for entry in entries)
        image = entries[0].image
        raise InvalidRule(f"{image} is in the lock with {len(entries)} rules. Say which one: {options}.")
    return resolver.parse_query(entries[0].image, **entries[0].rule) if entries else query


def _scan_stdin(names: Any) -> ScannedFile:
    from ..files import scan_text

    return scan_text(read_stdin(), "", names, STDIN)


class _Reader:
    """Reads the uses in files, for one lock and rule."""

    def __init__(self, resolver: Resolver, lock: Lock, rule: Rule, folder: str) -> None:
        self._resolver, self._lock, self._rule, self._folder = resolver, lock, rule, folder
        self.not_from_a_lock: set[tuple[str, int]] = set()

    def named(self, path: str) -> str:
        """Returns a file as the lock names it."""
        return relative(path, self._folder)

    def of_programs(self, path: str) -> Iterator[Use]:
        """Yields the images that a program or playbook resolves from the lock."""
        from ..lockfile.programs import images_in_programs  # takes PyYAML

        try:
            with open(path, encoding="utf-8") as stream:
                images = images_in_programs(stream.read())
        except (OSError, ValueError):
            return  # the scan reports it
        for image in images:
            query = self._query(image.image, image.rule or {})
            if query is None or query.reference.digest or image.uses_lock is False:
                self.not_from_a_lock.add((self.named(path), image.line))
                continue
            rules = [query] if image.rule is not None else self._entries(query)
            for each in rules or [query]:
                yield Use(self.named(path), image.line, each, is_program=True, path=path)

    def of_occurrence(self, path: str, occurrence: Occurrence) -> Iterator[Use]:
        """Yields the uses of an image in a file: one for each entry that it may mean."""
        query = self._query(occurrence.asked if occurrence.place else occurrence.image, self._rule)
        if query is None:
            return  # a template, or not a reference: pin says so
        file = self.named(path)
        # Where no digest can be written: in a program or a playbook.
        is_program = occurrence.place is None and occurrence.digest is None
        entries = [] if self._rule or query.reference.tag is None else self._entries(query, file, occurrence.digest)
        for each in entries:
            yield Use(file, occurrence.line, each, occurrence.digest, is_program, path)
        if not entries and not is_program:
            yield Use(file, occurrence.line, query, occurrence.digest, path=path)

    def _query(self, image: str, rule: Rule) -> Query | None:
        try:
            return self._resolver.parse_query(image, **rule)
        except CgrError:
            return None

    def _entries(self, query: Query, file: str = "", digest: str | None = None) -> list[Query]:
        entries = entries_for(self._lock, lock_key(query).image, file, digest)
        return [self._resolver.parse_query(entry.image, **entry.rule) for entry in entries]
