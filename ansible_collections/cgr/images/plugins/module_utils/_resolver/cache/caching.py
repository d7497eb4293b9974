# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Looking up what is not remembered: an answer of this run, or one that can never change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Mapping

from ..errors import CgrError
from ..history import selection
from ..history.reader import CLOCK_TOLERANCE
from ..model.instant import Instant
from ..model.query import Question
from ..model.resolution import Answer
from ..registry.tag_history import base_url
from ..resolve import snapshot as together
from ..resolve.single import Lookup
from ..resolve.snapshot import Progress
from .cache import Finding, Forgetful, Key, Memory


@dataclass(frozen=True)
class Remembering:
    """Looks up what is not remembered.  Threads may share it.

    Attributes:
        lookup: looks one image up.
        memory: where answers are kept for the time of a run.
        cache: where those are kept that can never change.
        concurrency: how many images of a set are looked up at the same time.
    """

    lookup: Lookup
    memory: Memory
    cache: Memory
    concurrency: int

    def answer(self, question: Question) -> Answer:
        """Answers a question; raises what `Lookup.answer` does, with the image at the beginning of the sentence."""

        def ask() -> Finding:
            try:
                answer = self.lookup.answer(question)
            except CgrError as error:
                raise error.about(question.reference.image) from error.__cause__
            return Finding(answer.as_record(), _is_lasting(answer))

        key = self._key(question)
        cache = self.cache if question.at else Forgetful()

        def read(data: Any) -> Answer:
            return Answer.of_record(question, data)

        finding = self.memory.recall(key, lambda: cache.recall(key, ask, read), read)
        return _with_stale(read(finding.data), question)

    def answer_together(
        self, questions: Mapping[str, Question], progress: Progress
    ) -> tuple[Instant, dict[str, Answer]]:
        """Answers questions about the present, all at one instant; raises what `together.answer_together` does."""
        keys = {key: self._key(question) for key, question in questions.items()}

        def ask() -> Finding:
            at, answers = together.answer_together(questions, self.lookup, self.concurrency, progress)
            records = [answer.as_record() for answer in answers.values()]
            for key, record in zip(answers, records):
                self.memory.learn(keys[key], Finding(record))
            return Finding({"at": str(at), "answers": records})

        def read(data: Any) -> tuple[Instant, dict[str, Answer]]:
            pairs = zip(questions.items(), data["answers"])
            answers = {
                key: _with_stale(Answer.of_record(question, record), question) for (key, question), record in pairs
            }
            if len(answers) < len(questions):
                raise ValueError("is not the whole set")
            return Instant.parse(data["at"]), answers

        return read(self.memory.recall({"set": list(keys.values())}, ask, read).data)

    def _key(self, question: Question) -> Key:
        asked = question.reference
        base = base_url(asked, self.lookup.registry)
        return {"registry": base, "image": f"{asked.upstream}:{asked.tag}", "rule": question.rule()}


def _is_lasting(answer: Answer) -> bool:
    """Whether no other answer can ever come: the instant passed long enough ago by the registry's clock."""
    return bool(answer.at and answer.now and answer.now > answer.at + CLOCK_TOLERANCE)


def _with_stale(answer: Answer, question: Question) -> Answer:
    if not answer.history or not answer.updated:
        return answer
    newest = answer.history[-1]
    warning = selection.stale(newest, newest.updated == answer.updated, answer.now, question.stale_after)
    if warning is None:
        return answer
    return replace(answer, warnings=(*answer.warnings, f"{answer.image}: {warning}"))
