# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""What an `ImageDigests` holds: many pins, at one instant.  The rules of `check_image.py`, for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from ..resolver import Answer, Answers, CgrError, Instant, Question, Resolver, is_digest, parse_ref
from .check_image import (
    LOCK,
    RESOLVED,
    RULE,
    STALE_AFTER,
    UPSTREAM,
    Properties,
    answering,
    changed,
    handed_in,
    is_sticky,
    is_unknown,
    properties,
    refuse_nonsense,
    text_of,
    with_current,
)

QUESTION = ("images", UPSTREAM, *RULE, "triggers", LOCK)
ANSWER = ("digests", "refs", "updated", "reasons", "instant")
KEPT = QUESTION + ANSWER
_FOUND = ("digest", "updated", "reason")
_HELD = {"digest": "digests", "updated": "updated", "reason": "reasons"}


def checked(olds: Properties, news: Properties, resolver: Resolver) -> dict[str, Any]:
    """Returns the checked inputs of an `ImageDigests`; arguments and errors are as of `pin.checked`."""
    given = {key: news[key] for key in (*QUESTION, STALE_AFTER) if news.get(key) is not None}
    if is_unknown(given):
        # Which of its images is the unknown one, the user sees among the arguments.
        return {**given, **dict.fromkeys(("digests", "refs", "updated", "reasons"), pulumi.UNKNOWN)}
    resolver = answering(given, resolver)
    questions, asked = read_questions(given, resolver)
    same_question = all(olds.get(key) == asked.get(key) for key in QUESTION)
    is_kept = not resolver.lock and _is_kept(asked, questions)
    if same_question and is_kept and _is_whole(olds, questions):
        return {**asked, **{key: olds[key] for key in ANSWER if olds.get(key) is not None}}
    if not resolver.lock:
        questions = {key: _with_current(question, key, olds) for key, question in questions.items()}
    answers = _handed_in(news.get(RESOLVED), questions) or resolver.answer_all(questions)
    found = {key: properties(answer) for key, answer in answers.answers.items()}
    held = {held: {key: found[key][name] for key in found} for name, held in _HELD.items()}
    refs = {key: questions[key].reference.pinned(found[key]["digest"] or "") for key in found}
    if (
        same_question
        and not resolver.lock
        and held["digests"] == olds.get("digests")
        and held["updated"] == olds.get("updated")
    ):
        held["reasons"] = olds.get("reasons", {})
    # Of a set that follows its tags, the instant is another at every run: it would be a change of its own.
    instant = {"instant": str(answers.at)} if is_sticky(asked) and answers.at else {}
    return {**asked, **held, "refs": refs, **instant}


def read_questions(given: Properties, resolver: Resolver) -> tuple[dict[str, Question], dict[str, Any]]:
    """Reads the questions among the arguments.

    Returns:
        The questions by the user's keys, and the arguments in their one text form.
    """
    refuse_nonsense(given, resolver)
    rule = {key: given[key] for key in (*RULE, STALE_AFTER) if key in given}
    questions = resolver.questions(given.get("images") or {}, **rule)
    shared = resolver.question(next(iter(questions.values())).reference.repository, **rule).rule()
    images = {}
    for key, question in questions.items():
        own = {name: value for name, value in question.rule().items() if shared.get(name) != value}
        images[key] = {"image": question.reference.image, **own} if own else question.reference.image
    kept = {name: given[name] for name in ("triggers", LOCK) if name in given}
    mirrored = {
        key: question.reference.upstream for key, question in questions.items() if question.reference.is_mirrored
    }
    upstream = {UPSTREAM: mirrored} if mirrored else {}
    return questions, {"images": images, **upstream, **shared, **kept}


def outputs(inputs: Properties) -> dict[str, Any]:
    """Returns what the state keeps of the checked inputs."""
    return {key: inputs[key] for key in KEPT if inputs.get(key) is not None}


def differs(olds: Properties, news: Properties) -> bool:
    """Whether the checked inputs differ from what the state holds, as far as is known."""
    return changed(olds, news, KEPT)


def as_resolved(questions: Mapping[str, Question], answers: Answers) -> dict[str, Any]:
    """Returns what the program looked up, to be handed in."""
    return {
        "at": str(answers.at) if answers.at else None,
        "images": {
            key: {"question": text_of(questions[key]), "answer": answer.as_record()}
            for key, answer in answers.answers.items()
        },
    }


def _is_kept(asked: Properties, questions: Mapping[str, Question]) -> bool:
    return is_sticky(asked) or all(question.is_fixed for question in questions.values())


def _is_whole(olds: Properties, questions: Mapping[str, Question]) -> bool:
    digests = olds.get("digests")
    return isinstance(digests, Mapping) and all(is_digest(digests.get(key)) for key in questions)


def _with_current(question: Question, key: str, olds: Properties) -> Question:
    ref = (olds.get("refs") or {}).get(key)
    if not ref:
        return question
    held = parse_ref(ref)
    source = (olds.get(UPSTREAM) or {}).get(key, held.repository), held.tag
    same = source == (question.reference.upstream, question.reference.tag)
    return with_current(question, held.digest) if same else question


def _handed_in(resolved: Any, questions: Mapping[str, Question]) -> Answers | None:
    if not isinstance(resolved, Mapping):
        return None
    if "error" in resolved:
        error = CgrError(str(resolved["error"]))
        error.argument = "images"
        raise error
    entries = resolved.get("images") or {}
    answers: dict[str, Answer] = {}
    for key, question in questions.items():
        answer = handed_in(entries.get(key), question)
        if answer is None:
            return None
        answers[key] = answer
    return Answers(Instant.parse(resolved["at"]) if resolved.get("at") else None, answers)
