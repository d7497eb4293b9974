# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""What an `ImageDigest` holds, worked out from its arguments and from what the state held before.

In a preview the engine shows the *checked inputs*, and hands them to whatever depends on the resource.  So they hold the
digest and all that derives from it.  The rules, first to last:

1. What is not known yet stays unknown, and nothing is looked up.
2. A `digest` that is given wins: a pin of the user's, or the old one that `ignore_changes=["digest"]` brings back.
3. An image that is pinned already is taken as it stands.
4. The answer for an instant never changes: if the state holds it, for the same image and instant, it is kept.
5. A tag that is followed was looked up ahead, in the program (`program.py`), and the answer is handed in as `resolved`.
6. Otherwise it is looked up now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
from pulumi.output import Unknown

from .resolver import Answer, InvalidImage, InvalidInstant, Reference, is_digest, parse_at, parse_image

QUESTION = ("image", "at")
ANSWER = ("repository", "tag", "digest", "ref", "updated", "reason")
RESOLVED = "resolved"
"""The input in which the program hands in what it looked up ahead; it is never kept in the state."""

Properties = Mapping[str, Any]
Resolve = Callable[[str, "str | None"], Answer]

GIVEN_REASON = "the digest that was given; nothing was looked up"


def checked(olds: Properties, news: Properties, resolve: Resolve) -> dict[str, Any]:
    """Returns the checked inputs of an `ImageDigest`.

    Args:
        olds: the checked inputs in the state; empty for a new resource.
        news: the arguments of the program.
        resolve: looks an image up at an instant (`None` for the latest build).

    Raises:
        CgrError: the arguments are wrong, or the lookup failed.
    """
    image, at, digest = news.get("image"), news.get("at"), news.get("digest")
    if is_unknown(image):
        return {"image": pulumi.UNKNOWN, **_question_at(at), **dict.fromkeys(ANSWER, pulumi.UNKNOWN)}
    reference = parse_image(image)
    question = {"image": reference.image, **_question_at(at)}
    parts = {"repository": reference.repository, "tag": reference.tag}
    if is_unknown(digest) or (is_unknown(at) and digest is None and reference.digest is None):
        return _present({**question, **parts, **dict.fromkeys(("digest", "ref", "updated", "reason"), pulumi.UNKNOWN)})
    answer = _answer(olds, question, reference, digest, news.get(RESOLVED), resolve)
    return _present({**question, **parts, **answer, "ref": reference.pinned(answer["digest"])})


def outputs(inputs: Properties) -> dict[str, Any]:
    """Returns what the state keeps of the checked inputs."""
    return {key: inputs.get(key) for key in QUESTION + ANSWER}


def changed(olds: Properties, news: Properties) -> bool:
    """Whether the checked inputs differ from what the state holds, as far as is known."""
    return any(is_unknown(news.get(key)) or olds.get(key) != news.get(key) for key in QUESTION + ANSWER)


def _answer(
    olds: Properties, question: Properties, reference: Reference, digest: Any, resolved: Any, resolve: Resolve
) -> dict[str, Any]:
    same_question = all(olds.get(key) == question.get(key) for key in QUESTION)
    kept = {key: olds.get(key) for key in ("digest", "updated", "reason")}
    if digest is not None:
        _check_given(digest, olds, reference)
        return kept if same_question and kept["digest"] == digest else _given(digest)
    at = question.get("at")
    if at is not None and same_question and kept["updated"] and is_digest(kept["digest"]):
        return kept
    if (
        at is None
        and reference.digest is None
        and isinstance(resolved, Mapping)
        and resolved.get("image") == reference.image
    ):
        return _handed_in(resolved)
    return properties(resolve(reference.image, at))


def properties(answer: Answer) -> dict[str, str | None]:
    """Returns the part of an answer that the arguments do not hold, as text."""
    values = answer.as_dict()
    return {key: values[key] for key in ("digest", "updated", "reason")}


def _given(digest: str) -> dict[str, Any]:
    return {"digest": digest, "updated": None, "reason": GIVEN_REASON}


def _check_given(digest: Any, olds: Properties, reference: Reference) -> None:
    if not is_digest(digest):
        raise InvalidImage(f"{reference.image}: digest {digest!r} is none; write sha256: and 64 lower-case hex digits.")
    if reference.digest not in (None, digest):
        raise InvalidImage(
            f"{reference.image} is pinned to another digest than the digest argument, {digest}. Drop one."
        )
    if olds.get("digest") == digest and olds.get("repository") not in (None, reference.repository):
        raise InvalidImage(
            f"{reference.image}: the digest {digest} is that of {olds.get('repository')}, kept from before. Remove"
            " ignore_changes or give another digest; to keep this one on purpose, write it into the image: repository:tag@digest."
        )


def _handed_in(resolved: Properties) -> dict[str, Any]:
    if "error" in resolved:
        raise InvalidImage(str(resolved["error"]))
    return {key: resolved.get(key) for key in ("digest", "updated", "reason")}


def _question_at(at: Any) -> dict[str, Any]:
    """Returns `at` in its one text form, so that another spelling of the same instant is no change."""
    if at is None:
        return {}
    if is_unknown(at):
        return {"at": pulumi.UNKNOWN}
    if not isinstance(at, str):
        raise InvalidInstant(f"at {at!r} is not an instant; write it as text, like '2026-01-31T12:00:00Z'.")
    return {"at": str(parse_at(at))}


def is_unknown(value: Any) -> bool:
    """Whether a property's value is known only once something else has been deployed."""
    return isinstance(value, Unknown)


def _present(values: Properties) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
