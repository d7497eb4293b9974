# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""What an `ImageDigest` holds, worked out from its arguments and from what the state held before.

In a preview the engine shows the *checked inputs*, and hands them to whatever depends on the resource.  So they hold the
digest and all that derives from it.  The rules, first to last:

1. What is not known yet stays unknown, and nothing is looked up.
2. A `digest` that is given wins: a pin of the user's, or the old one that `ignore_changes=["digest"]` brings back.
3. An image that is pinned already is taken as it stands.
4. A lock decides, where there is one: what the state holds counts for nothing.
5. The answer for an instant never changes, and with `triggers` the answer stays: if the state holds it, for the same
   question, it is kept.
6. A tag that is followed was looked up ahead, in the program (`prefetch.py`), and the answer is handed in as `resolved`.
7. Otherwise it is looked up now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.output import Unknown

from .._bridge import PARTS, Query, Reference, error_from_dict, is_digest, keep_current
from ..resolver import InvalidImage, InvalidInstant, InvalidRule, Resolution, Resolver

RULE = tuple(part.name for part in PARTS if part.is_locked)
"""The parts of a rule that are properties; the state holds what is deployed, which is `current`."""
UPSTREAM = "upstream"
"""Where an image on a mirror is looked up; there is none for others.  Another is another question."""
LOCK = "lock"
QUESTION = ("image", UPSTREAM, *RULE, "triggers", LOCK)
STALE_AFTER = "stale_after"
"""The input that leads to a warning, and to nothing in the state."""
ANSWER = ("repository", "tag", "digest", "ref", "updated_at", "reason")
RESOLVED = "resolved"
"""The input in which the program hands in what it looked up ahead; it is never kept in the state."""

Properties = Mapping[str, Any]

GIVEN_REASON = "the digest that was given; nothing was looked up"
# Stands for an image that is not known yet, where the rule beside it is read.
_SOME_IMAGE = "cgr.dev/chainguard/unknown"


def checked(olds: Properties, news: Properties, resolver: Resolver) -> dict[str, Any]:
    """Returns the checked inputs of an `ImageDigest`.

    Args:
        olds: the checked inputs in the state; empty for a new resource.
        news: the arguments of the program.
        resolver: reads the question and answers it.

    Raises:
        CgrError: the arguments are wrong, or the lookup failed.
    """
    image, digest, resolver = news.get("image"), news.get("digest"), answering(news, resolver)
    query, asked = read_query(news, resolver)
    if is_unknown(image):
        return {**asked, **dict.fromkeys(ANSWER, pulumi.UNKNOWN)}
    reference = query.reference
    parts = {"repository": reference.repository, "tag": reference.tag}
    open_ended = digest is None and reference.digest is None and any(map(is_unknown, asked.values()))
    if is_unknown(digest) or open_ended:
        return _present({**asked, **parts, **dict.fromkeys(("digest", "ref", "updated_at", "reason"), pulumi.UNKNOWN)})
    resolution = _resolution(olds, asked, query, digest, news.get(RESOLVED), resolver)
    return _present({**asked, **parts, **resolution, "ref": reference.pinned(resolution["digest"])})


def outputs(inputs: Properties) -> dict[str, Any]:
    """Returns what the state keeps of the checked inputs."""
    return {key: inputs.get(key) for key in QUESTION + ANSWER}


def changed(olds: Properties, news: Properties, keys: tuple[str, ...] = QUESTION + ANSWER) -> bool:
    """Whether the checked inputs differ from what the state holds, as far as is known."""
    return any(is_unknown(news.get(key)) or olds.get(key) != news.get(key) for key in keys)


def read_query(news: Properties, resolver: Resolver) -> tuple[Query, dict[str, Any]]:
    """Reads the question among the arguments, as far as it is known.

    Returns:
        The question, and each argument of it in its one text form, so that another spelling of the same is no change.
    """
    given = {key: news[key] for key in (*QUESTION, STALE_AFTER) if news.get(key) is not None}
    refuse_nonsense(given, resolver)
    unknown = {key: pulumi.UNKNOWN for key, value in given.items() if is_unknown(value)}
    known = {key: value for key, value in given.items() if key not in unknown}
    if not isinstance(known.get("at", ""), str):
        raise InvalidInstant(f"at {known['at']!r} is not an instant; write it as text, like '2026-01-31T12:00:00Z'.")
    image = _SOME_IMAGE if "image" in unknown else known.get("image")
    query = resolver.parse_query(image, **{key: known[key] for key in (*RULE, STALE_AFTER) if key in known})
    unknown.pop(STALE_AFTER, None)
    kept: dict[str, Any] = {key: known[key] for key in ("image", "triggers", LOCK) if key in known}
    return query, {**kept, **_upstream(query.reference), **query.rule.to_dict(), **unknown}


def answering(given: Properties, resolver: Resolver) -> Resolver:
    """Returns the resolver that answers: out of the lock that is given, if one is."""
    lock = given.get(LOCK)
    return resolver if lock is None or is_unknown(lock) else resolver.with_lock(str(lock))


def refuse_nonsense(given: Properties, resolver: Resolver) -> None:
    """Refuses what only a pin that is looked up at every run can have.

    Raises:
        InvalidRule: there are `triggers` beside `stale_after` or a lock.
    """
    if "triggers" in given and resolver.lock:
        raise InvalidRule(
            f"triggers and a lock do not go together: only {resolver.lock} says when the pin changes. Drop triggers, or set"
            " lock to nothing.",
            "triggers",
        )
    if "triggers" in given and STALE_AFTER in given:
        raise InvalidRule(
            "triggers and stale_after do not go together: a pin that stays is not looked up.", STALE_AFTER
        )


def is_sticky(asked: Properties) -> bool:
    """Whether the answer is looked up once, and then stays as it is in the state."""
    return "at" in asked or "triggers" in asked


def handed_in(resolved: Any, query: Query) -> Resolution | None:
    """Returns the answer that the program looked up ahead, as it is beside the current pin; `None` if it tells too little.

    Raises:
        CgrError: there is no answer.
    """
    asked = query.with_rule(current=None)
    if not isinstance(resolved, Mapping) or resolved.get("query") != text_of(asked):
        return None
    if "error" in resolved:
        raise error_from_dict(resolved["error"])
    resolution = Resolution.from_dict(asked, resolved["resolution"])
    return keep_current(resolution, query)


def text_of(query: Query) -> dict[str, Any]:
    """Returns what decides the answer, as plain data."""
    return {"image": query.reference.image, **_upstream(query.reference), **query.rule.to_dict()}


def properties(resolution: Resolution) -> dict[str, str | None]:
    """Returns the part of an answer that the arguments do not hold, as text."""
    values = resolution.to_result()
    return {key: values[key] for key in ("digest", "updated_at", "reason")}


def with_current(query: Query, digest: Any) -> Query:
    """Returns the question of somebody who has deployed a digest."""
    return query.with_rule(current=digest) if query.rule.min_age and is_digest(digest) else query


def source(held: Properties) -> tuple[Any, Any]:
    """Returns whose digest checked inputs hold: the repository where it was looked up, and the tag."""
    return held.get(UPSTREAM) or held.get("repository"), held.get("tag")


def is_unknown(value: Any) -> bool:
    """Whether a property's value, or a part of it, is known only once something else has been deployed."""
    if isinstance(value, Mapping):
        return any(map(is_unknown, value.values()))
    return (
        any(map(is_unknown, value))
        if isinstance(value, list)
        else isinstance(value, Unknown) or value == pulumi.UNKNOWN
    )


def _resolution(
    olds: Properties, asked: Properties, query: Query, digest: Any, resolved: Any, resolver: Resolver
) -> dict[str, Any]:
    same_question = all(olds.get(key) == asked.get(key) for key in QUESTION)
    kept = {key: olds.get(key) for key in ("digest", "updated_at", "reason")}
    if digest is not None:
        _check_given(digest, olds, query.reference)
        return kept if same_question and kept["digest"] == digest else _given(digest)
    if resolver.lock:
        return properties(handed_in(resolved, query) or resolver.resolve_query(query))
    if same_question and is_sticky(asked) and kept["updated_at"] and is_digest(kept["digest"]):
        return kept
    if source(olds) == (query.reference.upstream, query.reference.tag):
        query = with_current(query, kept["digest"])
    found = properties(handed_in(resolved, query) or resolver.resolve_query(query))
    # The reason is that for which the digest was chosen, when it was.
    same_answer = same_question and (found["digest"], found["updated_at"]) == (kept["digest"], kept["updated_at"])
    return kept if same_answer else found


def _given(digest: str) -> dict[str, Any]:
    return {"digest": digest, "updated_at": None, "reason": GIVEN_REASON}


def _check_given(digest: Any, olds: Properties, reference: Reference) -> None:
    if not is_digest(digest):
        raise InvalidImage(f"{reference.image}: digest {digest!r} is none; write sha256: and 64 lower-case hex digits.")
    if reference.digest not in (None, digest):
        raise InvalidImage(
            f"{reference.image} is pinned to another digest than the digest argument, {digest}. Drop one."
        )
    before = source(olds)
    kept_from_before = reference.digest is None and olds.get("digest") == digest
    if kept_from_before and before not in ((None, None), (reference.upstream, reference.tag)):
        named = ":".join(str(part) for part in before if part)
        raise InvalidImage(
            f"{reference.image}: the digest {digest} is that of {named}, kept from before. Remove ignore_changes or give another"
            " digest; to keep this one on purpose, write it into the image: repository:tag@digest."
        )


def _upstream(reference: Reference) -> dict[str, str]:
    return {UPSTREAM: reference.upstream} if reference.is_mirrored else {}


def _present(values: Properties) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
