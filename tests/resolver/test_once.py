# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Answers that threads share, in this process: asked for once, and again when they are old or were refused."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.auth import once
from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.once import Answers
from pulumi_cgr.resolver import BrokenCredentials


def test_the_time_of_several_waits_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers()
    clock = itertools.count()  # a second passes whenever somebody looks
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))

    assert answers.waited() == 0
    for key in ("one", "two", "three"):
        answers.get(key, lambda: "answer")
    assert answers.waited() == 3
    assert answers.waited() == 0


def counting(*answers: object) -> tuple[Callable[[], object], list[object]]:
    """Returns a function that gives these answers, one after the other, and raises those that are errors."""
    given: list[object] = []

    def ask() -> object:
        answer = answers[len(given)]
        given.append(answer)
        if isinstance(answer, BrokenCredentials):
            raise answer
        return answer

    return ask, given


def test_an_answer_is_asked_for_once_for_each_key() -> None:
    answers = Answers()
    ask, given = counting("a", "b")

    assert [answers.get("one", ask), answers.get("one", ask), answers.get("two", ask)] == ["a", "a", "b"]
    assert given == ["a", "b"]


def test_an_answer_that_was_refused_is_asked_for_again_once() -> None:
    answers = Answers()
    ask, given = counting("a", "b", "c")
    assert answers.get("key", ask) == "a"

    assert answers.get("key", ask, "another") == "a"
    assert answers.get("key", ask, "a") == "b"
    assert answers.get("key", ask, "a") == "b"  # another thread had the same refused
    assert answers.get("key", ask, "b") == "c"
    assert len(given) == 3
    same, given = counting("a", "a")
    answers = Answers()
    answers.get("key", same)
    assert [answers.get("key", same, "a"), answers.get("key", same, "a")] == ["a", "a"]
    assert len(given) == 2  # asking once more gave the same, so it is not asked for a third time


def test_an_answer_is_asked_for_again_when_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers()
    ask, _given = counting("a", "b")
    now = 0.0  # the machine has just started
    monkeypatch.setattr(time, "monotonic", lambda: now)
    answers.get("key", ask)
    now += once.FRESH_SECONDS - 1
    assert answers.get("key", ask) == "a"
    now += 1
    assert answers.get("key", ask) == "b"


def test_an_error_is_shared_as_a_copy_and_goes_with_the_next_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers()
    broken = BrokenCredentials("it is broken.")
    ask, given = counting(broken, "a")
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)

    raised = []
    for _use in range(2):
        with pytest.raises(BrokenCredentials, match=r"^it is broken\.$") as refused:
            answers.get("key", ask)
        raised.append(refused.value.with_image("image"))
    assert raised[0] is not raised[1]
    assert broken.image is None
    assert len(given) == 1
    now += once.FRESH_SECONDS
    assert answers.get("key", ask) == "a"
