# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which images files use, and by which rules: what the lock says of them, where nothing else is said."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._bridge import IGNORED, Entry, Lock, Progress, Query, lock_key, read_lock_if_there
from ..lockfile.update import Use
from ..resolver import CgrError, InvalidRule, Resolutions, Resolver

if TYPE_CHECKING:
    from ..files import Occurrence, ScanResult

Rule = Mapping[str, Any]


def scan_files(
    paths: Sequence[str],
    resolver: Resolver,
    patterns: Sequence[str] | None,
    exclude: Sequence[str] | None,
    no_ignore: bool,
) -> ScanResult:
    """Reads files; the arguments are those of `pulumi_cgr.files.scan`."""
    from ..files import Matcher, scan  # takes PyYAML

    return scan(paths, patterns, Matcher(resolver.mirrors), exclude_patterns=exclude, gitignore=not no_ignore)


def uses_of(found: ScanResult, resolver: Resolver, lock: Lock, rule: Rule, folder: str = "") -> list[Use]:
    """Returns the uses of images in files.

    An image that is locked already has the rule of its entry, or of the one whose digest the file has, unless a rule is given;
    if that leaves several, it uses them all.

    Args:
        found: what the files hold.
        resolver: reads the images.
        lock: the lock.
        rule: the rule that is given, if one is.
        folder: where files are named from; by default the working directory.
    """
    return [
        use
        for read in found.files
        for occurrence in read.occurrences
        if occurrence.reason != IGNORED
        for use in _uses(occurrence, _named(read.path, folder), resolver, lock, rule)
    ]


def own_rule(lock: Lock, image: str, rule: Rule, resolver: Resolver) -> Query:
    """Reads the question about an image: by the rule that is given, or else by its only one in the lock.

    Raises:
        InvalidArgument: it is malformed, or the lock has several rules for the image.
    """
    query = resolver.parse_query(image, **rule)
    known = [] if rule else [entry for entry in lock.entries if entry.image == lock_key(query).image]
    if len(known) > 1:
        rules = "; ".join(entry.key.rule for entry in known)
        raise InvalidRule(f"{image} is in the lock with {len(known)} rules: {rules}. Say which, by the rule's options.")
    return resolver.parse_query(image, **known[0].rule) if known else query


class ByItsRules(Resolver):
    """A resolver that answers out of a lock, each image by its own rule there."""

    def resolve_all(self, images: Mapping[str, Any], *, progress: Progress | None = None, **rule: Any) -> Resolutions:
        """Answers a set of images; arguments and errors are as of `Resolver.resolve_all`."""
        if rule or self.lock is None:
            return super().resolve_all(images, progress=progress, **rule)
        lock = read_lock_if_there(self.lock) or Lock()
        queries = {key: own_rule(lock, image, rule, self) for key, image in images.items()}
        return self.resolve_queries(queries, progress)


def _uses(occurrence: Occurrence, file: str, resolver: Resolver, lock: Lock, rule: Rule) -> Iterator[Use]:
    try:
        query = resolver.parse_query(occurrence.image if occurrence.place is None else occurrence.asked, **rule)
    except CgrError:
        return  # a template, or what is no reference: pin says so
    entries = _entries(lock, query, occurrence.digest) if not rule and query.reference.tag else []
    no_place = (
        occurrence.place is None and occurrence.digest is None
    )  # used where no digest can stand: in a program, or a playbook
    for entry in entries:
        own = resolver.parse_query(entry.image, **entry.rule)
        yield Use(file, occurrence.line, own, entry.digest if no_place else occurrence.digest)
    if not entries and not no_place:
        yield Use(file, occurrence.line, query, occurrence.digest)


def _entries(lock: Lock, query: Query, digest: str | None) -> list[Entry]:
    """Returns the entries for an image: those with the digest, or else all, for any of their rules may be meant."""
    known = [entry for entry in lock.entries if entry.image == lock_key(query).image]
    return [entry for entry in known if entry.digest == digest] or known


def _named(path: str, folder: str) -> str:
    return os.path.relpath(path, folder or ".").replace(os.sep, "/")
