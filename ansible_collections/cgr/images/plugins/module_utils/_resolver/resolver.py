# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Where everything is put together: settings, clock and credentials are read here, once, and passed down.

The way of a question: reference → credentials → transport → registry → history → selection → answer.
"""

from __future__ import annotations

import copy
import os
from dataclasses import replace
from typing import Any, Callable, Iterable, Mapping

from .._lockfile.lookup import LockedAnswers
from .auth.chain import sources_of
from .auth.credentials import Considered, Keychain
from .cache.cache import Forgetful, Memory
from .cache.caching import Remembering
from .cache.file_cache import Folder
from .errors import BeforeFirstBuild, CgrError, NoBuildFits, UntrustworthyAnswer
from .history import timeline as past
from .history.reader import refuse_the_future
from .history.timeline import Past
from .http.transport import Transport
from .model import reference
from .model.instant import AtLike
from .model.query import Question, parse_current
from .model.query_set import questions_of
from .model.reference import REGISTRY
from .model.resolution import Answer, Answers
from .registry.token_exchange import Tokens
from .resolve import snapshot as together
from .resolve.single import Lookup, Sight, Trace
from .resolve.snapshot import Progress
from .settings import NAMES, Settings

USER_AGENT = "pulumi-cgr"


class Resolver:
    """Answers which digest an image stands for.  Threads may share it; processes may not.

    Args: settings, see `Settings`; what is not given comes from the environment.
        environment: the environment variables to read; by default those of this process, read now.
        trace: called with a sentence about each source of credentials that was asked: names and places, no secrets.
        memory: where answers are kept for the time of a run; by default every question is asked anew.

    Attributes:
        concurrency: how many images of a set are looked up at the same time.
        mirrors: what other registries call images of cgr.dev; `None` for none.

    Raises:
        InvalidQuestion: a setting is malformed.
    """

    def __init__(
        self,
        *,
        token: str | None = None,
        username: str | None = None,
        password: str | None = None,
        identity: str | None = None,
        identity_token: str | None = None,
        identity_token_file: str | None = None,
        credentials: str | None = None,
        registry: str | None = None,
        issuer: str | None = None,
        timeout: float | str | None = None,
        concurrency: int | str | None = None,
        cache: str | os.PathLike[str] | None = None,
        mirrors: Mapping[str, str] | str | None = None,
        lock: str | os.PathLike[str] | None = None,
        environment: Mapping[str, str] | None = None,
        trace: Trace | None = None,
        memory: Memory | None = None,
    ) -> None:
        given = {name: value for name, value in locals().items() if name in NAMES}
        settings = Settings.read(given, dict(os.environ if environment is None else environment))
        transport = Transport(USER_AGENT, settings.concurrency)
        keychain = Keychain(sources_of(settings, transport), REGISTRY)
        trace = trace or (lambda _sentence: None)
        self._lookup = Lookup(transport, Tokens(transport), keychain, settings.registry, settings.timeout, trace)
        self.concurrency = settings.concurrency
        self.mirrors = settings.mirrors
        self._locked = LockedAnswers(settings.lock) if settings.lock else None
        lasting: Memory = (
            Folder(os.path.expanduser(settings.cache), lasting_only=True) if settings.cache else Forgetful()
        )
        self._remembering = Remembering(self._lookup, memory or Forgetful(), lasting, settings.concurrency)

    def resolve(
        self,
        image: str,
        *,
        at: AtLike | None = None,
        min_age: str | None = None,
        builds_back: int | None = None,
        exclude: Iterable[str] | None = None,
        current: str | None = None,
        stale_after: str | None = None,
    ) -> Answer:
        """Looks up the digest of an image.

        The faces repeat these texts (`tests/test_arguments.py`).

        Args:
            image: the image, `cgr.dev/ORG/IMAGE[:TAG]`; the tag is `latest` where none is written. An image that is pinned
                already (`…@sha256:…`) is answered as it stands, without a request.
            at: the instant to look at, such as `2026-01-31T12:00:00Z` or `2026-01-31` (its midnight), as RFC 3339 or
                ISO 8601 text, a date, or a date and time. Without a time zone it means UTC. By default the present.
            min_age: how old the build must be at least, by the registry's clock, such as `7d`, `36h` or `P7D`. Does not go
                together with `at`.
            builds_back: how many builds before the one that would be chosen. A return to an earlier digest counts as one.
            exclude: digests that are known to be bad. The next older build is taken instead.
            current: the digest, or the `ref`, that is deployed. With `min_age`, it is never replaced by an older build,
                unless it is excluded, or `builds_back` asks for one.
            stale_after: warn if the newest build is older than that, such as `30d`.

        Raises:
            InvalidQuestion: an argument is malformed, the image names another registry, or the instant lies in the future.
            NoSuchBuild: no such repository or tag, the instant is before its first build, or no build fits the rule.
            AccessRefused: credentials are missing or do not suffice.
            RegistryUnavailable: no answer in time.
            UntrustworthyAnswer: an answer that cannot be believed.
            NotLocked, InvalidLock: it answers out of a lock, which has no answer, or is none.
        """
        return self.answer(
            self.question(
                image,
                at=at,
                min_age=min_age,
                builds_back=builds_back,
                exclude=exclude,
                current=current,
                stale_after=stale_after,
            )
        )

    def history(
        self,
        image: str,
        *,
        since: AtLike = past.SINCE,
        until: AtLike | None = None,
        current: str | None = None,
        progress: Callable[[int, int], None] | None = None,
        **rule: Any,
    ) -> Past:
        """Looks up at which digests a tag stood, and what a rule takes of them.

        Args:
            image: the image, as of `resolve`. A pin in it is taken for the `current` one.
            since: how far back to look: an instant, or a span before `until`, such as `90d`. The build at which the tag stood
                then is listed, too.
            until: the instant up to which to look. By default the present.
            current: the digest, or the `ref`, that is deployed.
            progress: called, each time there is more to read, with how many nanoseconds are read, and how many there are.
            rule: the rule, as of `resolve`.

        Raises:
            What `resolve` does; where only the rule has no answer, that is in what is returned.
        """
        named = reference.parse(image, self.mirrors)
        tag, current = past.tag_of(named), parse_current(current) or named.digest
        question = self.question(tag, current=current if rule.get("min_age") else None, **rule)
        back, end = past.read_window(since, until)
        try:
            start, sight = self._lookup.see_since(question.reference, back, end, progress or (lambda _done, _all: None))
            found = Past.of(question, *sight, start, end, current)
            return self._chosen(found, None if end else sight)
        except CgrError as error:
            raise error.about(tag) from error.__cause__

    def _chosen(self, found: Past, sight: Sight | None) -> Past:
        """Adds what the rule takes, of what was seen if that reaches up to the present."""
        question = found.question
        try:
            if sight and question.at:
                refuse_the_future(question.at, found.now)
            answer = self._lookup.answer(question, sight)
            return replace(found, chosen=answer, warnings=(*found.warnings, *answer.warnings))
        except (NoBuildFits, BeforeFirstBuild, UntrustworthyAnswer) as error:
            return replace(found, refusal=str(error.about(found.image)))

    def resolve_all(self, images: Mapping[str, Any], *, progress: Progress | None = None, **rule: Any) -> Answers:
        """Looks up the digests of a set of images, all at one instant, many at a time: all of them, or none.

        Args:
            images: by keys of the caller's, each an image or its own rule: `{"image": …, "min_age": …}`.
            progress: called after each image with how many are done, how many there are, and the image.
            rule: the rule for those without their own, as of `resolve`.

        Raises:
            SeveralFailed: there is at least one image without an answer; it lists each, and why.
        """
        return self.answer_all(self.questions(images, **rule), progress)

    @property
    def lock(self) -> str | None:
        """The lock out of which it answers; `None` if it asks the registry."""
        return self._locked.path if self._locked else None

    def with_lock(self, path: str | os.PathLike[str] | None) -> Resolver:
        """Returns a resolver with the same settings that answers out of a lock, or out of none.

        Args:
            path: the file; `None` or nothing to ask the registry.
        """
        made = copy.copy(self)
        made._locked = LockedAnswers(os.fspath(path)) if path else None
        return made

    def question(self, image: object, **rule: Any) -> Question:
        """Reads a question; arguments and errors are as of `resolve`."""
        return Question.of(image, self.mirrors, **rule)

    def questions(self, images: Mapping[str, Any], **rule: Any) -> dict[str, Question]:
        """Reads the questions of a set, by the caller's keys; arguments and errors are as of `resolve_all`."""
        return questions_of(images, rule, self.mirrors)

    def answer_all(self, questions: Mapping[str, Question], progress: Progress | None = None) -> Answers:
        """Answers a set of questions; arguments and errors are as of `resolve_all`."""
        progress = progress or (lambda _done, _all, _image: None)
        fixed = {key: question for key, question in questions.items() if self._locked or question.is_fixed}
        moving = {key: question for key, question in questions.items() if key not in fixed}
        answers = together.answer_all(fixed, self.answer, self.concurrency, progress)
        instants = {question.at for question in fixed.values() if question.at or not question.is_fixed}
        at = instants.pop() if len(instants) == 1 else None
        if moving:
            at, answered = self._remembering.answer_together(moving, progress)
            answers.update(answered)
        return Answers(at, {key: answers[key] for key in questions})

    def answer(self, question: Question) -> Answer:
        """Answers a question; raises what `resolve` does."""
        if question.reference.digest is not None:
            return Answer.to(
                question, question.reference.digest, None, "already pinned in the image; nothing was looked up"
            )
        if self._locked:
            return self._locked.answer(question)
        return self._remembering.answer(question)

    def credentials_for(self, image: str) -> tuple[Considered, ...]:
        """Says which credentials are used for an image, and why those before them are not: names and places, no secrets.

        Raises:
            InvalidImage: the image is no reference.
        """
        return self._lookup.considered(reference.parse(image, self.mirrors))
