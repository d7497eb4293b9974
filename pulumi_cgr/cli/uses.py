# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which images files use, and by which rules: what the lock says of them, where nothing else is said."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..lockfile.update import Use
from ..resolver import (
    Answers,
    CgrError,
    Entry,
    InvalidRule,
    Lock,
    Progress,
    Question,
    Resolver,
    key_of,
    read_lock_if_there,
)

if TYPE_CHECKING:
    from ..files import Spot, Survey

Rule = Mapping[str, Any]


def survey_of(paths: Sequence[str], patterns: Sequence[str] | None, resolver: Resolver) -> Survey:
    """Reads files; the arguments are those of `pulumi_cgr.files.survey`."""
    from ..files import Names, survey  # takes PyYAML

    return survey(paths, patterns, Names(resolver.mirrors))


def uses_of(found: Survey, resolver: Resolver, lock: Lock, rule: Rule, folder: str = "") -> list[Use]:
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
        for spot in read.spots
        for use in _uses(spot, _named(read.path, folder), resolver, lock, rule)
    ]


def own_rule(lock: Lock, image: str, rule: Rule, resolver: Resolver) -> Question:
    """Reads the question about an image: by the rule that is given, or else by its only one in the lock.

    Raises:
        InvalidQuestion: it is malformed, or the lock has several rules for the image.
    """
    question = resolver.question(image, **rule)
    known = [] if rule else [entry for entry in lock.entries if entry.image == key_of(question).image]
    if len(known) > 1:
        rules = "; ".join(entry.key.rule for entry in known)
        raise InvalidRule(f"{image} is in the lock with {len(known)} rules: {rules}. Say which, by the rule's options.")
    return resolver.question(image, **known[0].rule) if known else question


class ByItsRules(Resolver):
    """A resolver that answers out of a lock, each image by its own rule there."""

    def resolve_all(self, images: Mapping[str, Any], *, progress: Progress | None = None, **rule: Any) -> Answers:
        """Answers a set of images; arguments and errors are as of `Resolver.resolve_all`."""
        if rule or self.lock is None:
            return super().resolve_all(images, progress=progress, **rule)
        lock = read_lock_if_there(self.lock) or Lock()
        questions = {key: own_rule(lock, image, rule, self) for key, image in images.items()}
        return self.answer_all(questions, progress)


def _uses(spot: Spot, file: str, resolver: Resolver, lock: Lock, rule: Rule) -> Iterator[Use]:
    try:
        question = resolver.question(spot.image if spot.place is None else spot.asked, **rule)
    except CgrError:
        return  # a template, or what is no reference: pin says so
    entries = _entries(lock, question, spot.digest) if not rule and question.reference.tag else []
    no_place = spot.place is None and spot.digest is None  # used where no digest can stand: in a program, or a playbook
    for entry in entries:
        own = resolver.question(entry.image, **entry.rule)
        yield Use(file, spot.line, own, entry.digest if no_place else spot.digest)
    if not entries and not no_place:
        yield Use(file, spot.line, question, spot.digest)


def _entries(lock: Lock, question: Question, digest: str | None) -> list[Entry]:
    """Returns the entries for an image: those with the digest, or else all, for any of their rules may be meant."""
    known = [entry for entry in lock.entries if entry.image == key_of(question).image]
    return [entry for entry in known if entry.digest == digest] or known


def _named(path: str, folder: str) -> str:
    return os.path.relpath(path, folder or ".").replace(os.sep, "/")
